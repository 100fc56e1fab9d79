/** The story beside the stage: one chapter at a time, with its words, its question and its myth, and the ways between them. */

import { button, el, say } from "../controls/dom.js";
import { fill, plain } from "../panels/texts.js";
import { isAt, progress, remembered, STORY, turned, within } from "./chapters.js";
import { recall, remember } from "./memory.js";
import { MythBox } from "./myth.js";
import { Question } from "./question.js";
import { toQuery } from "./settings.js";

/**
 * @typedef {object} Acts
 * @property {() => any} settings
 * @property {(patch: any) => void} change
 * @property {import("./line.js").Line} line what stands behind the page
 * @property {(frame: any) => void} frame shows what a chapter shows
 * @property {(name: string) => any} figure a panel as it stands on the page
 */

export class Story {
  #spec;
  #chapters;
  /** @type {Acts} */ #acts;
  #at = 0; // none is open yet
  #kept = {};
  /** What the link hides beside. @type {string[]} */ #hidden = [];
  #list = el("ol", { class: "ssm-chapters" });
  #where = el("p", { class: "ssm-where-in", role: "status" });
  #title = el("h2", {});
  #claim = el("p", { class: "ssm-claim" });
  #words = el("p", { class: "ssm-words" });
  #sources = el("ul", { class: "ssm-sources" });
  #onward = el("p", { class: "ssm-onward" });
  #back = button("Back to the chapter's state", () => this.#restore());
  #explorer = el("a", { class: "ssm-open" }, "Open this in the Explorer");
  #previous = button("← Previous", () => this.#turn(-1));
  #next = button("Next →", () => this.#turn(1));
  #further = button("", () => this.#turn(1));
  #resume = button("", () => this.#go(this.#last));
  #last = 1;
  #question;
  #myth;

  /** @param {any} spec the stage's document @param {any} page its record @param {Acts} acts */
  constructor(spec, page, acts) {
    this.#spec = spec;
    this.#chapters = page.chapters;
    this.#acts = acts;
    const state = (record) => isAt(acts.settings(), record.settings, spec.fields);
    const lead = (record) => acts.change({ ...record.settings });
    const restore = () => this.#restore();
    this.#question = new Question({ state, lead, figure: acts.figure, own: () => state(this.#here), restore });
    this.#myth = new MythBox({ state, lead });
    this.#explorer.hidden = !("explore" in spec.pages);
    this.#list.append(...this.#chapters.map(({ title }, i) => this.#entry(title, i + 1)));
  }

