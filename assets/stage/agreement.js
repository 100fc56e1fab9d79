/** Two views held against each other: the page's own and torch's. */

/** The largest relative difference |a - b| / max(1, |b|) over all that both have; Infinity where only one has a number. */
export function apart(page, torch) {
  if (page === null || torch === null || page === undefined || torch === undefined)
    return (page ?? null) === (torch ?? null) ? 0 : Infinity;
  if (typeof page === "number" && typeof torch === "number")
    return Math.abs(page - torch) / Math.max(1, Math.abs(torch));
  if (typeof page !== "object") return page === torch ? 0 : Infinity;
  return Array.isArray(page) ? overList(page, torch) : overGroup(page, torch);
}

function overList(page, torch) {
  if (page.length !== torch.length) return Infinity;
  return page.reduce((most, value, i) => Math.max(most, apart(value, torch[i])), 0);
}

/** What only one of the two computed is left out: the page leaves groups to torch. */
function overGroup(page, torch) {
  const shared = Object.keys(page).filter((name) => name in torch && !(isGroup(page[name]) !== isGroup(torch[name])));
  return shared.reduce((most, name) => Math.max(most, apart(page[name], torch[name])), 0);
}

const isGroup = (value) => typeof value === "object" && value !== null;
