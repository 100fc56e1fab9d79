/** The line to the server: a websocket that Streamlit opens, and opens again by itself after it was cut. */

import { beside } from "./loading.js";

const HEALTH = "_stcore/health";
const STATE = "data-test-connection-state"; // on the element of the whole app; a browser test holds that it is there

/** Call `back` each time the line is up again. @param {Element} inside the app @param {() => void} back @param {AbortSignal} signal */
export function onceBack(inside, back, signal) {
  const app = inside.closest(`[${STATE}]`);
  const isUp = () => app.getAttribute(STATE) === "CONNECTED";
  let up = isUp();
  const observer = new MutationObserver(() => {
    const was = up;
    up = isUp();
    if (up && !was) back();
  });
  observer.observe(app, { attributeFilter: [STATE] });
  signal.addEventListener("abort", () => observer.disconnect());
}

/** Whether the page may read the cookie that an upload must carry: a frame of another site has none, a sandboxed one may not ask. */
export function hasCookie() {
  try {
    return /(^|; )_streamlit_xsrf=/.test(document.cookie);
  } catch {
    return false;
  }
}

/** Whether the server answers at all. */
export async function isAlive() {
  try {
    return (await fetch(beside(HEALTH), { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
