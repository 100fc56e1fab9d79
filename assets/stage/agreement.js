/** Two views held against each other: the page's own and torch's. */

const SMALL = 1e-3; // a number below it may be what rounding leaves of larger ones, and is held in parts of this

/** The largest relative difference |a - b| / max(|a|, |b|) over all that both have; 1 where only one has a number. */
export function apart(page, torch) {
  if (page === null || torch === null || page === undefined || torch === undefined)
    return (page ?? null) === (torch ?? null) ? 0 : 1;
  if (typeof page === "number" && typeof torch === "number") return relative(page, torch);
  if (typeof page !== "object") return page === torch ? 0 : 1;
  return Array.isArray(page) ? overList(page, torch) : overGroup(page, torch);
}

/** At most 2, however large the numbers: the quotients are subtracted, and not the numbers. */
function relative(page, torch) {
  const size = Math.max(Math.abs(page), Math.abs(torch), SMALL);
  return Math.abs(page / size - torch / size);
}

function overList(page, torch) {
  if (page.length !== torch.length) return 1;
  return page.reduce((most, value, i) => Math.max(most, apart(value, torch[i])), 0);
}

/** What only one of the two computed is left out: the page leaves groups to torch. */
function overGroup(page, torch) {
  const shared = Object.keys(page).filter((name) => name in torch && !(isGroup(page[name]) !== isGroup(torch[name])));
  return shared.reduce((most, name) => Math.max(most, apart(page[name], torch[name])), 0);
}

const isGroup = (value) => typeof value === "object" && value !== null;
