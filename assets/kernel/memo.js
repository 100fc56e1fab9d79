/** What was made before of the same things, kept from call to call in an object of the caller's. */

/** @typedef {import("../types").Memo} Memo */

/**
 * What was made of the same things before, or is made of them now.
 * @template T
 * @param {Memo} memo @param {string} name @param {unknown[]} parts compared one by one, by identity
 * @param {(old: T | undefined) => T} make may use the room of what it made before
 * @returns {T}
 */
export function recall(memo, name, parts, make) {
  const old = memo[name];
  if (old && old.parts.length === parts.length && old.parts.every((part, i) => part === parts[i])) {
    return /** @type {T} */ (old.found);
  }
  const found = make(/** @type {T | undefined} */ (old?.found));
  memo[name] = { parts, found };
  return found;
}
