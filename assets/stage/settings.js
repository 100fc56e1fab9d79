/** Settings in the page: their link, and what a change brings with it. The rules are the spec's; none is repeated here. */

import { grouped } from "../panels/texts.js";

/**
 * @typedef {Record<string, any>} Settings as ssm.explorer.settings.Settings
 * @typedef {{classes: number, counted: boolean}} Shape
 * @typedef {{kind: "at_most", of: string, rule: string} | {kind: "below", of: string, rule: string}
 *   | {kind: "needs_counts", values: string[], instead: string, rule: string}
 *   | {kind: "only_with", values: string[], of: string, having: string[], instead: string, rule: string}} Agreement `rule` has room for a "{bound}"
 * @typedef {{default: any, key?: string, agreements?: Agreement[], resets?: string[]}} Field
 * @typedef {Record<string, Field>} Fields
 */

/** Pairs as 3:1.5, names as they are. */
const spell = (value) =>
  Array.isArray(value) ? value.map((part) => (Array.isArray(part) ? part.join(":") : part)).join(",") : String(value);

const isDefault = (value, field) =>
  value === null || value === field.default || (Array.isArray(value) && spell(value) === spell(field.default));

/** The link of some settings: every field that is not at its default. @param {Settings} settings @param {Fields} fields */
export function toQuery(settings, fields) {
  const named = Object.entries(fields).filter(([name, field]) => name in settings && !isDefault(settings[name], field));
  return ["v=1", ...named.map(([name, { key }]) => `${key || name}=${encodeURIComponent(spell(settings[name]))}`)].join(
    "&",
  );
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
  const names = Object.keys(patch).flatMap((name) => fields[name].resets ?? []);
  const defaults = Object.fromEntries(names.map((name) => [name, fields[name].default]));
  return { ...settings, ...defaults, ...patch };
}

const REPAIRS = { at_most: atMost, below, needs_counts: needsCounts, only_with: onlyWith };

function repair(name, agreement, settings, shape) {
  const found = REPAIRS[agreement.kind](settings[name], agreement, settings, shape);
  if (!found) return null;
  const { bound, value, instead } = found,
    spelled = Array.isArray(instead) ? "the rest" : instead;
  return {
    name,
    instead,
    sentence: `${name} must be ${agreement.rule.replace("{bound}", bound)}, got ${value}; ${spelled} is used`,
  };
}

function atMost(value, { of }, settings) {
  const most = settings[of];
  return value > most ? { bound: grouped(most), value, instead: most } : null;
}

/** Classes that are not there: one class becomes the last, pairs of (class, number) are left out. */
function below(value, _agreement, _settings, shape) {
  if (!shape || value === null) return null;
  const last = shape.classes - 1,
    bound = grouped(last),
    pairs = Array.isArray(value);
  const outside = (pairs ? value.map(([c]) => c) : [value]).find((c) => c > last);
  if (outside === undefined) return null;
  return { bound, value: outside, instead: pairs ? value.filter(([c]) => c <= last) : last };
}

function needsCounts(value, { values, instead }, _settings, shape) {
  return shape && !shape.counted && values.includes(value) ? { bound: value, value, instead } : null;
}

function onlyWith(value, { values, of, having, instead }, settings) {
  const other = settings[of];
  return values.includes(value) && !having.includes(other) ? { bound: other, value, instead } : null;
}

/** Pairs of (class, number) with one class's number put in, by class. @param {[number, number][]} list */
export const withPair = (list, c, value) => [...list.filter(([k]) => k !== c), [c, value]].sort((a, b) => a[0] - b[0]);
