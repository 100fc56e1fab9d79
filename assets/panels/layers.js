/** What the page itself draws over and under Plotly's marks: labels in HTML, shapes in SVG, each kept and moved. */

const SVG = "http://www.w3.org/2000/svg";
export const LINE = 14; // px, the height of a label
export const FONT_SIZE = 12;

const canvas = document.createElement("canvas").getContext("2d");
const widths = new Map();

/** The width of a text in px, in the page's own font. */
export function measure(text, family, bold = false) {
  const font = `${bold ? "600 " : ""}${FONT_SIZE}px ${family}`;
  const key = `${font}|${text}`;
  if (!widths.has(key)) {
    if (widths.size > 20_000) widths.clear();
    canvas.font = font;
    widths.set(key, canvas.measureText(text).width);
  }
  return widths.get(key);
}

/** The number alone of a class that has no name but its number. @param {string} name */
export const unprefixed = (name) => name.replace(/^class (?=\d+$)/, "");

/** The longest beginning of a text that fits, with an ellipsis. */
export function shortened(text, room, width) {
  const whole = [text, unprefixed(text)].find((one) => width(one) <= room);
  if (whole) return whole;
  const start = unprefixed(text);
  let length = start.length - 1;
  while (length > 1 && width(`${start.slice(0, length)}…`) > room) length--;
  return `${start.slice(0, length)}…`;
}

/**
 * @typedef {{kind: string, text: string, x: number, y: number, w: number, h: number, angle?: number, role?: string,
 *   sup?: string, title?: string, data?: Object<string, any>}} Label a text with its top left corner
 */

/** Labels: one node for each, taken up again for the next picture. */
export class Labels {
  constructor() {
    this.node = document.createElement("div");
    this.node.className = "ssm-labels";
    this.pool = [];
    this.shown = [];
  }

  /** @param {Label[]} labels */
  show(labels) {
    while (this.pool.length < labels.length) this.pool.push(this.node.appendChild(document.createElement("span")));
    labels.forEach((label, i) => this.#set(i, label));
    for (let i = labels.length; i < this.pool.length; i++) {
      if (this.shown[i] !== null) this.pool[i].hidden = true;
      this.shown[i] = null;
    }
  }

  #set(i, label) {
    const node = this.pool[i];
    const before = this.shown[i];
    this.shown[i] = label;
    if (!before || !sameText(before, label)) write(node, label);
    if (before && before.x === label.x && before.y === label.y && before.angle === label.angle) return;
    const turn = label.angle ? ` rotate(${label.angle}deg)` : "";
    node.style.transform = `translate(${label.x.toFixed(1)}px, ${label.y.toFixed(1)}px)${turn}`;
  }
}

const sameText = (a, b) =>
  a.kind === b.kind &&
  a.text === b.text &&
  a.role === b.role &&
  a.sup === b.sup &&
  a.title === b.title &&
  a.angle === b.angle &&
  sameData(a.data, b.data);

const sameData = (a = {}, b = {}) => Object.keys({ ...a, ...b }).every((key) => a[key] === b[key]);

function write(node, { kind, text, role, sup, title, angle, data = {} }) {
  node.hidden = false;
  node.className = `ssm-label${role ? ` ssm-ink-${role}` : ""}${angle ? " ssm-turned" : ""}`;
  for (const name of Object.keys(node.dataset)) delete node.dataset[name];
  Object.assign(node.dataset, { label: kind }, data);
  node.textContent = text;
  if (sup) node.appendChild(document.createElement("sup")).textContent = sup;
  if (title) node.title = title;
  else node.removeAttribute("title");
}

/** Shapes: paths with a class each, taken up again for the next picture. */
export class Shapes {
  constructor() {
    this.node = document.createElementNS(SVG, "svg");
    this.node.setAttribute("class", "ssm-shapes");
    this.node.setAttribute("aria-hidden", "true");
    this.shown = [];
  }

  /** @param {{d: string, look: string}[]} shapes */
  show(shapes) {
    while (this.node.childElementCount < shapes.length) this.node.appendChild(document.createElementNS(SVG, "path"));
    shapes.forEach(({ d, look }, i) => {
      const path = this.node.children[i];
      if (this.shown[i]?.d !== d) path.setAttribute("d", d);
      if (this.shown[i]?.look !== look) path.setAttribute("class", `ssm-${look}`);
    });
    for (let i = shapes.length; i < this.shown.length; i++)
      if (this.shown[i].d !== "") this.node.children[i].setAttribute("d", "");
    const left = this.shown.slice(shapes.length).map((shape) => ({ ...shape, d: "" }));
    this.shown = [...shapes, ...left];
  }
}
