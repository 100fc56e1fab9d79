/** What a teacher chooses: the panels, what may be moved, and what stands around them. */

import { el, say, unique } from "../controls/dom.js";

/** @typedef {import("./share.js").Doors} Doors @typedef {import("./share.js").Section} Section @typedef {import("./share.js").Now} Now */

const STATES = { shown: "shown", locked: "locked", hidden: "hidden" };

function checkbox(label, act) {
  const input = el("input", { type: "checkbox", onchange: () => act(input.checked) });
  return { input, node: el("label", { class: "ssm-check" }, input, el("span", {}, label)) };
}

function selection(words, choices, act) {
  const options = Object.entries(choices).map(([value, said]) => el("option", { value }, said));
  const select = el(
    "select",
    { class: "ssm-select", id: unique("pick"), onchange: () => act(select.value) },
    ...options,
  );
  return { select, node: el("div", { class: "ssm-pick" }, el("label", { for: select.id }, words), select) };
}

/** Which panels are shown; all of them are the page as it is. @param {Doors} doors @returns {Section} */
export function panels({ acts, change }) {
  const node = el("div", { class: "ssm-share-list" });
  const said = el("p", { class: "ssm-help", role: "status" });
  /** @type {Record<string, ReturnType<typeof checkbox>>} */ let boxes = {};
  const choose = (name) => {
    const chosen = Object.keys(boxes).filter((each) => boxes[each].input.checked);
    if (!chosen.length) boxes[name].input.checked = true;
    say(said, chosen.length ? "" : "One panel stays.");
    if (chosen.length) change({ panels: chosen.length === Object.keys(boxes).length ? [] : chosen });
  };
  const make = (name) => checkbox(acts.title(name), () => choose(name));
  const list = () => {
    boxes = Object.fromEntries(acts.panels().map((name) => [name, make(name)]));
    node.replaceChildren(...Object.values(boxes).map((box) => box.node));
    say(said, "");
  };
  const show = ({ frame }) => {
    if (!node.children.length) list();
    for (const [name, { input }] of Object.entries(boxes))
      input.checked = !frame.panels.length || frame.panels.includes(name);
  };
  return { title: "Panels", node: el("div", {}, node, said), show, close: () => node.replaceChildren() };
}

const without = (names, name) => names.filter((each) => each !== name);

/** What each control is to a reader: shown, locked or hidden. @param {Doors} doors @returns {Section} */
export function controls({ spec, acts, change }) {
  /** @type {any} */ let frame = null;
  const put = (name, state) => {
    const lists = { hidden: without(frame.hidden, name), locked: without(frame.locked, name) };
    if (state !== "shown") lists[state].push(name);
    change(lists);
  };
  const make = (name) => [name, selection(spec.fields[name].label, STATES, (state) => put(name, state))];
  /** @type {Record<string, ReturnType<typeof selection>>} */
  const picks = Object.fromEntries(acts.reached.map(make));
  const show = (now) => {
    frame = now.frame;
    for (const [name, { node, select }] of Object.entries(picks)) {
      node.hidden = now.usual.hidden.includes(name); // the page itself does not have it
      select.value = frame.hidden.includes(name) ? "hidden" : frame.locked.includes(name) ? "locked" : "shown";
    }
  };
  const nodes = Object.values(picks).map(({ node }) => node);
  return { title: "Controls", node: el("div", { class: "ssm-share-list" }, ...nodes), show };
}

/** A line of the teacher's own. */
function noteOf(most, change) {
  const input = el("input", { type: "text", class: "ssm-select", maxlength: most, id: unique("note") });
  input.addEventListener("input", () => change({ note: input.value }));
  const label = el("label", { for: input.id }, `A note of your own, at most ${most} characters`);
  return { input, node: el("div", { class: "ssm-share-note" }, label, input) };
}

/** Player, sentence, note, and how the page begins. @param {Doors} doors @returns {Section} */
export function around({ spec, acts, change }) {
  const { note: most, themes } = spec.sharing;
  const player = checkbox("the player", (on) => change({ player: on }));
  const sentence = checkbox("the sentence that reads the picture", (on) => change({ sentence: on }));
  const play = checkbox("start playing when it is seen", (on) => change({ play: on }));
  const theme = selection("theme", themes, (value) => change({ theme: value }));
  const note = noteOf(most, change);
  const show = ({ frame, usual }) => {
    const held = frame.hidden.includes("draw") || frame.locked.includes("draw") || !frame.player;
    player.input.checked = frame.player;
    player.node.hidden = play.node.hidden = usual.hidden.includes("draw");
    play.input.checked = frame.play;
    play.input.disabled = held; // what nobody could stop does not start
    sentence.input.checked = frame.sentence;
    sentence.node.hidden = !acts.reads;
    theme.select.value = frame.theme;
    if (note.input.value !== frame.note) note.input.value = frame.note;
  };
  const list = el("div", { class: "ssm-share-list" }, player.node, sentence.node, play.node, theme.node);
  return { title: "Around them", node: el("div", {}, list, note.node), show };
}
