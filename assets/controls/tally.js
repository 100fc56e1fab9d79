/** How often each class was drawn, as the chips of a draw say it; pure. */

/**
 * The first samples by class, in the order they came: how often each was drawn in all, and whether it hit the target.
 * Of a class without a bar that is known only while the view lists all samples; else the chip says no number.
 * @param {any} view
 */
export function tally({ classes, draw }) {
  const slots = new Map(classes.index.map((c, slot) => [c, slot]));
  const listed = draw.samples <= draw.sample_class.length;
  const found = new Map();
  draw.sample_class.forEach((c, i) => {
    const { count } = found.get(c) ?? { count: 0 };
    const known = slots.has(c) ? draw.count[slots.get(c)] : listed ? count + 1 : 1;
    found.set(c, { c, count: known, hit: draw.sample_hit[i] });
  });
  return [...found.values()];
}
