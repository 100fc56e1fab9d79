/** What is taken home of the picture itself: the panels as PNG or SVG, their numbers as CSV or JSON, and the way back. */

import { button, el, say } from "../controls/dom.js";
import { collected, readBack, table } from "./numbers.js";
import { inks, picture } from "./picture.js";
import { pixels } from "./png.js";

/** @typedef {import("./share.js").Doors} Doors @typedef {import("./share.js").Section} Section @typedef {import("./share.js").Now} Now */

const EVERY = "all panels";
const PAGE = "sampled-softmax";

/** Offer a file to the browser, which may ask where to, or refuse it in a frame. @param {string} name @param {Blob} blob */
function save(name, blob) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** @param {Doors} doors @returns {Section} */
export function pictures({ acts, spec }) {
  /** @type {Now|null} */ let now = null;
  const which = /** @type {any} */ (
    el("select", { class: "ssm-select", "aria-label": "panels of the picture" }, el("option", { value: EVERY }, EVERY))
  );
  const shown = el("div", {});
  const said = el("p", { class: "ssm-help", role: "status" });
  const make = async (kind) => {
    const all = acts.figures();
    const chosen = all.filter(({ name }) => which.value === EVERY || which.value === name);
    const title = chosen.length === 1 ? chosen[0].title : (now?.title ?? "");
    const { light } = spec.themes;
    const { job } = acts.shown();
    const foot = [now?.link ?? "", ...(job ? [`${job.kind}: ${job.query}`] : [])];
    const words = { ink: inks(spec.themes[acts.theme()], light), ground: light.paper, title, foot };
    const drawn = picture(
      chosen.map(({ node }) => node),
      words,
    );
    const file = `${PAGE}-${which.value === EVERY ? "panels" : which.value}.${kind}`;
    save(file, kind === "svg" ? new Blob([drawn.svg], { type: "image/svg+xml" }) : await pixels(drawn, title));
    const src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawn.svg)}`;
    shown.replaceChildren(el("img", { class: "ssm-saved", src, alt: drawn.alt }));
    say(
      said,
      `${file} was handed to the browser. Where it may save nothing, as in some frames, copy the picture from here.`,
    );
  };
  const label = el("label", { class: "ssm-pick" }, el("span", {}, "of"), which);
  const buttons = ["png", "svg"].map((kind) => button(`Save as ${kind.toUpperCase()}`, () => make(kind)));
  const show = (next) => {
    now = next;
    const names = [[EVERY, EVERY], ...acts.figures().map(({ name, title }) => [name, title])];
    const kept = which.value;
    which.replaceChildren(...names.map(([value, title]) => el("option", { value }, title)));
    if (names.some(([value]) => value === kept)) which.value = kept;
  };
  const close = () => {
    shown.replaceChildren();
    say(said, "");
  };
  const node = el("div", { class: "ssm-take" }, label, el("p", { class: "ssm-codes" }, ...buttons), said, shown);
  return { title: "As a picture", node, show, close };
}

/** @param {Doors} doors @returns {Section} */
export function figures({ acts }) {
  /** @type {Now|null} */ let now = null;
  const said = el("p", { class: "ssm-help", role: "status" });
  const all = () => collected({ ...acts.shown(), link: now?.link ?? "" });
  const written = {
    csv: () => new Blob(["\ufeff", table(all())], { type: "text/csv" }),
    json: () => new Blob([JSON.stringify(all(), null, 1)], { type: "application/json" }),
  };
  const buttons = Object.entries(written).map(([kind, write]) =>
    button(`Save as ${kind.toUpperCase()}`, () => save(`${PAGE}-numbers.${kind}`, write())),
  );
  const chosen = /** @type {any} */ (el("input", { type: "file", accept: ".json,application/json" }));
  chosen.addEventListener("change", async () => {
    const [file] = chosen.files;
    if (!file) return;
    try {
      acts.go(readBack(await file.text()));
    } catch (error) {
      say(said, error.message);
    }
    chosen.value = "";
  });
  const back = el("label", { class: "ssm-back" }, el("span", {}, "Open a JSON that was saved here: "), chosen);
  const what = "Every series and number of these panels, with units and settings.";
  const node = el(
    "div",
    { class: "ssm-take" },
    el("p", {}, what),
    el("p", { class: "ssm-codes" }, ...buttons),
    ...(acts.home ? [back] : []),
    said,
  );
  return {
    title: "As numbers",
    node,
    show: (next) => {
      now = next;
    },
    close: () => say(said, ""),
  };
}
