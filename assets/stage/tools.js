/** Tools of the panels: the heads of the columns, the switches in them, the zoom of the gradients, a way back from a drag. */

import { button, el, icon } from "../controls/dom.js";

const HEADS = ["Noise", "Scores", "Gradient", "Convergence"];
const ZOOMS = [1, 4, 16];
const UNDO = "Undo dragged bars";
const BACK = "M8 4v3h4a5 5 0 0 1 0 10H6v-2h6a3 3 0 0 0 0-6H8v3L3 8z";

function headOf(name, i) {
  const attributes = { class: "ssm-column", role: "heading", "aria-level": "2", "data-column": i + 1 };
  return el("div", attributes, el("span", { class: "ssm-column-name" }, el("b", {}, String(i + 1)), ` ${name}`));
}

function undoer(onclick) {
  const attributes = { type: "button", class: "ssm-button", "aria-label": UNDO, title: UNDO, hidden: true, onclick };
  return el("button", attributes, icon(BACK));
}

export class Tools {
  heads = HEADS.map(headOf);
  #figures;
  #switches;
  #undoEdits;
  #undoWeights;
  #zoomer;
  #zoom = 1;

  /**
   * @param {Record<string, import("./panel_figure.js").PanelFigure>} figures @param {{scale: any, view: any}} switches
   * @param {{change: (patch: any) => void, zoomed: () => void}} acts
   */
  constructor(figures, switches, { change, zoomed }) {
    this.#figures = figures;
    this.#switches = switches;
    this.#undoEdits = undoer(() => change({ edits: [] }));
    this.#undoWeights = undoer(() => change({ weights: [] }));
    this.#zoomer = button("", () => this.#zoomOn(zoomed));
    figures.scores_full.tools.append(this.#undoEdits);
    figures.noise.tools.append(this.#undoWeights);
    this.#sayZoom();
  }

  /** In columns tools sit in the heads of the columns, else in those of the panels; on a phone switches are in the drawer. */
  place(form, columns) {
    const [, second, third, fourth] = this.heads;
    const { scores_sampled: scores, gradient_sampled: gradient, convergence } = this.#figures;
    (columns ? third : gradient.tools).append(this.#zoomer);
    if (form === "phone") return;
    (columns ? second : scores.tools).append(this.#switches.scale);
    (columns ? fourth : convergence.tools).append(this.#switches.view);
  }

  /** @param {any} settings */
  show({ edits, weights }) {
    this.#undoEdits.hidden = edits.length === 0;
    this.#undoWeights.hidden = weights.length === 0;
  }

  /** Axes with the values of both gradient panels drawn larger. @param {any} axes */
  zoomed(axes) {
    if (this.#zoom === 1) return axes;
    const [low, high] = axes.values.gradient;
    return { ...axes, values: { ...axes.values, gradient: [low / this.#zoom, high / this.#zoom] } };
  }

  #zoomOn(zoomed) {
    this.#zoom = ZOOMS[(ZOOMS.indexOf(this.#zoom) + 1) % ZOOMS.length];
    this.#sayZoom();
    zoomed();
  }

  #sayZoom() {
    this.#zoomer.replaceChildren(el("span", { class: "ssm-zoom-word" }, "zoom "), `×${this.#zoom}`);
    this.#zoomer.setAttribute("aria-label", `zoom of both gradients: ×${this.#zoom}`);
  }
}
