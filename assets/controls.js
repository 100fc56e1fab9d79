/** Controls: a word, its letter, the value as an editable number, a track, a line of help. One job: tell what was chosen. */

import { grouped } from "./words.js";

let count = 0;

/** An element with properties and children. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** low, ..., high with steps of about 8 %, each notch a number of two significant digits. */
export function ladder(low, high) {
  const list = [];
  for (let m = low; m < high; ) {
    list.push(m);
    const next = Math.max(m + 1, m * 1.08), unit = 10 ** Math.max(0, Math.floor(Math.log10(next)) - 1);
    m = Math.round(next / unit) * unit;
  }
  return [...list, high];
}

const nearestNotch = (notches, value) => {
  let best = 0;
  for (let i = 1; i < notches.length; i++) if (Math.abs(notches[i] - value) < Math.abs(notches[best] - value)) best = i;
  return best;
};

const LOG_NOTCHES = 120, NOTCHES = 100;

function notchesOf(field, high = field.high) {
  if (field.kind === "whole") return field.log ? ladder(field.low, high) : null;
  const { low } = field;
  return field.log
    ? Array.from({ length: LOG_NOTCHES + 1 }, (_, i) => Number((low * (high / low) ** (i / LOG_NOTCHES)).toPrecision(2)))
    : Array.from({ length: NOTCHES + 1 }, (_, i) => Number((low + ((high - low) * i) / NOTCHES).toPrecision(6)));
}

function frame(name, field, input, ...rest) {
  const id = `ssm-${name}-${++count}`, help = `${id}-help`;
  input.id = id;
  input.setAttribute("aria-describedby", help);
  const letter = field.letter ? el("i", { class: "ssm-letter" }, field.letter) : "";
  const label = el("label", { for: id }, field.label, " ", letter);
  const head = el("div", { class: "ssm-control-head" }, label, ...rest.filter((node) => node.dataset.place === "head"));
  const others = rest.filter((node) => node.dataset.place !== "head");
  return el("div", { class: "ssm-control", "data-control": name }, head, ...others, el("p", { class: "ssm-help", id: help }, field.help));
}

/**
 * A number: typed, dragged or stepped by keys. `tell(value, live)` hears of each change; `refuse(sentence)` of a value
 * that its field does not allow, which stays in the box as it was typed.
 */
export function numberControl(name, field, { tell, refuse }) {
  const typed = el("input", { type: "text", inputmode: field.kind === "whole" ? "numeric" : "decimal", class: "ssm-number", autocomplete: "off", "data-place": "head" });
  const track = el("input", { type: "range", class: "ssm-track", "aria-label": field.label, step: "1", min: "0" });
  const slides = field.kind !== "whole" || field.log;
  const node = slides ? frame(name, field, typed, typed, track) : frame(name, field, typed, typed);
  const help = node.querySelector(".ssm-help");
  track.setAttribute("aria-describedby", help.id);
  let notches = notchesOf(field), value = null;

  const show = () => {
    if (!slides) return;
    const at = nearestNotch(notches, value);
    track.max = notches.length - 1;
    track.value = at;
    track.style.setProperty("--filled", `${(100 * at) / Math.max(1, notches.length - 1)}%`);
    track.setAttribute("aria-valuetext", field.kind === "whole" ? grouped(value) : String(value));
  };
  const slide = (live) => {
    value = notches[Number(track.value)];
    typed.value = spell(value);
    mark(true);
    show();
    tell(value, live);
  };
  const spell = (v) => (field.kind === "whole" && v >= 1000 && slides ? grouped(v) : String(v));
  const mark = (fine) => typed.setAttribute("aria-invalid", fine ? "false" : "true");
  const read = () => {
    const text = typed.value.replace(/[,\s]/g, ""), v = Number(text);
    const whole = field.kind !== "whole" || Number.isInteger(v);
    const fine = text !== "" && Number.isFinite(v) && whole && v >= field.low && v <= field.high;
    mark(fine);
    if (!fine) return refuse(`${field.label} must be ${field.rule}, got ${typed.value || "nothing"}; type a number in that range or use the slider`);
    if (v === value) return refuse("");
    value = v;
    show();
    tell(value, false);
  };
  track.addEventListener("input", () => slide(true));
  track.addEventListener("change", () => slide(false));
  track.addEventListener("pointerup", () => slide(false)); // a drag that ends where it began fires no change
  typed.addEventListener("change", read);
  typed.addEventListener("keydown", (event) => {
    if (event.key === "Enter") read();
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      const step = event.key === "ArrowUp" ? 1 : -1;
      const to = field.kind === "whole" ? value + step : notches[Math.max(0, Math.min(notches.length - 1, nearestNotch(notches, value) + step))];
      typed.value = spell(Math.max(field.low, Math.min(field.high, to)));
      read();
    }
  });
  return {
    node,
    set(v, { high = field.high, fixed = false } = {}) {
      notches = notchesOf(field, Math.max(high, field.low + 1));
      const changed = v !== value;
      value = v;
      if (changed || typed.getAttribute("aria-invalid") !== "true") {
        if (document.activeElement !== typed || changed) typed.value = spell(v);
        mark(true);
      }
      typed.disabled = track.disabled = fixed;
      show();
    },
    help(text) {
      help.textContent = text;
    },
  };
}

