/** Shared links: settings, chapter and frame as one query, and the forms in which others take it; no DOM. */

import { toQuery } from "./settings.js";

/** @typedef {Record<string, any>} Frame as ssm.explorer.settings.Frame */

const spell = (value) => (Array.isArray(value) ? value.join(",") : String(typeof value === "boolean" ? +value : value));

const hex = (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;

/** A text as a link has it: what Markdown, HTML and shells have a use for is escaped too; half a letter is none. */
const escaped = (text) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd")).replace(/[!'()*]/g, hex);

/** The frame's part of a link: all that the page does not have anyway. @param {Frame} frame @param {Frame} usual the page's own */
export function frameParts(frame, usual) {
  const said = { ...frame, hidden: frame.hidden.filter((name) => !usual.hidden.includes(name)) };
  const plain = { ...usual, hidden: [] };
  const own = Object.keys(plain).filter((name) => spell(said[name]) !== spell(plain[name]));
  return own.map((name) => `${name}=${escaped(spell(said[name]))}`);
}

/**
 * The query that restores what is on the screen, in a frame.
 * @param {Record<string, any>} settings @param {Frame} frame @param {{spec: any, usual: Frame, chapter: number}} page
 *   `chapter`: 0 on a page that has none
 */
export function queryOf(settings, frame, { spec, usual, chapter }) {
  const own = settings.target !== spec.targets[settings.problem];
  const chosen = toQuery(own ? settings : { ...settings, target: null }, spec.fields);
  // A chapter's link that spells no setting means those of the chapter.
  const spelled = chapter && !chosen.includes("&") ? `${chosen}&problem=${settings.problem}` : chosen;
  const parts = [spelled, ...(chapter ? [`chapter=${chapter}`] : []), ...frameParts(frame, usual)];
  return parts.join("&").replaceAll("%2C", ",").replaceAll("%3A", ":");
}

/** Where a page is. @param {string} path of the page @param {string} base the address of any page */
export const addressOf = (path, base) => new URL(`./${path}`, base).href.replace(/[?#].*/, "");

const HERE_ALONE = /^(localhost|.*\.localhost|127\..*|\[::1\]|0\.0\.0\.0|)$/;

/** Whether nobody else reaches an address. @param {string} address */
export const isLocal = (address) => HERE_ALONE.test(new URL(address).hostname);

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const html = (text) => text.replace(/[&<>"]/g, (letter) => ENTITIES[letter]);
const words = (text) => text.replace(/[\\[\]`*_<>]/g, "\\$&");

/** @typedef {{title: string, link: string, embedded: string, height: number}} Shared `height`: of the frame in px */

/** Only what learning systems keep of a frame. @param {Shared} shared */
const frameOf = ({ title, embedded, height }) =>
  `<iframe title="${html(title)}" src="${html(embedded)}" width="100%" height="${height}"></iframe>`;

/** The forms, each with what it is for. @type {{name: string, title: string, write: (shared: Shared) => string}[]} */
export const FORMS = [
  { name: "link", title: "Link", write: ({ link }) => link },
  { name: "iframe", title: "HTML, for Canvas, Moodle and any page", write: frameOf },
  { name: "markdown", title: "Markdown", write: ({ title, link }) => `[${words(title)}](${link})` },
  { name: "myst", title: "MyST", write: ({ embedded }) => `\`\`\`{iframe} ${embedded}\n:width: 100%\n\`\`\`` },
  { name: "quarto", title: "Quarto", write: (shared) => `\`\`\`{=html}\n${frameOf(shared)}\n\`\`\`` },
  { name: "rst", title: "reStructuredText", write: (shared) => `.. raw:: html\n\n   ${frameOf(shared)}` },
];
