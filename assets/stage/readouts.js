/** What is read beside the panels: the equation with this draw's numbers, the figures with their definitions, the table. */

import { el, say } from "../controls/dom.js";
import { ESTIMATORS } from "../panels/compared.js";
import { series } from "../panels/series.js";
import { brief, grouped, number, plain } from "../panels/texts.js";
import { linesOf } from "./probe.js";

const ink = (role, ...content) => el("span", { class: `ssm-ink ssm-ink-${role}` }, ...content);
const exp = (...power) => el("span", {}, "e", el("sup", {}, ...power));
const sub = (text) => el("sub", {}, text);
const signed = (value) => (value < 0 ? ` − ${number(-value)}` : ` + ${number(value)}`);

const x = (c) => ink("model", "x", sub(c));
const own = () => ink("target", "x", sub("t"));
const counted = (c, k = "k") => ink("correction", ` − log(${k} q`, sub(c), ")");
const logistic = (...inner) => el("span", {}, "σ(", ...inner, ")");
const sum = (...inner) => el("span", {}, " + Σ ", ...inner);

/** Each estimator's loss in symbols. */
const SYMBOLS = {
  sampled_softmax: () => [
    ...["loss = −", own(), " + log( ", ink("target", exp("x", sub("t")))],
    sum(exp(x("c"), ink("correction", " − log(k", sub("eff"), " q", sub("c"), "/(1 − q", sub("t"), "))"))),
    " )",
  ],
  naive_importance: () => ["loss = −", own(), " + log( Σ ", exp(x("c"), counted("c")), " )"],
  log_q: () => [
    ...["loss = −(", own(), counted("t"), ") + log( ", exp(own(), counted("t"))],
    sum(exp(x("c"), counted("c"))),
    " )",
  ],
  uncorrected: () => [...["loss = −", own(), " + log( ", ink("target", exp("x", sub("t")))], sum(exp(x("c"))), " )"],
  nce: () => [
    ...["loss = −log ", logistic(own(), counted("t"))],
    ...[" − Σ log ", logistic("−(", x("c"), counted("c"), ")")],
  ],
  negative_sampling: () => ["loss = −log ", logistic(own()), " − Σ log ", logistic("−", x("c"))],
};

const JUDGING = ["nce", "negative_sampling"];

/** The estimator's loss, in symbols and with the numbers of the draw that is shown. */
export function equation(node, view, names, estimator) {
  const none = el("p", {}, "Every sample was the target: nothing is left to compare with, and the loss is 0.");
  const filled = JUDGING.includes(estimator) ? judged : divided;
  node.replaceChildren(el("p", {}, ...SYMBOLS[estimator]()), view.draw.kept ? filled(view, names) : none);
}

/** The target's own score and its correction, where it has one. */
const ownTerm = ({ classes, draw }) => [
  ink("target", number(classes.score_target)),
  draw.target_correction ? ink("correction", signed(draw.target_correction)) : "",
];

/** What of the samples that count is spelled out, and how many more there are. */
function spelled({ draw }, names) {
  const kept = draw.sample_class.map((_c, i) => i).filter((i) => !draw.sample_hit[i]);
  const more = draw.kept - kept.length;
  const terms = kept.map((i) => ({
    name: names(draw.sample_class[i]),
    inner: [
      ink("model", number(draw.sample_score[i])),
      draw.sample_correction[i] ? ink("correction", signed(draw.sample_correction[i])) : "",
    ],
  }));
  return { terms, rest: more > 0 ? ` + … ${grouped(more)} more` : "" };
}

function divided(view, names) {
  const { terms, rest } = spelled(view, names);
  const alone = view.draw.target_correction === null;
  const first = alone ? [] : [exp(...ownTerm(view))];
  const before = (i) => (i > 0 || !alone ? " + " : "");
  return el(
    "p",
    {},
    `${number(view.draw.loss_draw)} = −(`,
    ...ownTerm(view),
    ") + log( ",
    ...first,
    ...terms.map(({ name, inner }, i) => term(name, before(i), exp(...inner))),
    rest,
    " )",
  );
}

function judged(view, names) {
  const { terms, rest } = spelled(view, names);
  return el(
    "p",
    {},
    `${number(view.draw.loss_draw)} = −log `,
    logistic(...ownTerm(view)),
    ...terms.map(({ name, inner }) => term(name, " − log ", logistic("−(", ...inner, ")"))),
    rest.replace("+", "−"),
  );
}

