/** The forms in which a link is taken along: texts to select, each with a button that copies. */

import { button, el, say } from "../controls/dom.js";
import { grouped } from "../panels/texts.js";
import { FORMS, isLocal } from "./share_link.js";

/** @typedef {import("./share.js").Doors} Doors @typedef {import("./share.js").Section} Section @typedef {import("./share.js").Now} Now */

const COPIED = "Copied.",
  SELECTED = "This browser lets nothing be copied from here: the text is selected, copy it by key.";

/** Why the link is not to be shared; empty where it is. @param {Now} now @param {any} spec */
function obstacle({ embedded, settings, classes, job }, { sharing, preview }) {
  if (!job && settings.problem === "own" && settings.table.startsWith("sha256-")) {
    const has = classes <= preview ? "has it inside" : "shows its pictures as they stand";
    return `Your own table is too large for a link. Take the standalone file instead, which ${has}.`;
  }
  if (embedded.length <= sharing.most) return "";
  const instead = job ? "" : " Take the standalone file instead.";
  return `This link has ${grouped(embedded.length)} characters, and some of what it travels through cuts those with more than ${grouped(sharing.most)}.${instead}`;
}

/** Where others will find it. @param {string} link */
function whereabouts(link) {
  const { protocol, host, pathname } = new URL(link);
  const where = `${protocol}//${host}${pathname}`;
  if (!isLocal(link)) return `Others will reach it at ${where}`;
  return `It leads to ${where}, which this machine alone can reach: open the Explorer at the address that others use, and share from there.`;
}

/** @param {Doors} doors @returns {Section} */
export function copies({ spec }) {
  const where = el("p", { class: "ssm-share-where" });
  const long = el("p", { class: "ssm-error", role: "alert", hidden: true });
  const said = el("p", { class: "ssm-help", role: "status" });
  const forms = FORMS.map((form) => field(form, (words) => say(said, words)));
  const list = el("div", { class: "ssm-forms" }, ...forms.map(({ node }) => node));
  const show = (now) => {
    const why = obstacle(now, spec);
    say(where, whereabouts(now.link));
    where.classList.toggle("ssm-warned", isLocal(now.link));
    long.hidden = !why;
    say(long, why);
    list.hidden = Boolean(why);
    say(said, "");
    for (const { show: write } of forms) write(now);
  };
  return { title: "Take the link along", node: el("div", {}, where, long, list, said), show };
}

function field({ name, title, write }, tell) {
  const text = el("textarea", { readonly: true, class: "ssm-copy-text", spellcheck: "false", "data-form": name });
  text.addEventListener("focus", () => text.select());
  const copy = button("Copy", () => take(text, tell));
  copy.setAttribute("aria-label", `Copy: ${title}`);
  const label = el("label", {}, el("span", {}, title), text);
  const show = (now) => {
    const written = write(now);
    text.rows = written.split("\n").length;
    if (text.value !== written) text.value = written;
  };
  return { node: el("div", { class: "ssm-form" }, label, copy), show };
}

/** Copy, or where the browser refuses that, as in frames, select. */
async function take(text, tell) {
  tell("");
  try {
    await navigator.clipboard.writeText(text.value);
    tell(COPIED);
  } catch {
    text.focus();
    text.select();
    tell(SELECTED);
  }
}
