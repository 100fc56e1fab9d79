/** The series and numbers of a training; pure. The rules are those of ssm.explorer.figures.training_series. */

export const ARMS = [
  "full",
  "sampled_unigram",
  "sampled_log_uniform",
  "sampled_uniform",
  "log_q",
  "uncorrected",
  "nce",
  "negative_sampling",
];

export const PERPLEXITIES = [1_000, 10_000]; // what their axis has room for before there is any

const NONE = { steps: [], seconds: [], perplexity: [], corrected: [], loss: [], bias: [] };

/** The curve of every loss, empty for those that are not trained. */
export function trainingSeries({ training }) {
  const arms = training?.arms ?? {};
  const found = Object.assign({}, ...ARMS.map((arm) => ofArm(arm, arms[arm] ?? NONE)));
  for (const along of ["steps", "seconds"]) {
    const ends = Object.values(arms).flatMap((curve) => curve[along]);
    found[`frequencies_${along}`] = ends.length ? [Math.min(...ends), Math.max(...ends)] : [];
    found[`frequencies_over_${along}`] = ends.length ? [training.frequencies, training.frequencies] : [];
  }
  return found;
}

function ofArm(arm, { steps, seconds, perplexity, loss, bias }) {
  const measured = steps.map((_, i) => i).filter((i) => bias[i] !== null);
  return {
    [`trained_steps_${arm}`]: steps,
    [`trained_seconds_${arm}`]: seconds,
    [`perplexity_${arm}`]: perplexity,
    [`trained_loss_${arm}`]: loss,
    [`held_out_loss_${arm}`]: perplexity.map(Math.log),
    [`trained_bias_at_${arm}`]: measured.map((i) => steps[i]),
    [`trained_bias_${arm}`]: measured.map((i) => bias[i]),
  };
}

/** What texts say of a training. @returns {Record<string, any>} */
export function trainingNumbers({ training }) {
  const marked = Object.entries(training?.arms ?? {}).filter(([, curve]) => curve.steps.length);
  if (!marked.length) return { trained: 0 };
  const last = (curve) => curve.perplexity.at(-1);
  const [best, curve] = marked.reduce((a, b) => (last(b[1]) < last(a[1]) ? b : a));
  const each = marked.map(([arm, one]) => ({
    ...Object.fromEntries(NOW.map((name) => [`${name}_${arm}_now`, one[name].at(-1)])),
    [`bias_${arm}_now`]: one.bias.findLast((bias) => bias !== null) ?? null,
  }));
  const { frequencies, negatives, seed } = training;
  const whole = { trained: marked.length, best, frequencies, perplexity_best: last(curve) };
  return Object.assign(whole, { trained_negatives: negatives, trained_seed: seed }, ...each);
}

const NOW = ["steps", "perplexity", "corrected", "loss"];
