/** What the page remembers on this machine. A browser that forbids storage, as in a sandboxed frame, remembers nothing. */

/** @param {string} key @param {"localStorage"|"sessionStorage"} where the latter is this tab's alone @returns {string|null} */
export function recall(key, where = "localStorage") {
  try {
    return window[where].getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value @param {"localStorage"|"sessionStorage"} where as in `recall` */
export function remember(key, value, where = "localStorage") {
  try {
    window[where].setItem(key, value);
  } catch {
    // nothing is remembered
  }
}
