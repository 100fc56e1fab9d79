/** Settings in the page: their link, and what a change brings with it. The rules are the spec's; none is repeated here. */

import { grouped } from "../panels/texts.js";

/**
 * @typedef {Record<string, any>} Settings as ssm.explorer.settings.Settings
 * @typedef {{classes: number, counted: boolean}} Shape
 * @typedef {{kind: "at_most", of: string} | {kind: "below", of: string}
 *   | {kind: "needs_counts", values: string[], instead: string}} Agreement
 * @typedef {{default: any, agreements?: Agreement[], resets?: string[]}} Field
 * @typedef {Record<string, Field>} Fields
 */

const spell = (value) => (Array.isArray(value) ? value.map((pair) => pair.join(":")).join(",") : String(value));

const isDefault = (value, field) => value === null || value === field.default || (Array.isArray(value) && value.length === 0);

/** The link of some settings: every field that is not at its default. @param {Settings} settings @param {Fields} fields */
export function toQuery(settings, fields) {
  const named = Object.entries(fields).filter(([name, field]) => name in settings && !isDefault(settings[name], field));
  return ["v=1", ...named.map(([name]) => `${name}=${encodeURIComponent(spell(settings[name]))}`)].join("&");
}

/**
 * Settings after a change: what the changed fields reset is reset, what no longer agrees is repaired.
 *
 * @param {Settings} settings @param {Partial<Settings>} patch @param {Shape|null} shape of the problem after the change;
 *   null where nobody knows it yet @param {Fields} fields
 * @returns {[Settings, string[]]} the new settings, and a sentence for each repair
 */
export function patched(settings, patch, shape, fields) {
  const cleared = reset(settings, patch, fields);
  const repairs = Object.entries(fields).flatMap(([name, field]) => {
    const broken = (field.agreements ?? []).map((rule) => repair(name, rule, cleared, shape));
    return broken.filter((found) => found !== null);
  });
  const repaired = Object.fromEntries(repairs.map(({ name, instead }) => [name, instead]));
  return [{ ...cleared, ...repaired }, repairs.map(({ sentence }) => sentence)];
}

/** The change, and the defaults of what it resets and does not itself choose. */
function reset(settings, patch, fields) {
  const changed = Object.keys(patch).filter((name) => spell(patch[name]) !== spell(settings[name]));
  const names = changed.flatMap((name) => fields[name]?.resets ?? []);
  const defaults = Object.fromEntries(names.map((name) => [name, fields[name].default]));
  return { ...settings, ...defaults, ...patch };
}

const REPAIRS = { at_most: atMost, below, needs_counts: needsCounts };

function repair(name, rule, settings, shape) {
  const found = REPAIRS[rule.kind](name, rule, settings, shape);
  if (!found) return null;
  const [words, value, instead, spelled = instead] = found;
  return { name, instead, sentence: `${name} must be ${words}, got ${value}; ${spelled} is used` };
}

function atMost(name, { of }, settings) {
  const most = settings[of];
  return settings[name] > most ? [`at most the number of ${of}, ${grouped(most)}`, settings[name], most] : null;
}

/** Classes that are not there: one class becomes the last, pairs of (class, number) are left out. */
function below(name, _rule, settings, shape) {
  const value = settings[name];
  if (!shape || value === null) return null;
  const last = shape.classes - 1;
  if (!Array.isArray(value)) return value > last ? [`a class from 0 to ${grouped(last)}`, value, last] : null;
  const inside = value.filter(([c]) => c <= last), outside = value.find(([c]) => c > last);
  return outside ? [`for classes from 0 to ${grouped(last)}`, outside[0], inside, "the rest"] : null;
}

function needsCounts(name, { values, instead }, settings, shape) {
  if (!shape || shape.counted || !values.includes(settings[name])) return null;
  return [`other than ${values.join(", ")} where classes have no counts`, settings[name], instead];
}

/** Pairs of (class, number) with one class's number put in, by class. @param {[number, number][]} list */
export const withPair = (list, c, value) => [...list.filter(([k]) => k !== c), [c, value]].sort((a, b) => a[0] - b[0]);
