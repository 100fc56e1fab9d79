/** What is read beside the panels: the equation with this draw's numbers, the strip of figures, the data table. */

import { el } from "./controls.js";
import { grouped, number, pieces } from "./words.js";

const ink = (role, ...content) => el("span", { class: `ssm-ink ssm-ink-${role}` }, ...content);
const exp = (...power) => el("span", {}, "e", el("sup", {}, ...power));
const signed = (value) => (value < 0 ? ` − ${number(-value)}` : ` + ${number(value)}`);

/** The sampled softmax loss, in symbols and with the numbers of the draw that is shown. */
export function equation(node, { columns: c, numbers: v }, names) {
  const symbols = el("p", {}, "loss = −", ink("target", "x", el("sub", {}, "t")), " + log( ", ink("target", exp("x", el("sub", {}, "t"))),
    " + Σ ", exp(ink("model", "x", el("sub", {}, "c")), ink("correction", " − log(k", el("sub", {}, "eff"), " q", el("sub", {}, "c"), "/(1 − q", el("sub", {}, "t"), "))")), " )");
  const terms = c.term_class.map((k, i) => el("span", { class: "ssm-term", title: names(k) }, " + ", exp(ink("model", number(c.term_score[i])), ink("correction", signed(c.term_correction[i])))));
  const more = v.kept - c.term_class.length;
  const filled = el("p", {}, `${number(v.loss_draw)} = −(`, ink("target", number(v.score_target)), ") + log( ", ink("target", exp(number(v.score_target))), ...terms,
    more > 0 ? ` + … ${grouped(more)} more` : "", " )");
  const none = el("p", {}, "Every sample was the target: nothing is left to compare with, and the loss is 0.");
  node.replaceChildren(symbols, v.kept ? filled : none);
}

/** A row of named figures. */
export function strip(node, words, numbers) {
  if (node.childElementCount !== words.strip.length) {
    node.replaceChildren(...words.strip.map((item) => el("div", { title: item.help }, el("dt", {}, item.name), el("dd", {}))));
  }
  words.strip.forEach((item, i) => {
    const said = pieces([[{ say: item.value }]], numbers, words.integers).map(([text]) => text).join("");
    node.children[i].lastChild.textContent = said;
  });
}

const COLUMNS = [
  ["score", "score"], ["corrected score", "corrected"], ["noise probability", "noise"], ["times sampled", "count"],
  ["gradient, full", "gradient_full"], ["gradient, this draw", "gradient_draw"], ["gradient, average", "gradient_mean"],
  ["gradient, expected", "gradient_exact"], ["its variance", "gradient_variance"],
];

/** The numbers behind the bars, one row a class. */
export function table(node, { columns: c, numbers: v }, names) {
  const head = el("tr", {}, el("th", { scope: "col" }, "class"), ...COLUMNS.map(([title]) => el("th", { scope: "col" }, title)));
  const cell = (key, i) => {
    const value = c[key]?.[i];
    if (key === "count") return grouped(value);
    return value === null || value === undefined ? "–" : String(Number(value.toPrecision(8))).replace("-", "−");
  };
  const rows = c.class.map((k, i) => el("tr", {}, el("th", { scope: "row" }, names(k), k === v.target ? " (target)" : ""), ...COLUMNS.map(([, key]) => el("td", {}, cell(key, i)))));
  node.replaceChildren(el("thead", {}, head), el("tbody", {}, ...rows));
}
