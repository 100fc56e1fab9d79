/** The page around the panels: the fixed line, the sentence, what is refused or noted, and what is read below. */

import { button, el, say } from "../controls/dom.js";
import { counted, fill, grouped } from "../panels/texts.js";
import { STORY } from "./chapters.js";
import { recall } from "./memory.js";
import { equation, figures, lineTable, table } from "./readouts.js";

export class Page {
  what = el("p", { class: "ssm-what" });
  sentence = el("p", { class: "ssm-sentence" });
  error = el("p", { class: "ssm-error", role: "alert", hidden: true });
  notes = el("ul", { class: "ssm-notes", "aria-live": "polite" });
  own = el("p", { class: "ssm-own", hidden: true });
  word = el("p", { class: "ssm-word", hidden: true });
  badge = el("p", { class: "ssm-badge", role: "status" });
  figures = el("dl", { class: "ssm-strip", "aria-label": "Figures of this draw" });
  equation = el("div", { class: "ssm-equation" });
  table = el("table", { class: "ssm-table" });
  /** @type {any} */ details;
  /** @type {any} */ said;
  /** @type {any} */ help;
  /** @type {any} */ status;
  /** @type {any} */ readouts;
  /** @type {any} */ next;
  /** @type {any} */ facts;
  #record;
  #panels;
  #words;
  #held = false;

  /** @param {any} spec @param {any} record of this page @param {{opened: () => void, explain: () => void, line: import("./line.js").Line, leave: () => void}} acts */
  constructor(spec, record, { opened, explain, line, leave }) {
    this.#record = record;
    this.#panels = record.panels.map((name) => spec.panels.light[name]);
    this.#words = line.words;
    this.equation.hidden = !record.needs.includes("draw");
    this.next = onward(record, spec.pages);
    this.facts = facts(record);
    const scroll = el(
      "div",
      { class: "ssm-scroll", tabindex: "0", role: "region", "aria-label": "Data table" },
      this.table,
    );
    this.details = el("details", { class: "ssm-details", ontoggle: opened }, el("summary", {}, "Data table"), scroll);
    this.help = el(
      "button",
      {
        type: "button",
        class: "ssm-button ssm-explain",
        "aria-label": "Explain the picture",
        title: "Explain the picture",
        onclick: explain,
      },
      "?",
    );
    this.own.append(
      el("span", { class: "ssm-own-what" }),
      ...(line.load ? [button("Load another…", line.load)] : []),
      button("Back to the example", leave),
    );
    this.said = el("div", { class: "ssm-said" }, this.error, this.notes, this.own);
    this.status = el("div", { class: "ssm-status" }, this.said, this.badge, this.help);
    this.readouts = el("div", { class: "ssm-readouts" }, this.figures, this.equation, this.details);
    say(this.what, record.question);
    if (isNew(line)) this.what.append(...beginning(record, spec.pages));
  }