  /** The chapter around the parts of the stage: what is told and asked before them, what is tried after them. @param {any[]} stage */
  around(stage) {
    const turn = el("div", { class: "ssm-turn" }, this.#previous, this.#where, this.#next);
    const nav = el("nav", { class: "ssm-turns", "aria-label": "Chapters" }, this.#list, turn);
    const keys = el("p", { class: "ssm-keys" }, "← and → turn the page while no control has the focus.");
    const ways = el("p", { class: "ssm-ways" }, this.#further, this.#back, this.#explorer);
    const text = el("div", { class: "ssm-telling" }, this.#title, this.#claim, this.#words);
    const tried = [this.#myth.node, this.#sources, this.#onward];
    return [
      el("div", { class: "ssm-chapter" }, nav, this.#resume, text, this.#question.node),
      el("div", { class: "ssm-side" }, ...stage),
      el("div", { class: "ssm-chapter ssm-tried" }, ...tried, ways, keys),
    ];
  }

  #entry(title, chapter) {
    const go = button(String(chapter), () => this.#go(chapter));
    go.title = title;
    return el("li", {}, go);
  }

  /** Turn pages by keys until the signal. @param {AbortSignal} signal */
  watch(signal) {
    const free = () => document.activeElement === document.body || document.activeElement === null;
    const key = (event) => {
      const next = turned(event, { chapter: this.#at, count: this.#chapters.length, free: free() });
      if (next !== null) this.#go(next);
    };
    document.addEventListener("keydown", key, { signal });
  }

  // -------------------------------------------------------------- which chapter

  /** The chapter that is open, counted from 1. */
  get chapter() {
    return Math.max(this.#at, 1);
  }

  get #here() {
    return this.#chapters[this.#at - 1];
  }

  /** The chapter that the link names. @param {any} frame as it is shown, the chapter beside */
  open({ chapter, ...frame }) {
    if (this.#at) return;
    const usual = this.#chapters[chapter - 1].frame;
    const own = Object.entries(frame).filter(([name, value]) => String(value) !== String(usual[name]));
    this.#kept = Object.fromEntries(own);
    this.#hidden = frame.hidden.filter((name) => !usual.hidden.includes(name));
    const { last } = progress(recall(STORY), this.#chapters.length);
    this.#last = last ?? 1;
    this.#resume.textContent = `Go on with ${this.#last}. ${this.#chapters[this.#last - 1].title}`;
    this.#resume.hidden = new URLSearchParams(this.#acts.line.query).has("chapter") || this.#last === chapter;
    this.#tell(chapter);
    this.#acts.line.place(chapter);
  }

  #turn(by) {
    const next = within(this.#at + by, this.#chapters.length);
    if (next !== this.#at) this.#go(next);
  }

  /** Another chapter, as it was written. */
  #go(chapter) {
    this.#resume.hidden = true;
    this.#tell(chapter);
    this.#acts.line.place(chapter);
    const { frame } = this.#here;
    this.#acts.frame({ ...frame, ...this.#kept, hidden: [...frame.hidden, ...this.#hidden] });
    this.#restore();
    this.#list.scrollIntoView({ block: "nearest" });
  }

  /** Everything as the chapter has it. */
  #restore() {
    this.#question.ask(this.#here.predict);
    this.#acts.change({ ...this.#here.settings });
  }

  /** The texts of a chapter; their numbers come with its view. */
  #tell(chapter) {
    this.#at = chapter;
    const { title, claim, words, predict, myth, sources, onward } = this.#here;
    say(this.#where, `Chapter ${chapter} of ${this.#chapters.length}`);
    say(this.#title, title);
    say(this.#claim, claim);
    fill(this.#words, words, {});
    this.#question.ask(predict);
    this.#myth.open(myth);
    this.#sources.replaceChildren(...sources.map(({ text, url }) => el("li", {}, link(url, text))));
    const pages = onward.filter(({ page }) => page in this.#spec.pages);
    this.#onward.replaceChildren(...pages.map(({ question, page }) => this.#way(question, page)));
    this.#mark();
  }

  #way(question, page) {
    return el("a", { href: `./${this.#spec.pages[page].path}${location.search}`, "data-page": "" }, question);
  }

  /** Which chapter is open, and which have been read. */
  #mark() {
    const { read } = progress(recall(STORY), this.#chapters.length);
    const text = remembered(read, this.#at);
    remember(STORY, text);
    const known = new Set(progress(text, this.#chapters.length).read);
    [...this.#list.children].forEach((entry, i) => {
      const [go] = entry.children;
      const seen = known.has(i + 1) ? ", read" : "";
      go.setAttribute("aria-label", `Chapter ${i + 1}: ${this.#chapters[i].title}${seen}`);
      go.classList.toggle("ssm-read", known.has(i + 1));
      if (i + 1 === this.#at) go.setAttribute("aria-current", "step");
      else go.removeAttribute("aria-current");
    });
    const next = this.#chapters[this.#at];
    this.#further.hidden = !next;
    say(this.#further, next ? `Next: ${next.title}` : "");
    this.#previous.setAttribute("aria-disabled", String(this.#at === 1));
    this.#next.setAttribute("aria-disabled", String(this.#at === this.#chapters.length));
  }

  /** The link of what is on the screen; the chapter's own where that is it. */
  #query(unchanged) {
    return unchanged ? this.#here.query : toQuery(this.#acts.settings(), this.#spec.fields);
  }

  /** A link that spells no setting means those of its chapter; one that means the usual ones names one of them. @param {string} query */
  spelled(query) {
    const { fields } = this.#spec;
    const own = isAt(this.#acts.settings(), this.#here.settings, fields);
    return own || query.includes("&") ? query : `${query}&problem=${fields.problem.default}`;
  }

  // -------------------------------------------------------------- what the view says

  /** Fill the texts. @param {Record<string, any>} numbers of the view that is shown */
  read(numbers) {
    if (!this.#at) return;
    const { words } = this.#here;
    if (this.#words.textContent !== plain(words, numbers)) fill(this.#words, words, numbers);
    this.#question.read(numbers);
    this.#myth.read(numbers);
    const settings = this.#acts.settings();
    const unchanged = isAt(settings, this.#here.settings, this.#spec.fields);
    this.#back.setAttribute("aria-disabled", String(unchanged));
    const parts = [this.#query(unchanged), this.#here.framed, this.#acts.line.embedded && "embed=true"];
    this.#explorer.href = `./?${parts.filter(Boolean).join("&")}`;
  }
}

const link = (url, text) => el("a", { href: url, target: "_blank", rel: "noopener" }, text);
