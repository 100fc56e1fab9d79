/** The address of the page, in which settings, frame and place travel. */

/** Write settings where they travel; what else the address said of the frame stays. @param {string} query @param {any} frame */
export function writeLink(query, frame) {
  const kept = [...new URLSearchParams(location.search)].filter(([name]) => name.startsWith("embed") || name in frame);
  const extra = kept.map(([name, value]) => `&${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("");
  history.replaceState(history.state, "", `${location.pathname}?${query}${extra}${location.hash}`);
}

/** Write which chapter of a story is open; links to other pages do not say it. @param {number} chapter */
export function writePlace(chapter) {
  const link = new URLSearchParams(location.search);
  link.set("chapter", String(chapter));
  history.replaceState(history.state, "", `${location.pathname}?${link}${location.hash}`);
}

/** Whether the page stands inside another. */
export const isEmbedded = () => new URLSearchParams(location.search).get("embed") === "true";
