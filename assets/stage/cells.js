/** The cells of a tensor on the page: a grid that arrow keys walk, and a line that reads the cell under pointer or focus. */

import { el, say } from "../controls/dom.js";
import { grid, heading, moved } from "../panels/matrix.js";

export class Cells {
  /** @type {any} */ node;
  #spec;
  #name = el("b", {});
  #shape = el("span", { class: "ssm-shape" });
  #table;
  #line = el("p", { class: "ssm-cell-line" });
  /** @type {any} */ #made = null;
  /** @type {any[][]} */ #cells = [];
  /** @type {[number, number]} */ #at = [0, 0];
  #built = "";

  /** @param {import("../panels/matrix.js").Matrix} spec */
  constructor(spec) {
    this.#spec = spec;
    this.#table = el("table", { class: "ssm-cells", role: "grid" });
    const scroll = el("div", { class: "ssm-cells-scroll" }, this.#table);
    const head = el("p", { class: "ssm-matrix-head" }, this.#name, " ", this.#shape);
    this.node = el("div", { class: "ssm-matrix", "data-matrix": spec.value }, head, scroll, this.#line);
    this.#table.addEventListener("keydown", (event) => this.#key(event));
    this.#table.addEventListener("pointerover", ({ target }) => this.#read(target.closest("td")));
    this.#table.addEventListener("pointerleave", () => this.#rest());
    this.#table.addEventListener("focusin", ({ target }) => this.#enter(target.closest("td")));
    this.#table.addEventListener("focusout", () => this.#rest());
  }

  /** @param {any} view @param {Record<string, any>} numbers @param {(c: number) => string} names */
  draw(view, numbers, names) {
    const made = grid(this.#spec, view, names);
    const [name, shape] = heading(this.#spec, numbers);
    this.#made = made;
    say(this.#name, name);
    say(this.#shape, shape);
    this.#table.setAttribute("aria-label", `${name}, shape ${shape}`);
    const built = [made.rows.length, made.columns.length].join();
    if (built !== this.#built) this.#build(made);
    this.#built = built;
    this.#fill(made);
    this.#rest();
  }

  #build({ rows, columns }) {
    this.#at = [0, 0];
    this.#cells = rows.map((_, i) => columns.map((__, j) => el("td", { role: "gridcell", tabindex: i + j ? -1 : 0 })));
    const heads = columns.map(() => el("th", { scope: "col", role: "columnheader" }));
    const lines = this.#cells.map((line) =>
      el("tr", { role: "row" }, el("th", { scope: "row", role: "rowheader" }), ...line),
    );
    const first = el("tr", { role: "row" }, el("td", { role: "presentation" }), ...heads);
    this.#table.replaceChildren(el("thead", { role: "rowgroup" }, first), el("tbody", { role: "rowgroup" }, ...lines));
  }

  #fill({ rows, columns, cells }) {
    const heads = [...this.#table.querySelectorAll("thead th")];
    columns.forEach((head, j) => named(heads[j], head));
    [...this.#table.querySelectorAll("tbody th")].forEach((node, i) => named(node, rows[i]));
    cells.forEach((line, i) => line.forEach((cell, j) => filled(this.#cells[i][j], cell)));
  }

  #placeOf(td) {
    const i = this.#cells.findIndex((line) => line.includes(td));
    return i < 0 ? null : /** @type {[number, number]} */ ([i, this.#cells[i].indexOf(td)]);
  }

  #read(td) {
    const place = td && this.#placeOf(td);
    if (place) say(this.#line, this.#made.cells[place[0]][place[1]].reading);
  }

  #enter(td) {
    const place = td && this.#placeOf(td);
    if (!place) return;
    this.#cells[this.#at[0]][this.#at[1]].tabIndex = -1;
    this.#at = place;
    td.tabIndex = 0;
    this.#read(td);
  }

  /** What is focused stays read; else what is not shown. */
  #rest() {
    const focused = this.#table.contains(document.activeElement) ? document.activeElement.closest("td") : null;
    if (focused) this.#read(focused);
    else say(this.#line, this.#made?.more ?? "");
  }

  #key(event) {
    const to = moved(event.key, this.#at, [this.#cells.length, this.#cells[0]?.length ?? 0]);
    if (!to) return;
    event.preventDefault();
    this.#cells[to[0]][to[1]].focus();
  }
}

function named(node, { text, title, role }) {
  say(node, text);
  node.title = title;
  node.dataset.role = role;
}

function filled(node, { text, share, state, ink, reading }) {
  say(node, text);
  node.dataset.state = state;
  node.dataset.ink = ink;
  node.setAttribute("aria-label", reading);
  node.style.setProperty("--share", `${Math.round(60 * share)}%`);
}
