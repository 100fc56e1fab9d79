/** The series and numbers of the estimators side by side, and of what each learns; as ssm.explorer.figures.compared. */

export const ESTIMATORS = ["sampled_softmax", "naive_importance", "log_q", "uncorrected", "nce", "negative_sampling"];
export const FLOOR = 1e-6; // nats: a divergence below it is drawn there
const HALF = 0.45; // slots, of the dash that is an expectation

const rowOf = (rows, row, length) => rows?.[row] ?? new Array(length).fill(null);
const floored = (values) => values.map((value) => (value === null ? null : Math.max(value, FLOOR)));

/** The gradients of every estimator by slot. */
export function ofEstimators({ classes, estimators }) {
  const slots = classes.index.length;
  const found = { each_at: classes.index.flatMap((_, i) => [i - HALF, i + HALF, null]) };
  ESTIMATORS.forEach((name, row) => {
    found[`one_${name}`] = rowOf(estimators?.one, row, slots);
    found[`average_${name}`] = rowOf(estimators?.average, row, slots);
    found[`expected_${name}`] = rowOf(estimators?.expected, row, slots).flatMap((value) => [value, value, null]);
  });
  return found;
}

/** Truth and models by slot, and how far they are apart over the number of samples. */
export function ofLearned({ classes, learned }) {
  const places = new Map((learned?.learned_class ?? []).map((c, i) => [c, i]));
  const inSlots = (values) => classes.index.map((c) => (values && places.has(c) ? values[places.get(c)] : null));
  const ks = learned?.learned_samples ?? [];
  const found = { truth: inSlots(learned?.truth), learned_at: ks };
  ESTIMATORS.forEach((name, row) => {
    found[`model_${name}`] = inSlots(learned?.models[row]);
    found[`apart_${name}`] = floored(rowOf(learned?.divergences, row, ks.length));
  });
  const now = floored(learned?.divergence ?? []);
  return { ...found, now_at: now.map(() => learned.learned_with), now };
}

/** What texts can name of them: each estimator's by its name, and that of the one that is chosen. */
export function comparedNumbers({ classes, estimators, learned }, settings) {
  const columns = { off: estimators?.apart_relative, nats: learned?.divergence };
  const known = Object.entries(columns).filter(([, rows]) => rows);
  const flat = Object.fromEntries(known.flatMap(([key, rows]) => rows.map((x, i) => [`${key}_${ESTIMATORS[i]}`, x])));
  const chosen = ESTIMATORS.indexOf(settings.estimator);
  if (chosen >= 0) {
    for (const [key, rows] of known) flat[`chosen_${key}`] = rows[chosen];
    if (learned) Object.assign(flat, ofTarget(classes, learned, chosen));
    flat.learned_known = Number((flat.chosen_nats ?? null) !== null);
    flat.shown_draws = settings.average === "all" ? settings.draws : settings.draw;
  }
  return Object.fromEntries(Object.entries(flat).filter(([, value]) => value !== null));
}

function ofTarget({ target }, learned, row) {
  const place = learned.learned_class.indexOf(target);
  const learned_count = learned.learned_class.length;
  return { learned_count, truth_target: learned.truth[place], model_target: learned.models[row][place] };
}
