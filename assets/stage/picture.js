/** A picture: what the page shows of some panels as one SVG that stands alone, on white, in the inks of the light theme. */

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 12; // px around the panels
const FOOT = { size: 11, line: 16 }; // px of the lines that say what the picture is of
const BASELINE = 0.36; // of the size of a letter, from the middle of its line down
const LOOKS = [
  "fill",
  "stroke",
  "opacity",
  "fill-opacity",
  "stroke-opacity",
  "stroke-width",
  "stroke-dasharray",
].concat(["stroke-linecap", "stroke-linejoin", "paint-order", "visibility"]);
const APART = "button, select, input, .ssm-tools, .ssm-guess";

/** @typedef {(colour: string, text?: boolean) => string} Ink a colour as the light theme has it */

const hex = (numbers) => `#${numbers.map((x) => Number(x).toString(16).padStart(2, "0")).join("")}`;

/** Colours as the light theme has them, by what they are in another. @param {any} theme @param {any} light @returns {Ink} */
export function inks(theme, light) {
  const pairs = (from, to) =>
    Object.keys(to).flatMap((key) => (typeof to[key] === "string" ? [[from[key], to[key]]] : []));
  const low = (all) => new Map(all.filter(([from]) => from).map(([from, to]) => [from.toLowerCase(), to]));
  const marks = low(pairs(theme, light)),
    letters = low(pairs(theme.text, light.text));
  return (colour, text = false) => {
    const [, r, g, b, alpha] = colour.match(/^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/) ?? [];
    if (r === undefined) return colour;
    if (alpha === "0") return "none";
    const own = hex([r, g, b]),
      first = text ? letters : marks,
      then = text ? marks : letters;
    const found = first.get(own) ?? then.get(own) ?? own;
    return alpha ? found + hex([Math.round(255 * Number(alpha))]).slice(1) : found;
  };
}

function made(name, attributes, ...content) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.append(...content);
  return node;
}

/** A drawing with its looks in it: no stylesheet goes along. @param {any} node @param {Ink} ink */
function copied(node, ink) {
  const copy = node.cloneNode(false);
  const style = getComputedStyle(node);
  for (const name of ["class", "style", "aria-hidden"]) copy.removeAttribute(name);
  if (style.display === "none") return null;
  const painted = !["g", "defs", "clipPath", "svg"].includes(node.localName);
  for (const name of painted ? LOOKS : ["opacity"]) copy.setAttribute(name, local(ink(style.getPropertyValue(name))));
  for (const name of ["clip-path", "fill"]) {
    const value = node.getAttribute(name) ?? "";
    if (value.includes("url(")) copy.setAttribute(name, local(value));
  }
  copy.append(...[...node.children].map((child) => copied(child, ink)).filter(Boolean));
  return copy;
}

