/** Tools of the panels: the heads of the columns, the switches in them, the zoom of a scale, a way back from a drag. */

import { button, el, icon } from "../controls/dom.js";
import { GRIPS } from "./grips.js";

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

/** @typedef {{name: string, tools: string[], scale: string, grip: string|null, figure: import("./panel_figure.js").PanelFigure}} Wearer a panel */

export class Tools {
  /** @type {any[]} */ heads;
  #wearers;
  #columns;
  #switches;
  /** A way back for each setting that bars change. @type {Map<string, any>} */ #undoers = new Map();
  #zoomer;
  #scale;
  #zoom = 1;

  /**
   * @param {Wearer[]} wearers @param {import("./layout.js").Layout|null} layout @param {Record<string, any>} switches
   * @param {{change: (patch: any) => void, zoomed: () => void}} acts
   */
  constructor(wearers, layout, switches, { change, zoomed }) {
    this.#wearers = wearers;
    this.#columns = layout?.columns ?? [];
    this.#switches = switches;
    this.heads = this.#columns.map(([head], i) => headOf(head, i));
    this.#scale = wearers.find(({ tools }) => tools.includes("zoom"))?.scale;
    this.#zoomer = button("", () => this.#zoomOn(zoomed));
    for (const { grip, figure } of wearers) if (grip) this.#offerUndo(GRIPS[grip].writes, figure, change);
    this.#sayZoom();
  }

  #offerUndo(setting, figure, change) {
    const undo = undoer(() => change({ [setting]: [] }));
    this.#undoers.set(setting, undo);
    figure.tools.append(undo);
  }

  /** In columns tools sit in the heads of the columns, else in those of the panels; on a phone switches are in the drawer. */
  place(form, columns) {
    for (const wearer of this.#wearers)
      for (const tool of wearer.tools) {
        const node = this.#switches[tool] ?? this.#zoomer;
        if (form !== "phone" || node === this.#zoomer)
          (columns ? this.#headOver(wearer) : wearer.figure.tools).append(node);
      }
  }

  #headOver({ name }) {
    return this.heads[this.#columns.findIndex(([, names]) => names.includes(name))];
  }

  /** @param {any} settings @param {Set<string>} fixed those that a frame keeps as they are */
  show(settings, fixed) {
    for (const [setting, undo] of this.#undoers) undo.hidden = settings[setting].length === 0 || fixed.has(setting);
  }

  /** Axes with the values of the panels that share the scale drawn larger. @param {any} axes */
  zoomed(axes) {
    if (this.#zoom === 1) return axes;
    const [low, high] = axes.values[this.#scale];
    return { ...axes, values: { ...axes.values, [this.#scale]: [low / this.#zoom, high / this.#zoom] } };
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