  /** Everything that is said about a view. @param {any} view @param {Record<string, any>} numbers @param {(c: number) => string} names */
  read(view, numbers, names) {
    const { sentence, strip, needs, job } = this.#record;
    if (!this.#held) fill(this.sentence, sentence, numbers);
    figures(this.figures, strip, numbers);
    if (!this.equation.hidden) equation(this.equation, view, names, numbers.estimator);
    if (!this.details.open) return;
    if (job) lineTable(this.table, this.#panels, view, names, numbers);
    else table(this.table, view, names, needs);
  }

  /** The sentence stays while torch computes its numbers anew. @param {boolean} on */
  hold(on) {
    this.#held = on;
    this.sentence.classList.toggle("ssm-stale", on);
  }

  /** A note of whoever made the frame. @param {string} note */
  tell(note) {
    this.word.hidden = !note;
    say(this.word, note);
  }

  /** Where the frame keeps the scores as they are, no way leads to others. @param {Set<string>} fixed settings */
  fix(fixed) {
    for (const way of this.own.querySelectorAll("button")) way.hidden = fixed.has("problem") || fixed.has("table");
  }

  /** Which table of the viewer's own is shown; null where it is not theirs. @param {number|null} classes */
  showTable(classes) {
    this.own.hidden = classes === null;
    if (classes !== null) say(this.own.firstElementChild, `Your own table, ${grouped(classes)} classes.`);
  }

  /** A sentence about what cannot be done; the picture stays. @param {string} sentence @param {(() => void)|null} back */
  refuse(sentence, back = null) {
    if (!sentence && this.error.hidden) return;
    this.error.hidden = !sentence;
    this.error.replaceChildren(sentence);
    if (sentence && back) this.error.append(" ", button("Back to the last picture", back));
  }

  /** @param {string[]} notes */
  note(notes) {
    this.notes.replaceChildren(...notes.map((note) => el("li", {}, note)));
    if (notes.length)
      this.notes.append(
        el(
          "li",
          {},
          button("Dismiss", () => this.note([])),
        ),
      );
  }

  /** Whose numbers are shown. @param {string} state @param {{slow?: boolean, gone?: boolean}} more @param {string} settled */
  say(state, { slow = false, gone = false }, settled) {
    const known = this.#words;
    const waiting = gone ? known.gone : slow ? known.slow : known.asking;
    const words = {
      preview: gone ? known.gone : known.preview,
      asking: waiting,
      refused: "the last good picture",
      settled,
    }[state];
    say(this.badge, words ?? "");
  }
}

/** A table of facts, the last cell of each row a link to where it was read. */
function facts({ table }) {
  const node = el("section", { class: "ssm-facts", hidden: !table });
  if (!table) return node;
  const heads = table.heads.map((head) => el("th", { scope: "col" }, head));
  const rows = table.rows.map(([name, ...cells]) => {
    const [text, address] = cells.pop();
    const source = el("a", { href: address, rel: "noreferrer", target: "_blank" }, text);
    const all = [...cells, source].map((cell) => el("td", {}, cell));
    return el("tr", {}, el("th", { scope: "row" }, name), ...all);
  });
  const made = el("table", { class: "ssm-table" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
  const scroll = el("div", { class: "ssm-scroll", tabindex: "0", role: "region", "aria-label": table.title }, made);
  node.append(el("h3", {}, table.title), el("p", {}, table.note), scroll);
  return node;
}

/** Whether the reader has yet to open the story. @param {import("./line.js").Line} line */
const isNew = (line) => !line.embedded && recall(STORY) === null;

/** Where somebody new should begin. */
function beginning({ first }, pages) {
  if (!(first?.page in pages)) return [];
  return [" ", el("a", { class: "ssm-first-of-all", href: `./${pages[first.page].path}` }, first.question)];
}

/** The question that the page leaves open, as a link to the page that answers it; the settings travel along. */
function onward({ next }, pages) {
  if (!(next?.page in pages)) return el("p", { class: "ssm-next", hidden: true });
  return el(
    "p",
    { class: "ssm-next" },
    el("a", { href: `./${pages[next.page].path}`, "data-page": "" }, next.question),
  );
}

/** What the badge says of an answer. @param {number|null} difference between page and torch @param {string} where torch computed */
export function agreementWords(difference, where) {
  const match =
    difference === null
      ? "torch's own numbers"
      : `page vs torch: ${difference === 0 ? "0" : difference.toExponential(0)}`;
  return `${match} · computed on ${where}`;
}

/** What a job does, in one line, from the settings and the number of words; by its kind. */
export const RIBBONS = {
  training: ({ negatives: k, seed }, words) => `${counted(words, "word")}, ${counted(k, "sample")}, seed ${seed}`,
  cost: ({ examples, negatives, width }) =>
    `a step of ${counted(examples, "example")}, ${counted(negatives, "sample")}, width ${width}`,
};

/** The settings in one line. @param {any} settings @param {number} classes @param {any} fields */
export function ribbon(settings, classes, fields) {
  const { samples, noise, estimator, seed } = settings;
  const usual = estimator === fields.estimator.default; // what the pages are about needs no naming
  return [
    `${grouped(classes)} classes`,
    counted(samples, "sample"),
    fields.noise.choices[noise],
    ...(usual ? [] : [fields.estimator.choices[estimator]]),
    `seed ${seed}`,
  ].join(", ");
}
