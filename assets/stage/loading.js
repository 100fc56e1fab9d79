/** What the page needs before its first picture, loaded once for all that want it. */

import { el } from "../controls/dom.js";

/** Where another of the page's own files is. @param {string} path */
export const own = (path) => new URL(`../${path}`, import.meta.url).href;

/** Where a file or an answer of the app is: beside this module, wherever a proxy has put the app. @param {string} path */
export const beside = (path) => new URL(`../../${path}`, import.meta.url).href;

/** @type {Record<string, Promise<any>>} */
const loaded = {};

/** Load a thing once; after a failure again. */
function once(url, load) {
  loaded[url] ??= load().catch((error) => {
    delete loaded[url];
    throw error;
  });
  return loaded[url];
}

function append(src) {
  return new Promise((resolve, reject) => {
    document.head.append(
      el("script", { src, onload: () => resolve(undefined), onerror: () => reject(new Error(src)) }),
    );
  });
}

/** A script that leaves a global behind. @param {string} src */
export const script = (src) => once(src, () => append(src));

/** @param {string} url @returns {Promise<any>} */
export const json = (url) => once(url, () => fetch(url).then((answer) => answer.json()));
