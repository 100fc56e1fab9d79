/** The line to what answers: a server that Streamlit reaches by a websocket, which opens again by itself after it was cut. */

import { isEmbedded, writeLink, writePlace } from "./address.js";
import { carryOn } from "./bar.js";
import { beside, json, own, script } from "./loading.js";

const PLOTLY = "vendor/plotly-basic.min.js";
const HEALTH = "_stcore/health";
const STATE = "data-test-connection-state"; // on the element of the whole app; a browser test holds that it is there

// Those of every stage that this page has had: Streamlit may mount one anew, and the server may have lost a table.
const HELD = new Map();

/**
 * @typedef {object} Line what stands behind the stage: a server, or nothing but the file that it is in
 * @property {string} query the link that the page was opened with
 * @property {string|null} home the address below which the pages are; null where there are no others
 * @property {boolean} embedded whether the page stands inside another
 * @property {{preview: string, asking: string, slow: string, gone: string}} words on whose numbers are shown
 * @property {() => Promise<any>} spec the stage's document
 * @property {() => Promise<any>} plotly
 * @property {(url: string) => Promise<any>} problem a listing
 * @property {Map<string, any>} held problems that have come
 * @property {(question: import("./dialogue.js").Question, own: () => any) => void} ask `own`: what the page itself has for it
 * @property {(text: string) => void} table sends a table back that was lost
 * @property {(() => void)|null} load asks for a table of the viewer's own; null where none can be had
 * @property {((query: string, how: RequestInit) => Promise<any>)|null} job asks for work in the background; null where nobody does it
 * @property {() => Promise<boolean>} alive whether anything answers at all
 * @property {(inside: Element, back: () => void, signal: AbortSignal) => void} onceBack
 * @property {(query: string, frame: any) => void} write the link of what is shown
 * @property {(chapter: number) => void} place writes which chapter is open
 */

/** The line that Streamlit keeps for a component. @param {any} component @returns {Line} */
export function served({ setStateValue, setTriggerValue }) {
  return {
    query: location.search.slice(1),
    home: document.baseURI,
    embedded: isEmbedded(),
    words: {
      preview: "the page's preview, torch follows",
      asking: "asking torch…",
      slow: "torch is computing…",
      gone: "the server does not answer; these are the page's own numbers, and it is asked again",
    },
    spec: () => json(beside("stage.json")),
    plotly: () => script(own(PLOTLY)),
    problem: listing,
    held: HELD,
    ask: (question) => setStateValue("ask", question),
    table: (text) => setTriggerValue("table", text),
    load: () => setTriggerValue("own", { cookie: hasCookie() }),
    job: async (query, how) => (await fetch(beside(`job.json?${query}`), how)).json(),
    alive: isAlive,
    onceBack,
    write: (query, frame) => {
      writeLink(query, frame);
      carryOn(query);
    },
    place: writePlace,
  };
}

/** A problem as the server lists it. @param {string} url */
export async function listing(url) {
  const answer = await fetch(beside(url));
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

/** Call `back` each time the line is up again. @param {Element} inside the app @param {() => void} back @param {AbortSignal} signal */
function onceBack(inside, back, signal) {
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
function hasCookie() {
  try {
    return /(^|; )_streamlit_xsrf=/.test(document.cookie);
  } catch {
    return false;
  }
}

/** Whether the server answers at all. */
async function isAlive() {
  try {
    return (await fetch(beside(HEALTH), { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
