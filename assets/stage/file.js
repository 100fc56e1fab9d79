/** The stage in a file of its own: what a server would send lies in the document, and the page's kernel answers. */

import { Explorer } from "./explorer.js";
import { toQuery } from "./settings.js";

const WORDS = {
  preview: "computed by this page",
  asking: "computing…",
  slow: "computing…",
  gone: "",
};
const STALE = "What is pale is torch's, for the settings that this file was made with; the page cannot compute it.";
const BEYOND =
  "This page computes up to 20,000 classes and 2,000,000 samples of all draws; choose fewer, or open the link below in the Explorer.";

/** What the page itself has for a question, as an answer. */
function answer({ stale, ...own }) {
  const whole = own.view && (own.view.convergence?.checkpoints.at(-1) ?? own.settings.draws) === own.settings.draws;
  return { ...own, own: true, notes: stale ? [STALE] : [], error: whole ? null : BEYOND };
}

/** What an element of the document holds. @param {string} name */
const held = (name) => JSON.parse(document.querySelector(`script[data-held="${name}"]`).textContent);

/**
 * The line of a file: torch's answers for the states that it was made with, and the page's own for any other.
 * @param {any} file @param {(answer: any) => void} deliver @returns {import("./line.js").Line}
 */
export function filed({ spec, problems, answers, query, embedded }, deliver) {
  const known = new Map(answers.map((answer) => [toQuery(answer.settings, spec.fields), answer]));
  const answered = ({ ask, query }, own) => ({ ...(known.get(query) ?? answer(own())), ask, serial: String(ask) });
  return {
    query,
    home: null,
    embedded,
    words: WORDS,
    spec: async () => spec,
    plotly: async () => window.Plotly,
    problem: async (name) => problems[name],
    held: new Map(),
    ask: (question, own) => setTimeout(() => deliver(answered(question, own))),
    table: () => {}, // nothing forgets one
    load: null,
    job: null,
    alive: async () => true,
    onceBack: () => {}, // there is no line to be cut
    write: () => {}, // a file's address is no link
    place: () => {},
  };
}

/** Show the file in a stage. @param {Element} host */
export function open(host) {
  const file = held("file");
  /** @type {Explorer} */ let explorer;
  const line = filed(file, (answer) => explorer.receive({ answer }));
  explorer = new Explorer(host, line, { page: file.page, frame: file.frame });
  explorer.receive({ answer: { ...file.answers[0], ask: 0, serial: "0" } });
}

const stage = globalThis.document?.querySelector("[data-file]");
if (stage) open(stage);
