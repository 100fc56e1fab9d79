/** Spike against forest, at any number of classes: the series of ssm.explorer.figures.masses. */

const PULL = 0; // rows, from the top
const PUSHES = 1;

/** The pull, the pushes of the shown classes from the largest on, and those of all others as one. @param {any} view @param {(c: number) => string} names */
export function masses({ classes }, names) {
  const { full, index, target_slot, spike, hidden } = classes;
  const size = (slot) => Math.fround(full[slot]); // what differs by rounding alone is equal
  const slots = index.map((_c, slot) => slot).filter((slot) => slot !== target_slot);
  slots.sort((a, b) => size(b) - size(a) || index[a] - index[b]);
  const pushes = slots.map((slot) => full[slot]);
  const stacked = [0];
  for (const push of pushes) stacked.push(stacked.at(-1) + push);
  const rest = hidden ? [-spike - stacked.at(-1)] : [];
  return {
    pull_at: [PULL],
    pull_mass: [-spike],
    push_at: pushes.map(() => PUSHES),
    push_base: stacked.slice(0, -1),
    push_mass: pushes,
    push_names: slots.map((slot) => names(index[slot])),
    pushed_rest_at: rest.map(() => PUSHES),
    pushed_rest_base: rest.map(() => stacked.at(-1)),
    pushed_rest: rest,
  };
}
