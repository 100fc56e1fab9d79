/** Elements: made in one call, and the frame that every control shares: a word, its letter, a line of help. */

let count = 0;

/** An identifier that no other element has. */
export const unique = (name) => `ssm-${name}-${++count}`;

/**
 * An element with attributes and children; `on...` listens, null and false leave an attribute out.
 * @param {string} tag @param {Record<string, any>} attributes @param {...(Node|string)} children @returns {any}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** A button with its words. */
export const button = (words, onclick, style = "") =>
  el("button", { type: "button", class: `ssm-button ${style}`, onclick }, words);

const SVG = "http://www.w3.org/2000/svg";

/** A filled shape of 20 by 20. @param {string} d */
export function icon(d) {
  const svg = document.createElementNS(SVG, "svg"),
    path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
}

/** Change a text only if it differs: a screen reader hears what is new. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A control: label and letter above, then the inputs, then its line of help.
 * @param {string} name @param {{label: string, letter: string, help: string}} field @param {any} input the labelled one
 * @param {{head?: any[], body?: any[]}} parts beside the label, and below it
 */
export function framed(name, field, input, { head = [], body = [] }) {
  input.id = unique(name);
  const letter = field.letter ? el("i", { class: "ssm-letter" }, field.letter) : "";
  const label = el("label", { for: input.id }, field.label, " ", letter);
  const help = el("p", { class: "ssm-help", id: `${input.id}-help`, title: field.help }, field.help);
  for (const part of [...head, ...body]) part.setAttribute("aria-describedby", help.id);
  const node = el(
    "div",
    { class: "ssm-control", "data-control": name },
    el("div", { class: "ssm-control-head" }, label, ...head),
    ...body,
    help,
  );
  return { node, label, help };
}
