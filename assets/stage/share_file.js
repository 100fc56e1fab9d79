/** The page as a file: one that plays without a server. */

import { el } from "../controls/dom.js";

/** @returns {import("./share.js").Section} */
export function file() {
  const link = el("a", { class: "ssm-button", download: "lesson.html" }, "Save the file");
  const what = "One HTML file with this state, its controls and torch's numbers; it needs no server and no network.";
  return {
    title: "As a file",
    node: el("div", { class: "ssm-take" }, el("p", {}, what), link),
    show: (now) => link.setAttribute("href", now.file),
  };
}
