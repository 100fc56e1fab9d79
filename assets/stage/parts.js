/** The page's parts, put together: where each stands in each form, what a frame lets be seen, and what each shows. */

import { el } from "../controls/dom.js";
import { Player } from "../controls/player.js";
import { numbers } from "../panels/series.js";
import { plain as templated } from "../panels/texts.js";
import { sayInBar } from "./bar.js";
import { ControlPanel } from "./control_panel.js";
import { announce, onceSeen, onSlides } from "./embed.js";
import { GRIPS } from "./grips.js";
import { Job } from "./job.js";
import { Page, RIBBONS, ribbon } from "./page.js";
import { PanelGrid } from "./panel_grid.js";
import { toQuery } from "./settings.js";
import { Share } from "./share.js";
import { addressOf, queryOf } from "./share_link.js";
import { isStill } from "./stepping.js";
import { Story } from "./story.js";
import { themeOf } from "./theme.js";

/**
 * @typedef {object} Acts
 * @property {() => any} settings
 * @property {(patch: any, live?: boolean) => void} change
 * @property {(draw: number, by: number) => void} go to a draw, `by` so many steps
 * @property {(c: number) => string} names
 * @property {(on: boolean) => void} hold the classes where they are
 * @property {() => boolean} moving whether a hand is down, or a control still moves
 * @property {() => boolean} pressed whether a hand is down
 * @property {() => void} rest the hand has left the player
 * @property {() => void} settle a step has ended
 * @property {import("./line.js").Line} line what stands behind the page
 * @property {() => void} grown a job in the background has found more
 * @typedef {{count: number, counted: boolean, all: string[]|null}} Shape
 */