/** One of a few names. */
export function choiceControl(name, field, { tell }, choices = field.choices) {
  const select = el("select", { class: "ssm-select", "aria-label": field.label });
  const node = frame(name, field, select, select);
  const help = node.querySelector(".ssm-help");
  const fillWith = (options) => {
    select.replaceChildren(...Object.entries(options).map(([value, words]) => el("option", { value }, words)));
  };
  fillWith(choices);
  select.addEventListener("change", () => tell(select.value, false));
  return {
    node,
    select,
    set(value) {
      select.value = value;
    },
    options: fillWith,
    disable(values) {
      for (const option of select.options) option.disabled = values.includes(option.value);
    },
    help(text) {
      help.textContent = text;
    },
  };
}

const LISTED = 200, OFFERED = 30;

/** A class by name: a list while classes are few, else a box that offers names as one types. */
export function classControl(name, field, { tell, refuse }) {
  const select = el("select", { class: "ssm-select" });
  const list = el("datalist", { id: `ssm-names-${++count}` });
  const typed = el("input", { type: "text", class: "ssm-select", list: list.id, autocomplete: "off", spellcheck: "false" });
  const node = frame(name, field, select, select, typed, list);
  typed.setAttribute("aria-label", field.label);
  typed.setAttribute("aria-describedby", select.getAttribute("aria-describedby"));
  let names = { count: 0, of: String, find: () => -1 }, value = 0, filled = null;

  select.addEventListener("change", () => tell(Number(select.value), false));
  const offer = () => {
    const found = names.search?.(typed.value, OFFERED) ?? [];
    list.replaceChildren(...found.map((text) => el("option", { value: text })));
  };
  typed.addEventListener("input", offer);
  typed.addEventListener("change", () => {
    const c = names.find(typed.value);
    typed.setAttribute("aria-invalid", c < 0 ? "true" : "false");
    if (c < 0) return refuse(`target must be one of the ${grouped(names.count)} classes, got ${typed.value || "nothing"}; type a class name, or # and its row number, as in #0`);
    tell(c, false);
  });
  return {
    node,
    set(v, source) {
      names = source;
      const few = source.count <= LISTED;
      select.hidden = !few;
      typed.hidden = few;
      node.querySelector("label").htmlFor = few ? select.id : (typed.id ||= `${select.id}-typed`);
      if (few && filled !== source.key) {
        select.replaceChildren(...Array.from({ length: source.count }, (_, c) => el("option", { value: c }, source.of(c))));
        filled = source.key;
      }
      if (few) select.value = String(v);
      else if (document.activeElement !== typed || v !== value) {
        typed.value = source.of(v);
        typed.setAttribute("aria-invalid", "false");
      }
      value = v;
    },
  };
}
