/** The page's theme: light or dark as Streamlit paints its ground, and the inks that go with it. */

import { el } from "../controls/dom.js";

/** @param {HTMLElement} host @returns {"light"|"dark"} */
export function themeOf(host) {
  if (matchMedia("(forced-colors: active)").matches)
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const ground =
    getComputedStyle(host).getPropertyValue("--st-background-color").trim() ||
    getComputedStyle(document.body).backgroundColor;
  const probe = el("i", { style: `color:${ground}` });
  host.append(probe);
  const [r, g, b] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
  probe.remove();
  return 0.299 * r + 0.587 * g + 0.114 * b < 128 ? "dark" : "light";
}

/** Give the inks of a theme to the stylesheet. @param {HTMLElement} host @param {any} inks */
export function paintWith(host, inks) {
  for (const [name, colour] of Object.entries(inks))
    if (typeof colour === "string") host.style.setProperty(`--ssm-${name}`, colour);
  for (const [name, colour] of Object.entries(inks.text)) host.style.setProperty(`--ssm-text-${name}`, colour);
}
