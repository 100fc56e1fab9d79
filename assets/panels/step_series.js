/** What follows from the numbers of the five steps, for their texts, as in ssm.explorer.figures.step_series. */

/** @param {any} steps the group of a view, or null @param {Record<string, any>} flat its scalars, and the settings */
export function stepNumbers(steps, flat) {
  if (!steps) return {};
  const { kept_correction: correction, sparse_bytes: sparse } = steps;
  return {
    cells: flat.batch * flat.samples,
    full_products: flat.batch * flat.n,
    candidates: flat.samples + 1,
    first_target: steps.target_score[0][0],
    kept_factor: correction === null ? null : Math.exp(correction),
    thrifty: steps.dense_bytes / sparse,
    thrifty_many: steps.dense_many / sparse,
    untouched: flat.n - steps.rows_touched,
  };
}
