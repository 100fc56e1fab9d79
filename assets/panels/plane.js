/** Where values lie in a panel: pure functions of a range and a box. */

/**
 * One axis: `at` gives the pixels of a value, `back` the value of pixels. Logarithmic ranges are decimal logarithms.
 * @param {[number, number]} range @param {number} pixels
 */
export function scale([low, high], pixels, log = false, flipped = false) {
  const per = pixels / (high - low);
  const at = (value) => {
    const along = ((log ? Math.log10(value) : value) - low) * per;
    return flipped ? pixels - along : along;
  };
  const back = (px) => {
    const value = low + (flipped ? pixels - px : px) / per;
    return log ? 10 ** value : value;
  };
  return { at, back, low, high, pixels, log };
}

/**
 * The plane of a panel. Across, places run to the right and values upwards; turned, places run down and values to the
 * right.
 */
export function plane(spec, ranges, box, turned) {
  const log = { along: spec.along_axis === "log", value: spec.value_axis === "log" };
  const along = scale(ranges.along, turned ? box.height : box.width, log.along);
  const value = scale(ranges.value, turned ? box.width : box.height, log.value, !turned);
  const point = turned ? (a, v) => [value.at(v), along.at(a)] : (a, v) => [along.at(a), value.at(v)];
  return { along, value, point, turned, key: [...ranges.along, ...ranges.value, box.width, box.height, turned].join() };
}

/** The rectangle between two places and two values, in px of the box. */
export function rectangle(on, [from, to], [low, high]) {
  const [x0, y0] = on.point(from, low);
  const [x1, y1] = on.point(to, high);
  return { x: Math.min(x0, x1), y: Math.min(y0, y1), w: Math.abs(x1 - x0), h: Math.abs(y1 - y0) };
}

/** Whether two rectangles share more than an edge, with `room` px between them. */
export const meets = (a, b, room = 0) =>
  a.x < b.x + b.w + room && b.x < a.x + a.w + room && a.y < b.y + b.h + room && b.y < a.y + a.h + room;

/** Whether a rectangle lies inside another. */
export const inside = (a, b) => a.x >= b.x && a.y >= b.y && a.x + a.w <= b.x + b.w && a.y + a.h <= b.y + b.h;

/** Places for things of one size along a line: near where they want to be, apart, within the ends. */
export function spread(wanted, room, low, high) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b] || a - b);
  const placed = wanted.slice();
  let last = -Infinity;
  for (const i of order) placed[i] = last = Math.max(low, wanted[i], last + room);
  last = high + room;
  for (const i of order.reverse()) placed[i] = last = Math.min(placed[i], last - room);
  return placed;
}
