/** What is read beside the panels: the equation with this draw's numbers, the figures with their definitions, the table. */

import { el, say } from "../controls/dom.js";
import { grouped, number, plain } from "../panels/texts.js";

const ink = (role, ...content) => el("span", { class: `ssm-ink ssm-ink-${role}` }, ...content);
const exp = (...power) => el("span", {}, "e", el("sup", {}, ...power));
const sub = (text) => el("sub", {}, text);
const signed = (value) => (value < 0 ? ` − ${number(-value)}` : ` + ${number(value)}`);

/** The sampled softmax loss, in symbols and with the numbers of the draw that is shown. */
export function equation(node, view, names) {
  const none = el("p", {}, "Every sample was the target: nothing is left to compare with, and the loss is 0.");
  node.replaceChildren(symbols(), view.draw.kept ? filled(view, names) : none);
}

function symbols() {
  const corrected = [
    ink("model", "x", sub("c")),
    ink("correction", " − log(k", sub("eff"), " q", sub("c"), "/(1 − q", sub("t"), "))"),
  ];
  return el(
    "p",
    {},
    "loss = −",
    ink("target", "x", sub("t")),
    " + log( ",
    ink("target", exp("x", sub("t"))),
    " + Σ ",
    exp(...corrected),
    " )",
  );
}

function filled({ classes, draw }, names) {
  const kept = draw.sample_class.map((_c, i) => i).filter((i) => !draw.sample_hit[i]);
  const terms = kept.map((i) => term(names(draw.sample_class[i]), draw.sample_score[i], draw.sample_correction[i]));
  const more = draw.kept - kept.length,
    target = number(classes.score_target);
  return el(
    "p",
    {},
    `${number(draw.loss_draw)} = −(`,
    ink("target", target),
    ") + log( ",
    ink("target", exp(target)),
    ...terms,
    more > 0 ? ` + … ${grouped(more)} more` : "",
    " )",
  );
}

const term = (name, score, correction) =>
  el(
    "span",
    { class: "ssm-term", title: name },
    " + ",
    exp(ink("model", number(score)), ink("correction", signed(correction))),
  );

/** Named figures, each with what it means. @param {any} node @param {any} texts of the spec @param {Record<string, number>} numbers */
export function figures(node, texts, numbers) {
  if (node.childElementCount !== texts.strip.length) {
    node.replaceChildren(
      ...texts.strip.map(({ name, help }) =>
        el(
          "div",
          {},
          el("dt", {}, name),
          el("dd", { class: "ssm-figure" }),
          el("dd", { class: "ssm-definition" }, help),
        ),
      ),
    );
  }
  texts.strip.forEach((item, i) => say(node.children[i].children[1], plain([[{ say: item.value }]], numbers)));
}

/** Columns of the table: title, group and name in a View; the sum of the noise is what samples are drawn from. */
const COLUMNS = [
  ["score", "classes", "score"],
  ["corrected score", "draw", "corrected"],
  ["noise probability", "classes", "noise"],
  ["times sampled", "draw", "count"],
  ["gradient, full", "classes", "full"],
  ["gradient, this draw", "draw", "gradient"],
  ["gradient, average", "convergence", "mean"],
  ["gradient, expected", "moments", "mean"],
  ["its variance", "moments", "variance"],
];

/** The numbers behind the bars, one row a class. */
export function table(node, view, names) {
  const heads = ["class", ...COLUMNS.map(([title]) => title)].map((title) => el("th", { scope: "col" }, title));
  const rows = view.classes.index.map((c, i) => row(view, c, i, names));
  node.replaceChildren(el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
}

function row(view, c, i, names) {
  const head = el("th", { scope: "row" }, names(c), c === view.classes.target ? " (target)" : "");
  return el("tr", {}, head, ...COLUMNS.map(([, group, name]) => el("td", {}, cell(name, view[group]?.[name][i]))));
}

function cell(name, value) {
  if (value === null || value === undefined) return "–";
  return name === "count" ? grouped(value) : String(Number(value.toPrecision(8))).replace("-", "−");
}
