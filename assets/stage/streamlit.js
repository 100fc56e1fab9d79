/** The component: what Streamlit calls, and one explorer for each place where it does. */

import { Explorer } from "./explorer.js";
import { served } from "./line.js";

/** @type {WeakMap<object, Explorer>} */
const instances = new WeakMap();

/** Called by Streamlit for every new answer; the explorer itself is made once. @param {any} component */
export function mount(component) {
  const { parentElement, data } = component;
  const made = () => new Explorer(parentElement.querySelector(".ssm"), served(component), data);
  const explorer = instances.get(parentElement) ?? made();
  instances.set(parentElement, explorer);
  explorer.receive(data);
}

/** @param {any} parentElement */
export function unmount(parentElement) {
  instances.get(parentElement)?.end();
  instances.delete(parentElement);
}
