/** The texts of ssm/words.py, filled from a view's numbers; no DOM but the spans it returns. */

const RELATIONS = { "<": (a, b) => a < b, "==": (a, b) => a === b, ">=": (a, b) => a >= b };

/** A number in three significant digits, as ssm.words.number writes it. */
export function number(value) {
  if (value === undefined || value === null || Number.isNaN(value)) return "…";
  if (value === 0) return "0";
  const size = Math.abs(value);
  let text;
  if (size >= 1e6 || size < 1e-3) text = value.toExponential(2).replace("e+", "e");
  else text = size >= 999.5 ? grouped(value) : value.toPrecision(3);
  return text.replaceAll("-", "−");
}

/** A whole number with its thousands apart: 17,091. */
export const grouped = (value) => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");

const holds = (condition, numbers) => {
  if (!condition) return true;
  const [name, relation, bound] = condition;
  return name in numbers && RELATIONS[relation](numbers[name], bound);
};

const chosen = (part, numbers) => part.find((one) => holds(one.if, numbers))?.say ?? "";

/** The words of a list of parts: [text, role or null] pieces in order. */
export function pieces(parts, numbers, integers) {
  const found = [];
  parts.forEach((part, i) => {
    const template = (i ? " " : "") + chosen(part, numbers);
    let from = 0;
    for (const slot of template.matchAll(/\{(\w+)(?:\|(\w+))?\}/g)) {
      found.push([template.slice(from, slot.index), null]);
      const value = numbers[slot[1]];
      const whole = integers.includes(slot[1]) && value !== undefined;
      found.push([whole ? grouped(value) : number(value), slot[2] ?? null]);
      from = slot.index + slot[0].length;
    }
    found.push([template.slice(from), null]);
  });
  return found;
}

/** The same as one plain text. */
export const plain = (parts, numbers, integers) => pieces(parts, numbers, integers).map(([text]) => text).join("");

/** The same as spans, coloured by role. */
export function fill(node, parts, numbers, integers) {
  const spans = pieces(parts, numbers, integers).map(([text, role]) => {
    if (!role) return text;
    const span = document.createElement("span");
    span.className = `ssm-ink ssm-ink-${role}`;
    span.textContent = text;
    return span;
  });
  node.replaceChildren(...spans);
}
