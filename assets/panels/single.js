/** What texts can name of single classes: the rivals, the target's bars, the first sample. ssm.explorer.figures.single is the same. */

/** Numbers and names of single classes among those shown. @param {any} view @param {(c: number) => string} names */
export const singles = (view, names) => ({
  ...pushed(view.classes, names),
  ...ofTarget(view),
  ...first(view.draw, names),
});

/** The classes that the full gradient pushes most and least; of equals the first. */
function pushed({ index, full, target_slot }, names) {
  const slots = index.map((_c, slot) => slot).filter((slot) => slot !== target_slot);
  const most = slots.reduce((a, b) => (full[b] > full[a] ? b : a));
  const least = slots.reduce((a, b) => (full[b] < full[a] ? b : a));
  return {
    most_pushed: names(index[most]),
    most_push: full[most],
    least_pushed: names(index[least]),
    least_push: full[least],
  };
}

/** The target's bars in the sampled gradient, and how many of the shown classes the average has reached. */
function ofTarget({ classes: { target_slot: slot }, draw, convergence, moments }) {
  const mean = convergence?.mean;
  return {
    target_gradient: draw?.gradient[slot] ?? null,
    target_mean: mean?.[slot] ?? null,
    target_expected: moments?.mean[slot] ?? null,
    reached: mean ? mean.filter((value) => value !== 0).length : null,
  };
}

const NONE = { first_name: null, first_score: null, first_correction: null, first_factor: null, first_corrected: null };

/** The first sample that counts: its score, its correction, and how many classes it stands for. */
function first(draw, names) {
  const found = draw?.sample_hit.indexOf(false) ?? -1;
  if (found < 0) return NONE;
  const score = draw.sample_score[found];
  const correction = draw.sample_correction[found];
  return {
    first_name: names(draw.sample_class[found]),
    first_score: score,
    first_correction: correction,
    first_factor: Math.exp(correction),
    first_corrected: score + correction,
  };
}
