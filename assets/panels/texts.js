/** Texts of ssm.explorer.figures.templates, filled from a view's numbers; no DOM but the spans that `fill` returns. */

const RELATIONS = { "<": (a, b) => a < b, "==": (a, b) => a === b, ">=": (a, b) => a >= b };
const NBSP = "\u00a0"; // a number and its sign stay in one line
const SLOT = /\{(\w+)([%#~]?)(?:\|(\w+))?\}/g;

/** @typedef {{if?: [string, string, any], and?: [string, string, any], say: string}[]} Part */

/** A number in three significant digits, as ssm.explorer.figures.templates.number writes it. */
export function number(value) {
  if (value === undefined || value === null || Number.isNaN(value)) return "…";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size === Infinity) return value < 0 ? "−inf" : "inf";
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2).replace("e+", "e").replaceAll("-", "−");
  return size >= 999.5 ? grouped(value) : value.toPrecision(3).replace("-", "−");
}

/** A whole number with its thousands apart: 17,091. */
export function grouped(value) {
  if (value === undefined || value === null) return "…";
  return Math.floor(value + 0.5)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",")
    .replace("-", "−");
}

/** So many of something: 1 sample, 64 samples. @param {number} value @param {string} word */
export const counted = (value, word) => `${grouped(value)} ${word}${value === 1 ? "" : "s"}`;

/** A number in at most three significant digits, without zeros at its end. */
export function brief(value) {
  const [mantissa, power] = number(value).split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return power === undefined ? short : `${short}e${power}`;
}

/** A share as a percentage in two significant digits. */
export function percent(share) {
  if (share === undefined || share === null || Number.isNaN(share)) return "…";
  if (share > 0 && share < 1e-4) return `under 0.01${NBSP}%`;
  const hundredths = 100 * share;
  if (hundredths >= 9.95) return `${grouped(hundredths)}${NBSP}%`;
  return `${Number(hundredths.toPrecision(2))}${NBSP}%`;
}

const SPELLED = { "": number, "#": grouped, "~": brief, "%": percent };
const spell = (value, form) => (typeof value === "string" ? value : SPELLED[form](value));

function holds(condition, numbers) {
  if (!condition) return true;
  const [name, relation, bound] = condition;
  const value = numbers[name];
  const limit = relation !== "==" && typeof bound === "string" ? numbers[bound] : bound;
  return (
    value !== undefined && value !== null && limit !== undefined && limit !== null && RELATIONS[relation](value, limit)
  );
}

/** The template of the first alternative that holds; empty where none does. */
export const chosen = (part, numbers) =>
  part.find((one) => holds(one.if, numbers) && holds(one.and, numbers))?.say ?? "";

/** The words of a list of parts: [text, role or null] pieces in order. */
export function pieces(parts, numbers) {
  const said = parts.map((part) => chosen(part, numbers)).filter(Boolean);
  return said.flatMap((template, i) => filled((i ? " " : "") + template, numbers));
}

function filled(template, numbers) {
  const found = [];
  let from = 0;
  for (const slot of template.matchAll(SLOT)) {
    found.push([template.slice(from, slot.index), null]);
    found.push([spell(numbers[slot[1]], slot[2]), slot[3] ?? null]);
    from = slot.index + slot[0].length;
  }
  found.push([template.slice(from), null]);
  return found;
}

/** One template as plain text. */
export const say = (template, numbers) =>
  filled(template, numbers)
    .map(([text]) => text)
    .join("");

/** The parts as one plain text. */
export const plain = (parts, numbers) =>
  pieces(parts, numbers)
    .map(([text]) => text)
    .join("");

/** The parts as spans, coloured by role. */
export function fill(node, parts, numbers) {
  const spans = pieces(parts, numbers).map(([text, role]) => {
    if (!role) return text;
    const span = document.createElement("span");
    span.className = `ssm-ink ssm-ink-${role}`;
    span.textContent = text;
    return span;
  });
  node.replaceChildren(...spans);
}
