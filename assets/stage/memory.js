/** What the page remembers on this machine. A browser that forbids storage, as in a sandboxed frame, remembers nothing. */

/** @param {string} key @returns {string|null} */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // nothing is remembered
  }
}
