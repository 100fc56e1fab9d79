/** What the bar says and where its links lead, also where Streamlit, which loads such parts late, has yet to put it up. */

import { say } from "../controls/dom.js";
import { isEmbedded } from "./address.js";

const BAR = ".ssm-bar";
const said = { query: "", ribbon: "" };
let waiting = false;

function write() {
  /** @type {NodeListOf<HTMLAnchorElement>} */ const links = document.querySelectorAll("a[data-page]");
  if (said.query) for (const link of links) link.search = `?${said.query}`;
  for (const node of document.querySelectorAll("[data-ribbon]")) say(node, said.ribbon);
}

/** Links to the pages beside carry the settings. @param {string} query */
export function carryOn(query) {
  said.query = query;
  write();
  if (!waiting && !isEmbedded() && !document.querySelector(BAR)) wait();
}

/** The settings in a line. @param {string} line */
export function sayInBar(line) {
  said.ribbon = line;
  write();
}

/** Say it again when the bar is there. */
function wait() {
  waiting = true;
  const observer = new MutationObserver(() => {
    if (!document.querySelector(BAR)) return;
    observer.disconnect();
    write();
  });
  observer.observe(document.body, { childList: true, subtree: true });
}