export class Parts {
  /** @type {ControlPanel} */ controls;
  /** @type {PanelGrid} */ grid;
  /** @type {Player} */ player;
  /** @type {Page} */ page;
  /** @type {Story|null} */ story;
  /** @type {Share} */ share;
  /** @type {import("./job.js").Job|null} */ job;
  #spec;
  #record;
  #host;
  /** @type {Acts} */ #acts;
  /** What the page does, whatever the frame says. @type {Acts} */ #doors;
  #sticky = el("div", { class: "ssm-sticky" });
  /** @type {any} */ #view = null;
  #late = false;
  /** What is shown around the settings. @type {any} */ #frame = null;
  /** What no hand may change. @type {Set<string>} */ #fixed = new Set();
  /** From within another page to this state alone. @type {any} */ #outward = el(
    "a",
    { target: "_blank", rel: "noopener" },
    "Open in a new tab",
  );
  /** @type {any} */ #signal = null;

  /** @param {any} spec the stage's document @param {any} page its record @param {any} host @param {Acts} acts */
  constructor(spec, page, host, acts) {
    this.#spec = spec;
    this.#record = page;
    this.#host = host;
    this.#doors = acts;
    this.#acts = { ...acts, change: (patch, live) => this.#move(patch, live) };
    host.classList.add("ssm-noted");
    this.controls = this.#makeControls();
    this.player = this.#makePlayer();
    this.grid = this.#makeGrid();
    this.page = this.#makePage();
    this.story = page.chapters.length ? this.#makeStory(acts.change) : null;
    this.share = this.#makeShare();
    this.job = page.job && acts.line.job ? this.#makeJob(acts.line.job) : null;
    const { what, word, sentence, status, readouts, facts, next, help } = this.page;
    help.hidden = !page.panels.some((name) => spec.panels.light[name].notes.length);
    const { front, drawer } = this.controls;
    const [steering, below] = this.job ? [this.job.node, this.job.below] : ["", ""];
    const stage = [word, sentence, front, drawer, steering, status, this.#sticky, this.grid.node, below, readouts];
    const outward = el("p", { class: "ssm-outward", hidden: !this.#embedded || !acts.line.home }, this.#outward);
    host.replaceChildren(what, ...(this.story?.around(stage) ?? stage), facts, next, outward, this.share.node);
  }

  get #embedded() {
    return this.#host.classList.contains("ssm-embedded");
  }

  #makeControls() {
    const { settings, change, line } = this.#acts;
    const refuse = (sentence) => this.page.refuse(sentence);
    const acts = { settings, change, load: line.load, refuse, moved: () => this.grid?.fit() };
    return new ControlPanel(this.#spec, this.#embedded, acts, this.#record.front);
  }

  #makePlayer() {
    const { go, rest, change } = this.#acts;
    return new Player({ go, rest, average: (average) => change({ average }), playing: () => this.grid.finish() });
  }

  #makeGrid() {
    const { settings, change, names, hold, moving, pressed, settle } = this.#acts;
    const tools = { scale: this.controls.switch("scale"), view: this.controls.switch("view") };
    const formed = (form) => this.#arrange(form);
    const acts = {
      settings,
      change,
      names,
      hold,
      moving,
      pressed,
      rest: settle,
      formed,
      tools,
      draw: this.player.node,
      fixed: () => this.#fixed,
    };
    return new PanelGrid(this.#spec, this.#record, this.#host, acts);
  }

  #makePage() {
    const { change, line } = this.#acts;
    const leave = () => change({ problem: this.#spec.fields.problem.default });
    const explain = () => this.explain(!this.#host.classList.contains("ssm-noted"));
    return new Page(this.#spec, this.#record, { opened: () => this.read(), explain, line, leave });
  }

  /** A chapter leads where a hand may not. @param {(patch: any) => void} change */
  #makeStory(change) {
    const { settings, line } = this.#acts;
    const frame = (shown) => this.frame(shown);
    const figure = (name) => this.grid.figure(name);
    return new Story(this.#spec, this.#record, { settings, change, line, frame, figure });
  }

  #makeJob(ask) {
    const { settings, grown } = this.#acts;
    const query = (chosen) => toQuery(chosen, this.#spec.fields);
    return new Job(this.#record.job, { settings, query, ask, grown, spec: this.#spec });
  }

  #makeShare() {
    const { settings, line } = this.#acts;
    const plain = (name) => this.#spec.panels.light[name];
    const shown = () => this.#record.panels.filter((name) => this.#many || !plain(name).needs.includes("ranked"));
    const acts = {
      settings,
      home: line.home ?? "",
      frame: () => this.#frame,
      usual: () => this.#usual,
      chapter: () => this.story?.chapter ?? 0,
      panels: shown,
      title: (name) => templated(plain(name).title, numbers(this.#view, settings(), this.#acts.names)),
      reached: this.#reached(),
      reads: this.#record.sentence.length > 0,
      opened: () => this.player.pause(),
      figures: () => this.#drawn(),
      shown: () => this.#shown(),
      theme: () => themeOf(this.#host),
      go: (query) => location.assign(`${addressOf(this.#record.path, line.home ?? "")}?${query}`),
    };
    const share = new Share(this.#spec, this.#record, acts);
    share.button.hidden = this.#embedded; // the way out leads to a page that has it
    return share;
  }

  /** What is taken home. */
  #shown() {
    const { settings, names } = this.#acts;
    const job = this.job?.origin ?? null;
    return { panels: this.#drawn(), view: this.#view, settings: settings(), names, job };
  }

  /** The panels that are plotted now, not those that are read cell by cell. */
  #drawn() {
    const all = this.#record.panels.map((name) => this.grid.figure(name));
    const seen = all.filter(({ node, holder }) => node.checkVisibility() && holder.querySelector(".ssm-plot"));
    return seen.map(({ node, spec }) => ({ name: spec.name, title: node.querySelector("h3").textContent, node, spec }));
  }

  /** The settings that a hand can change on this page. */
  #reached() {
    const panels = this.#record.panels.map((name) => this.#spec.panels.light[name]);
    const byHand = panels.flatMap(({ grip, level }) => [
      ...(grip ? [GRIPS[grip].writes] : []),
      ...(level ? [level] : []),
    ]);
    const all = new Set([...Object.keys(this.controls.controls), ...byHand, "draw", "average", "table"]);
    return Object.keys(this.#spec.fields).filter((name) => all.has(name));
  }

  get #many() {
    return (this.#view?.classes.hidden ?? 0) > 0;
  }

  /** The frame that the page, or the chapter, has by itself. */
  get #usual() {
    return this.story ? this.#record.chapters[this.story.chapter - 1].frame : this.#record.frame;
  }

  /** What is primary stays in reach: on a phone, samples and "Draw again" in a bar that does not scroll away. */
  #arrange(form) {
    const phone = form === "phone";
    this.controls.stow(phone);
    if (phone) this.#arrangePhone();
    else this.#arrangeWide();
  }

  #arrangePhone() {
    const { said, badge, help, readouts } = this.page;
    const { again, primary, quiet } = this.player;
    this.#sticky.append(this.controls.controls.samples.node, again, said);
    readouts.prepend(quiet, badge, this.share.button);
    primary.append(help);
  }

  #arrangeWide() {
    const { said, badge, help, status } = this.page;
    const { again, primary, quiet, node } = this.player;
    const { samples, classes } = this.controls.controls;
    classes.node.after(samples.node);
    primary.prepend(again);
    node.append(quiet);
    status.append(said, badge, this.share.button, help);
  }

  /** Notes on the picture fade at the first touch. @param {AbortSignal} signal */
  watch(signal) {
    const touched = ({ target }) => target.closest(".ssm-explain") || this.explain(false);
    for (const kind of ["pointerdown", "keydown"]) this.#host.addEventListener(kind, touched, { signal });
    this.grid.watch(signal);
    this.story?.watch(signal);
    this.job?.watch(signal);
    this.#signal = signal;
    announce(this.#host, this.grid.node, signal);
    onSlides({ start: () => this.#play(), stop: () => this.player.pause() }, signal);
  }

  /** Notes on the picture: there on the first view, gone at the first touch, back by "?". @param {boolean} on */
  explain(on) {
    if (this.#host.classList.contains("ssm-noted") === on) return;
    this.#host.classList.toggle("ssm-noted", on);
    this.grid.again();
  }

  /** What a page, a chapter, a teacher or an embedder lets be seen and changed. @param {any} frame */
  frame(frame) {
    this.#frame = frame;
    this.#fixed = new Set([...frame.hidden, ...frame.locked]);
    this.controls.frame(frame);
    this.grid.frame(frame);
    this.player.frame(frame);
    this.page.fix(this.#fixed);
    this.page.sentence.hidden = !frame.sentence;
    this.page.tell(frame.note);
    this.story?.open(frame);
  }

  /** A hand changes what the frame leaves to it. */
  #move(patch, live) {
    const free = this.allowed(patch);
    if (Object.keys(free).length) this.#doors.change(free, live);
  }

  /** What of a change the frame leaves to the reader. @param {Record<string, any>} patch */
  allowed(patch) {
    return Object.fromEntries(Object.entries(patch).filter(([name]) => !this.#fixed.has(name)));
  }

  /** Play where the frame wants it, and where the reader could stop it. */
  #play() {
    const { play, player } = this.#frame;
    if (play && player && !this.#fixed.has("draw") && !isStill()) this.player.start();
  }

  // -------------------------------------------------------------- show

  /** Controls say what the settings are. @param {any} settings @param {Shape} shape */
  choose(settings, shape) {
    this.controls.show(settings, { ...shape, names: this.#acts.names });
    this.player.set(settings.draw, settings.draws, settings.average);
    this.page.showTable(settings.problem === "own" && !this.#record.job ? shape.count : null);
    this.job?.chosen();
    const { sizes, fields } = this.#spec;
    const job = RIBBONS[this.#record.job];
    sayInBar(job ? job(settings, sizes.white) : ribbon(settings, shape.count, fields));
    const page = { spec: this.#spec, usual: this.#usual, chapter: this.story?.chapter ?? 0 };
    const { home } = this.#acts.line;
    if (home) this.#outward.href = `${addressOf(this.#record.path, home)}?${queryOf(settings, this.#frame, page)}`;
  }

  /**
   * Panels and texts show a view.
   * @param {any} view @param {any} from the view that one step led from, or null @param {Set<string>} late groups of the
   *   view that torch has yet to compute anew: what speaks of them stays as it is
   */
  show(view, from, late) {
    if (!this.#view) onceSeen(this.grid.node, () => this.#play(), this.#signal);
    this.#view = view;
    this.#late = late.size > 0;
    this.page.hold(this.#late);
    this.grid.show(view, from, this.player.pace, late);
    this.read();
  }

  read() {
    const { names, settings } = this.#acts;
    if (!this.#view) return;
    const known = numbers(this.#view, settings(), names);
    this.page.read(this.#view, known, names);
    if (!this.#late) this.story?.read(known);
    if (this.#view.draw) this.player.chips.show(this.#view, names);
  }
}
