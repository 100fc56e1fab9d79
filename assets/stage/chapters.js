/** Chapters: where a reader is, what has been read, which state is on the screen, and what a guess comes to; no DOM. */

import { toQuery } from "./settings.js";

/** Under which a page remembers the chapters that were read. */
export const STORY = "ssm-story";

/** Keys that turn the page, and by how much. */
const TURNS = { ArrowLeft: -1, ArrowRight: 1 };

/** A chapter that there is. @param {number} chapter counted from 1 @param {number} count */
export const within = (chapter, count) => Math.min(Math.max(chapter, 1), count);

/**
 * The chapter that a key turns to, or null: arrows belong to a control that has the focus.
 * @param {{key: string, altKey?: boolean, ctrlKey?: boolean, metaKey?: boolean, shiftKey?: boolean}} event
 * @param {{chapter: number, count: number, free: boolean}} now `free`: no control has the focus
 */
export function turned(event, { chapter, count, free }) {
  const by = TURNS[event.key];
  if (!by || !free || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return null;
  const next = within(chapter + by, count);
  return next === chapter ? null : next;
}

/** The chapters that were read and the last of them, as they are remembered. @param {string|null} text @param {number} count */
export function progress(text, count) {
  const numbers = (text ?? "").split(",").filter(Boolean).map(Number);
  const there = numbers.filter((n) => Number.isInteger(n) && n >= 1 && n <= count);
  return { read: [...new Set(there)], last: there.at(-1) ?? null };
}

/** The same with one more; the last read stands last. @param {number[]} read @param {number} chapter */
export const remembered = (read, chapter) => [...read.filter((n) => n !== chapter), chapter].join(",");

/** Whether two settings are the same state. @param {any} settings @param {any} other @param {any} fields */
export const isAt = (settings, other, fields) => toQuery(settings, fields) === toQuery(other, fields);

/**
 * What the texts on a guess can name, beside the numbers of the state that answers it.
 * @param {{kind: string, number?: string, right?: number}} answer @param {number|null} guess a value or an option; null: skipped
 * @param {Record<string, any>} numbers
 */
export function outcome(answer, guess, numbers) {
  if (guess === null) return {};
  if (answer.kind === "options") return { right: Number(guess === answer.right) };
  const value = numbers[answer.number ?? ""];
  return { guess, answer: value, gap: Math.abs(value - guess) };
}

const FINE = 0.01,
  COARSE = 0.1; // of the axis, that a key moves a mark
const STEPS = {
  ArrowUp: FINE,
  ArrowRight: FINE,
  ArrowDown: -FINE,
  ArrowLeft: -FINE,
  PageUp: COARSE,
  PageDown: -COARSE,
};

/** Where along the axis, from 0 to 1, a key moves a mark; null for another key. @param {string} key @param {number} at */
export function moved(key, at) {
  if (key === "Home") return 0;
  if (key === "End") return 1;
  return key in STEPS ? Math.min(1, Math.max(0, at + STEPS[key])) : null;
}
