/** Settings as a link, and a view held against another. */

/** The link of some settings: every field that is not at its default. */
export function toQuery(settings, fields) {
  const spelled = Object.entries(fields).flatMap(([name, field]) => {
    const value = settings[name];
    if (value === null || value === field.default || (Array.isArray(value) && value.length === 0)) return [];
    const text = Array.isArray(value) ? value.map((pair) => pair.join(":")).join(",") : String(value);
    return [`${name}=${encodeURIComponent(text)}`];
  });
  return ["v=1", ...spelled].join("&");
}

/** The largest difference between the page's numbers and torch's, over all that both have. */
export function apart(page, torch) {
  let most = 0;
  const hold = (a, b) => {
    if (Array.isArray(a)) a.forEach((value, i) => hold(value, b[i]));
    else if (typeof a === "number" && typeof b === "number") most = Math.max(most, Math.abs(a - b));
    else if ((a ?? null) !== (b ?? null)) most = Infinity;
  };
  for (const part of ["columns", "numbers"]) {
    for (const [name, value] of Object.entries(page[part])) if (name in torch[part]) hold(value, torch[part][name]);
  }
  return most;
}
