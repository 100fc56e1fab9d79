/** The page inside another: it says how high it is, plays while its slide is shown, and takes neither focus nor wheel. */

const USUAL = 560,
  LOWER = 700,
  UPPER = 800; // px that all panels together have; the latter two are within the limits of every form

/** The lower end of what is on the page, with the room below it. @param {HTMLElement} host */
function lowerEnd(host) {
  let end = host.getBoundingClientRect().bottom;
  for (let node = host.parentElement; node; node = node.parentElement)
    end += node.scrollTop + Number.parseFloat(getComputedStyle(node).paddingBottom);
  return Math.ceil(end);
}

/**
 * The height that the page asks for, which is not that of its window: else a host that gives it what it asks for would
 * be asked for more. The panels then fill the window that there is.
 *
 * @param {HTMLElement} host @param {HTMLElement} panels
 */
function fitted(host, panels) {
  const leave = (all) => panels.style.setProperty("--ssm-rest", `calc(100vh - ${all}px)`);
  const heightWith = (all) => {
    leave(all);
    return lowerEnd(host);
  };
  const height = heightWith(USUAL),
    lower = heightWith(LOWER),
    growth = (heightWith(UPPER) - lower) / (UPPER - LOWER);
  leave(growth ? LOWER + (innerHeight - lower) / growth : USUAL);
  return height;
}

/** Tell the page around this one how high it is, whenever that changes. @param {HTMLElement} host @param {HTMLElement} panels @param {AbortSignal} signal */
export function announce(host, panels, signal) {
  if (window.parent === window) return;
  let last = 0;
  const tell = () => {
    const height = fitted(host, panels);
    if (height === last) return;
    last = height;
    window.parent.postMessage({ height }, "*");
    window.parent.postMessage({ subject: "lti.frameResize", height }, "*");
  };
  const resized = new ResizeObserver(tell);
  resized.observe(host);
  addEventListener("resize", tell, { signal });
  signal.addEventListener("abort", () => resized.disconnect());
}

/** A slide deck says when the slide with this page comes and goes. @param {{start: () => void, stop: () => void}} acts @param {AbortSignal} signal */
export function onSlides({ start, stop }, signal) {
  const hear = ({ source, data }) => {
    if (source !== window.parent) return;
    if (data === "slide:start") start();
    if (data === "slide:stop") stop();
  };
  addEventListener("message", hear, { signal });
}

/** Act once when a part of the page is first seen, in whatever frame it is. @param {Element} node @param {() => void} act @param {AbortSignal} signal */
export function onceSeen(node, act, signal) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    observer.disconnect();
    act();
  });
  observer.observe(node);
  signal.addEventListener("abort", () => observer.disconnect());
}