/** What a drawing refers to is in itself. @param {string} value */
const local = (value) => value.replace(/url\(["']?[^"')]*(#[^"')]+)["']?\)/, "url($1)");

/** The words of an element, line by line as they are broken now. @param {any} text a text node */
function lines(text) {
  const found = [];
  const range = document.createRange();
  for (const { 0: word, index } of text.data.matchAll(/\S+\s*/g)) {
    range.setStart(text, index);
    range.setEnd(text, index + word.trimEnd().length);
    const { left, top, height } = range.getBoundingClientRect();
    const last = found.at(-1);
    if (last && Math.abs(last.top - top) < 2) last.words += word;
    else found.push({ words: word, left, top, height });
  }
  return found;
}

function letters(node, ink) {
  const style = getComputedStyle(node);
  return {
    "font-family": style.fontFamily,
    "font-size": style.fontSize,
    "font-weight": style.fontWeight,
    "font-style": style.fontStyle,
    fill: ink(style.color, true),
  };
}

const size = (node) => Number.parseFloat(getComputedStyle(node).fontSize);

/** A label that may be turned: in its own place, its letters one after the other. @param {any} node @param {any} from @param {Ink} ink */
function label(node, from, ink) {
  const { left, top } = node.parentElement.getBoundingClientRect();
  const style = getComputedStyle(node);
  const [ox, oy] = style.transformOrigin.split(" ").map(Number.parseFloat);
  const middle = Number.parseFloat(style.lineHeight) / 2;
  const parts = [...node.childNodes].map((part) =>
    part.nodeType === Node.TEXT_NODE
      ? part.data
      : made("tspan", { dy: "-0.4em", "font-size": getComputedStyle(part).fontSize }, part.textContent),
  );
  const turn = style.transform === "none" ? "" : ` translate(${ox},${oy}) ${style.transform} translate(${-ox},${-oy})`;
  const at = `translate(${left - from.left + Number.parseFloat(style.left || "0")},${top - from.top})${turn}`;
  const y = middle + BASELINE * size(node);
  return made(
    "text",
    { ...letters(node, ink), transform: at, x: style.paddingLeft, y, "xml:space": "preserve" },
    ...parts,
  );
}

function words(figure, from, ink) {
  const found = [];
  const walker = document.createTreeWalker(figure, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = /** @type {any} */ (walker.currentNode),
      node = text.parentElement;
    if (node.closest(`${APART}, svg, .ssm-label`) || !node.checkVisibility({ visibilityProperty: true })) continue;
    for (const { words: said, left, top, height } of lines(text)) {
      const [x, y] = [left - from.left, top - from.top + height / 2 + BASELINE * size(node)];
      found.push(made("text", { ...letters(node, ink), x, y }, said.trimEnd()));
    }
  }
  for (const node of figure.querySelectorAll(".ssm-label"))
    if (node.checkVisibility({ visibilityProperty: true }) && !node.closest(APART)) found.push(label(node, from, ink));
  return found;
}

function drawings(figure, from, ink) {
  return [...figure.querySelectorAll(".ssm-plot svg")].flatMap((svg) => {
    const { left, top, width, height } = svg.getBoundingClientRect();
    const copy = width && height && !svg.closest(APART) ? copied(svg, ink) : null;
    if (!copy?.querySelector("path, rect, circle, line")) return [];
    for (const [key, value] of Object.entries({ x: left - from.left, y: top - from.top, width, height }))
      copy.setAttribute(key, String(value));
    return [copy];
  });
}

/**
 * The picture of some panels, as they stand on the page.
 * @param {any[]} figures their nodes @param {{ink: Ink, ground: string, title: string, foot: string[]}} said
 * @returns {{svg: string, width: number, height: number, alt: string}}
 */
export function picture(figures, { ink, ground, title, foot }) {
  const boxes = figures.map((node) => node.getBoundingClientRect());
  const end = (side) => Math.max(...boxes.map((box) => box[side]));
  const from = {
    left: Math.min(...boxes.map(({ left }) => left)) - MARGIN,
    top: Math.min(...boxes.map(({ top }) => top)) - MARGIN,
  };
  const width = Math.ceil(end("right") - from.left + MARGIN),
    drawn = Math.ceil(end("bottom") - from.top + MARGIN),
    height = drawn + foot.length * FOOT.line;
  const alt = figures.map((node) => node.querySelector("[role=img]").getAttribute("aria-label")).join(" ");
  const family = getComputedStyle(figures[0]).fontFamily;
  const small = { "font-family": family, "font-size": `${FOOT.size}px`, fill: ink("rgb(89, 95, 102)", true) };
  const root = made(
    "svg",
    { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}`, role: "img" },
    made("title", {}, title),
    made("desc", {}, alt),
    made("rect", { width, height, fill: ground }),
    ...figures.flatMap((node) => [...drawings(node, from, ink), ...words(node, from, ink)]),
    ...foot.map((line, i) => made("text", { ...small, x: MARGIN, y: drawn + i * FOOT.line + FOOT.size }, line)),
  );
  return { svg: new XMLSerializer().serializeToString(root), width, height, alt };
}
