/** What the page leaves to torch, kept from torch's last answer for as long as it still holds. */

const PASSING = [
  "draw",
  "average",
  "view",
  "scale",
  "tolerance",
  "batch",
  "dim",
  "losses",
  "negatives",
  "examples",
  "width",
]; // settings that no moment depends on

const lasting = (settings, passing) =>
  JSON.stringify(
    Object.entries(settings)
      .filter(([name]) => !passing.includes(name))
      .sort(),
  );

/**
 * The groups that torch alone computes and has yet to compute for some settings.
 * @param {any} settings @param {any} answer torch's last, or null @param {Record<string, string[]>} alone those groups,
 *   each with the settings that it does not depend on
 * @param {any} [view] what is shown: a group that the page could afford to compute itself is not late
 * @returns {Set<string>}
 */
export function late(settings, answer, alone, view = answer?.view) {
  const had = Object.entries(alone).filter(([group]) => answer?.view?.[group] && view[group] === answer.view[group]);
  const changed = ([, free]) => lasting(settings, free) !== lasting(answer.settings, free);
  return new Set(had.filter(changed).map(([group]) => group));
}

/** A view of the page, completed; what is late stays as it was. @param {any} view @param {any} settings it was computed for @param {any} answer torch's last, or null @param {Record<string, string[]>} alone as in `late` */
export function carried(view, settings, answer, alone = {}) {
  if (!answer?.view) return view;
  const whole = {
    ...view,
    ...Object.fromEntries(Object.keys(alone).map((group) => [group, view[group] ?? answer.view[group]])),
  };
  if (lasting(settings, PASSING) !== lasting(answer.settings, PASSING)) return whole;
  const { moments, convergence } = answer.view;
  const kept =
    view.moments || !moments ? view.moments : inSlots(moments, answer.view.classes.index, view.classes.index);
  return { ...whole, moments: kept, convergence: longer(view.convergence, convergence) };
}

/** Moments in the order of other slots; null for a class that torch did not tell about. */
function inSlots(moments, from, to) {
  const at = new Map(from.map((c, i) => [c, i]));
  const ordered = (values) => to.map((c) => (at.has(c) ? values[at.get(c)] : null));
  return { ...moments, mean: ordered(moments.mean), variance: ordered(moments.variance) };
}

/** The page's averages on torch's run, where the page could not afford as many draws or seeds. */
function longer(page, torch) {
  if (!page || !torch) return page ?? torch;
  const { checkpoints, errors, watched, watched_full, watched_mean, extent, others } = torch;
  if (page.checkpoints.length < checkpoints.length)
    return { ...page, checkpoints, errors, watched, watched_full, watched_mean, extent, others };
  return page.others.length < others.length ? { ...page, others } : page;
}
