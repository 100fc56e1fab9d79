/** The code behind the picture: a program and a notebook that find its numbers again with torch alone. */

import { el } from "../controls/dom.js";

const FILES = { "program.py": "Save the program", "program.ipynb": "Save the notebook" };

/** @returns {import("./share.js").Section} */
export function code() {
  const links = Object.entries(FILES).map(([name, words]) => el("a", { class: "ssm-button", download: name }, words));
  const what =
    "Python that needs torch alone: from the same seed it finds the full gradient, the draw on the screen and the average of the draws.";
  return {
    title: "As code",
    node: el("div", { class: "ssm-take" }, el("p", {}, what), el("p", { class: "ssm-codes" }, ...links)),
    show: (now) => {
      for (const link of links) link.setAttribute("href", now.code(link.getAttribute("download") ?? ""));
    },
  };
}