const term = (name, before, inner) => el("span", { class: "ssm-term", title: name }, before, inner);

const UNKNOWN = "…";

/** Named figures, each with what it means. @param {any} node @param {any[]} strip of the page @param {Record<string, number>} numbers */
export function figures(node, strip, numbers) {
  if (node.childElementCount !== strip.length) {
    node.replaceChildren(
      ...strip.map(({ name }) =>
        el("div", {}, el("dt", {}, name), el("dd", { class: "ssm-figure" }), el("dd", { class: "ssm-definition" })),
      ),
    );
  }
  strip.forEach(({ value, help }, i) => {
    const [, figure, definition] = node.children[i].children;
    const text = plain([[{ say: value }]], numbers);
    say(figure, text.includes(UNKNOWN) ? "–" : text); // what cannot be found here
    say(definition, plain([help], numbers));
  });
}

/**
 * Columns of the table: title, group and name in a View, and of a list for each estimator the row; the sum of the
 * noise is what samples are drawn from.
 * @type {[string, string, string, number?][]}
 */
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

/** Of the estimators side by side, a column for each gradient of each. */
const EACH = ["one", "average", "expected"];
const TITLES = { one: "this draw", average: "average", expected: "expected" };

/** @returns {any[]} */
function columnsOf(needs) {
  const plainly = COLUMNS.filter(([, group]) => group === "classes" || needs.includes(group));
  if (!needs.includes("estimators")) return plainly;
  const each = ESTIMATORS.flatMap((estimator, row) =>
    EACH.map((name) => [`${estimator.replaceAll("_", " ")}, ${TITLES[name]}`, "estimators", name, row]),
  );
  return [...plainly, ...each];
}

/** The numbers behind the bars, one row a class. @param {any} node @param {any} view @param {(c: number) => string} names @param {string[]} needs groups of the page */
export function table(node, view, names, needs) {
  const columns = columnsOf(needs);
  const heads = ["class", ...columns.map(([title]) => title)].map((title) => el("th", { scope: "col" }, title));
  const rows = view.classes.index.map((c, i) => row(view, c, i, names, columns));
  node.replaceChildren(el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
}

function row(view, c, i, names, columns) {
  const head = el("th", { scope: "row" }, names(c), c === view.classes.target ? " (target)" : "");
  return el("tr", {}, head, ...columns.map((column) => el("td", {}, cell(column[2], valueIn(view, column, i)))));
}

function valueIn(view, [, group, name, row], i) {
  const values = view[group]?.[name];
  return row === undefined ? values?.[i] : values?.[row][i];
}

function cell(name, value) {
  if (value === null || value === undefined) return "–";
  return name === "count" ? grouped(value) : String(Number(value.toPrecision(8))).replace("-", "−");
}

const LINE_HEADS = ["line", "at", "value"];
const MOST_ROWS = 12; // of a line

/**
 * The numbers behind the lines of some panels: a group of rows for each, and of a long line some from end to end.
 * @param {any} node @param {any[]} specs of the panels @param {any} view @param {(c: number) => string} names @param {Record<string, any>} known numbers, the settings among them
 */
export function lineTable(node, specs, view, names, known) {
  const found = series(view, names, known);
  const heads = LINE_HEADS.map((head) => el("th", { scope: "col" }, head));
  node.replaceChildren(el("thead", {}, el("tr", {}, ...heads)), ...specs.map((spec) => group(spec, found, known)));
}

function group(spec, found, known) {
  const what = `${plain(spec.title, known)}: ${spec.unit}, over ${spec.along_unit}`;
  const head = el("th", { scope: "rowgroup", colspan: String(LINE_HEADS.length) }, what);
  return el("tbody", {}, el("tr", {}, head), ...linesOf(spec, found, known).flatMap(pointRows));
}

const pointRows = ({ name, points }) =>
  thinned(points).map(({ place, value }) =>
    el("tr", {}, el("th", { scope: "row" }, name), ...[brief(place), number(value)].map((text) => el("td", {}, text))),
  );

/** The first, the last and some between. @template T @param {T[]} points */
const thinned = (points) =>
  points.length <= MOST_ROWS
    ? points
    : Array.from({ length: MOST_ROWS }, (_, i) => points[Math.round((i * (points.length - 1)) / (MOST_ROWS - 1))]);
