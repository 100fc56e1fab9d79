/** The page's parts, put together: where each stands in each form, what a frame lets be seen, and what each shows. */

import { el } from "../controls/dom.js";
import { Player } from "../controls/player.js";
import { numbers } from "../panels/series.js";
import { sayInBar } from "./bar.js";
import { ControlPanel } from "./control_panel.js";
import { Page, ribbon } from "./page.js";
import { PanelGrid } from "./panel_grid.js";
import { Story } from "./story.js";

/**
 * @typedef {object} Acts
 * @property {() => any} settings
 * @property {(patch: any, live?: boolean) => void} change
 * @property {(draw: number, by: number) => void} go to a draw, `by` so many steps
 * @property {(c: number) => string} names
 * @property {(on: boolean) => void} hold the classes where they are
 * @property {() => boolean} moving whether a hand is down, or a control still moves
 * @property {() => boolean} pressed whether a hand is down
 * @property {() => void} rest the hand has left the player
 * @property {() => void} settle a step has ended
 * @property {import("./line.js").Line} line what stands behind the page
 * @typedef {{count: number, counted: boolean, all: string[]|null}} Shape
 */

export class Parts {
  /** @type {ControlPanel} */ controls;
  /** @type {PanelGrid} */ grid;
  /** @type {Player} */ player;
  /** @type {Page} */ page;
  /** @type {Story|null} */ story;
  #spec;
  #record;
  #host;
  /** @type {Acts} */ #acts;
  #sticky = el("div", { class: "ssm-sticky" });
  /** @type {any} */ #view = null;
  #late = false;

  /** @param {any} spec the stage's document @param {any} page its record @param {any} host @param {Acts} acts */
  constructor(spec, page, host, acts) {
    this.#spec = spec;
    this.#record = page;
    this.#host = host;
    this.#acts = acts;
    host.classList.add("ssm-noted");
    this.controls = this.#makeControls();
    this.player = this.#makePlayer();
    this.grid = this.#makeGrid();
    this.page = this.#makePage();
    this.story = page.chapters.length ? this.#makeStory() : null;
    const { what, word, sentence, status, readouts, facts, next, help } = this.page;
    help.hidden = !page.panels.some((name) => spec.panels.light[name].notes.length);
    const { front, drawer } = this.controls;
    const stage = [word, sentence, front, drawer, status, this.#sticky, this.grid.node, readouts];
    host.replaceChildren(what, ...(this.story?.around(stage) ?? stage), facts, next);
  }

  #makeControls() {
    const { settings, change, line } = this.#acts;
    const refuse = (sentence) => this.page.refuse(sentence);
    const acts = { settings, change, load: line.load, refuse, moved: () => this.grid?.fit() };
    return new ControlPanel(this.#spec, line.embedded, acts, this.#record.front);
  }

  #makePlayer() {
    const { go, rest, change } = this.#acts;
    return new Player({ go, rest, average: (average) => change({ average }), playing: () => this.grid.finish() });
  }

  #makeGrid() {
    const { settings, change, names, hold, moving, pressed, settle } = this.#acts;
    const tools = { scale: this.controls.switch("scale"), view: this.controls.switch("view") };
    const formed = (form) => this.#arrange(form);
    const acts = {
      settings,
      change,
      names,
      hold,
      moving,
      pressed,
      rest: settle,
      formed,
      tools,
      draw: this.player.node,
    };
    return new PanelGrid(this.#spec, this.#record, this.#host, acts);
  }

  #makePage() {
    const { change, line } = this.#acts;
    const leave = () => change({ problem: this.#spec.fields.problem.default });
    const explain = () => this.explain(!this.#host.classList.contains("ssm-noted"));
    return new Page(this.#spec, this.#record, { opened: () => this.read(), explain, line, leave });
  }

  #makeStory() {
    const { settings, change, line } = this.#acts;
    const frame = (shown) => this.frame(shown);
    const figure = (name) => this.grid.figure(name);
    return new Story(this.#spec, this.#record, { settings, change, line, frame, figure });
  }

  /** What is primary stays in reach: on a phone, samples and "Draw again" in a bar that does not scroll away. */
  #arrange(form) {
    const phone = form === "phone";
    this.controls.stow(phone);
    if (phone) this.#arrangePhone();
    else this.#arrangeWide();
  }

  #arrangePhone() {
    const { said, badge, help, readouts } = this.page;
    const { again, primary, quiet } = this.player;
    this.#sticky.append(this.controls.controls.samples.node, again, said);
    readouts.prepend(quiet, badge);
    primary.append(help);
  }

  #arrangeWide() {
    const { said, badge, help, status } = this.page;
    const { again, primary, quiet, node } = this.player;
    const { samples, classes } = this.controls.controls;
    classes.node.after(samples.node);
    primary.prepend(again);
    node.append(quiet);
    status.append(said, badge, help);
  }

  /** Notes on the picture fade at the first touch. @param {AbortSignal} signal */
  watch(signal) {
    const touched = ({ target }) => target.closest(".ssm-explain") || this.explain(false);
    for (const kind of ["pointerdown", "keydown"]) this.#host.addEventListener(kind, touched, { signal });
    this.grid.watch(signal);
    this.story?.watch(signal);
  }

  /** Notes on the picture: there on the first view, gone at the first touch, back by "?". @param {boolean} on */
  explain(on) {
    if (this.#host.classList.contains("ssm-noted") === on) return;
    this.#host.classList.toggle("ssm-noted", on);
    this.grid.again();
  }

  /** What a page, a chapter, a teacher or an embedder lets be seen and changed. @param {any} frame */
  frame(frame) {
    this.controls.frame(frame);
    this.grid.frame(frame);
    this.player.node.classList.toggle("ssm-playerless", !frame.player);
    this.player.quiet.hidden = !frame.player;
    for (const node of [this.player.node, this.player.again]) node.hidden = frame.hidden.includes("draw");
    if (frame.locked.includes("draw")) this.player.lock();
    this.page.sentence.hidden = !frame.sentence;
    this.page.tell(frame.note);
    this.story?.open(frame);
  }

  // -------------------------------------------------------------- show

  /** Controls say what the settings are. @param {any} settings @param {Shape} shape */
  choose(settings, shape) {
    this.controls.show(settings, { ...shape, names: this.#acts.names });
    this.player.set(settings.draw, settings.draws, settings.average);
    this.page.showTable(settings.problem === "own" ? shape.count : null);
    sayInBar(ribbon(settings, shape.count, this.#spec.fields));
  }

  /**
   * Panels and texts show a view.
   * @param {any} view @param {any} from the view that one step led from, or null @param {Set<string>} late groups of the
   *   view that torch has yet to compute anew: what speaks of them stays as it is
   */
  show(view, from, late) {
    this.#view = view;
    this.#late = late.size > 0;
    this.page.hold(this.#late);
    this.grid.show(view, from, this.player.pace, late);
    this.read();
  }

  read() {
    const { names, settings } = this.#acts;
    if (!this.#view) return;
    const known = numbers(this.#view, settings(), names);
    this.page.read(this.#view, known, names);
    if (!this.#late) this.story?.read(known);
    if (this.#view.draw) this.player.chips.show(this.#view, names);
  }
}
