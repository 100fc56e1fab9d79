/** What the page and the server speak of: the same names as the records of ssm.explorer. */

export type Pairs = [number, number][];

export interface Settings {
  problem: string;
  table?: string;
  classes: number;
  spread: number;
  target: number;
  edits: Pairs;
  samples: number;
  noise: string;
  power: number;
  temperature: number;
  weights: Pairs;
  estimator: string;
  hits: string;
  draws: number;
  seed: number;
  device: string;
  draw: number;
  average: string;
  view: string;
  scale: string;
  tolerance?: number;
  batch?: number;
  dim?: number;
  losses?: string[];
  negatives?: number;
  examples?: number;
  width?: number;
}

export interface Problem {
  names: (c: number) => string;
  scores: Float64Array;
  counts: Float64Array | null;
  base?: Float64Array;
  edits?: Pairs;
}

export interface Constants {
  SHOWN_ALL: number;
  SHOWN: number;
  SHOWN_TOP: number;
  LEARNED_ALL: number;
  WATCHED: number;
  TERMS: number;
  BLOCKS: number;
  DOTS: number;
  MASS_ENDS: number[];
  RANK_GROWTH: number;
  CHECKPOINT_GROWTH: number;
  OTHER_SEEDS: number;
  OTHER_SEEDS_WORK: number;
  STEP_ROWS: number;
  STEP_SAMPLES: number;
}

export interface Budget {
  samples: number;
  classes: number;
  exponentials: number;
}

export type Memo = Record<string, { parts: unknown[]; found: unknown } | undefined>;

export interface Options {
  constants: Constants;
  needs?: string[] | null;
  budget?: Budget;
  memo?: Memo;
  keep?: number[] | null;
}

export interface Classes {
  index: number[];
  score: number[];
  probability: number[];
  noise: number[];
  full: number[];
  hidden: number;
  n: number;
  target: number;
  target_slot: number;
  norm_full: number;
  score_target: number;
  probability_target: number;
  noise_target: number;
  spike: number;
  loss_full: number;
  chi2: number | null;
  noise_scores: number;
}

export interface Draw {
  count: number[];
  correction: (number | null)[];
  corrected: (number | null)[];
  gradient: number[];
  sample_class: number[];
  sample_hit: boolean[];
  sample_score: number[];
  sample_correction: (number | null)[];
  sample_gradient: number[];
  block_class: number[];
  block_gradient: number[];
  block_rest: number;
  dot_class: number[];
  dot_rank: number[];
  dot_gradient: number[];
  draw: number;
  samples: number;
  loss_draw: number;
  kept: number;
  hit_count: number;
  target_correction: number | null;
  target_drawn: number;
  effective: number;
  computed: number;
  touched: number;
  error_draw: number;
  relative_draw: number | null;
}

export interface Extent {
  corrected_low: number | null;
  corrected_high: number | null;
  gradient_low: number;
  gradient_high: number;
  weight_high: number | null;
}

export interface Convergence {
  mean: number[];
  checkpoints: number[];
  errors: number[];
  others: number[][];
  watched: number[];
  watched_full: number[];
  watched_mean: number[][];
  extent: Extent;
  draws: number;
  averaged: number;
  loss_mean: number;
  error_mean: number;
  relative_mean: number | null;
}

export interface Moments {
  mean: number[];
  variance: number[];
  watched_exact: number[];
  bias: number;
  relative_bias: number | null;
  variance_total: number;
  loss_exact: number;
}

export interface Ranked {
  rank: number[];
  score: number[];
  noise: number[];
  full: (number | null)[];
  mass: number[];
  mass_from: (number | null)[];
  mass_to: (number | null)[];
}

export interface Curves {
  k: number[];
  noises: string[];
  chi2: (number | null)[];
  drawing: number[];
  bias: (number | null)[][];
  spread: (number | null)[][];
  error: (number | null)[][];
  gap: number[][];
  bias_expansion: (number | null)[][];
  gap_expansion: (number | null)[][];
}

export interface Estimators {
  one: number[][];
  average: number[][];
  expected: (number | null)[][];
  apart: (number | null)[];
  apart_relative: (number | null)[];
  scatter: (number | null)[];
  loss_one: number[];
  loss_expected: (number | null)[];
}

export interface Learned {
  learned_class: number[];
  truth: number[];
  learned_noise: number[];
  models: (number | null)[][];
  divergence: (number | null)[];
  learned_with: number;
  learned_samples: number[];
  divergences: (number | null)[][];
  least_samples: number;
  left_out: number;
}

export interface Steps {
  label: number[];
  sample: number[];
  row: number[];
  row_touched: boolean[];
  embedding: number[][];
  weight: number[][];
  target_score: number[][];
  sample_score: number[][];
  hit: boolean[][];
  correction: (number | null)[][];
  corrected_score: (number | null)[][];
  candidate: (number | null)[][];
  loss: number[][];
  score_gradient: number[][];
  embedding_gradient: number[][];
  weight_gradient: (number | null)[][];
  reversed_loss: (number | null)[][];
  reversed_gradient: (number | null)[][];
  samples_shown: number;
  rows_shown: number;
  hit_total: number;
  hit_examples: number;
  empty_examples: number;
  products: number;
  kept_correction: number | null;
  batch_loss: number;
  batch_loss_full: number;
  rows_touched: number;
  row_bytes: number;
  sparse_bytes: number;
  dense_bytes: number;
  dense_many: number;
  reversed_batch_loss: number | null;
  reversed_rows: number;
  reversed_after: number;
  reversed_apart: number | null;
  snippet: string;
}

export interface View {
  classes: Classes;
  draw: Draw;
  convergence: Convergence;
  moments: Moments | null;
  ranked: Ranked | null;
  curves: Curves | null;
  estimators: Estimators | null;
  learned: Learned | null;
  steps: Steps | null;
}

declare global {
  interface Window {
    // biome-ignore lint/suspicious/noExplicitAny: the vendored bundle comes without types
    Plotly: any;
  }
}
