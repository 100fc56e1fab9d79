/**
 * The dialogue with the server: what is asked and when, which answer counts, and what holds while none comes. A state
 * machine without DOM: clock, transport and picture are handed in as doors, so that a test can be all three.
 */

export const REST = 140; // ms without a change, by keys or wheel, before the server is asked
export const RELEASE = 10; // ms in which the events of one release follow one another
export const PATIENCE = 300; // ms of waiting after which the page says what it waits for
export const PROBE = 4000; // ms without an answer before the page looks whether the server is there

/**
 * @typedef {{ask: number, query: string, first?: boolean}} Question
 * @typedef {{ask: number, serial: string, error: string|null}} Answer
 * @typedef {"preview"|"asking"|"settled"|"refused"} State
 * @typedef {object} Doors
 * @property {(ms: number, act: () => void) => any} after a timer; gives what `cancel` takes
 * @property {(timer: any) => void} cancel
 * @property {(act: () => void) => void} frame runs `act` before the next picture
 * @property {() => string} query the link of the settings as they are now
 * @property {(question: Question) => void} send
 * @property {() => Promise<boolean>} alive whether the server answers at all
 * @property {() => boolean} preview draw the page's own numbers; false where the page cannot compute them
 * @property {() => boolean} busy whether the picture moves by itself: answers wait until it rests
 * @property {(answer: any) => void} adopt
 * @property {(answer: any) => void} refuse
 * @property {(state: State, more: {slow: boolean, gone: boolean}) => void} status
 */

export class Dialogue {
  /** @type {Doors} */ #doors;
  #asked = 0;
  /** @type {Question|null} */ #pending = null;
  /** @type {any} */ #held = null;
  /** @type {string|null} */ #serial = null;
  #down = false;
  #released = false;
  #moving = false;
  #framed = false;
  #slow = false;
  #gone = false;
  /** @type {State} */ #state = "asking";
  /** @type {Map<string, any>} */ #timers = new Map();

  /** @param {Doors} doors @param {number} asked the number of the last question that this page has put */
  constructor(doors, asked = 0) {
    this.#doors = doors;
    this.#asked = asked;
  }

  /** Whether a question is open. */
  get waiting() {
    return this.#pending !== null;
  }

  /** Whether the hand is down. */
  get pressed() {
    return this.#down;
  }

  /** Whether the hand is down, or a control still moves. */
  get moving() {
    return this.#down || this.#moving;
  }

  // -------------------------------------------------------------- the hand

  press() {
    this.#down = true;
  }

  /** The hand lets go: whatever a control reports in the next moment belongs to this release. */
  release() {
    this.#released = this.#down;
    this.#down = false;
    this.#after("released", RELEASE, () => (this.#released = false));
    this.settle();
  }

  /** Something was chosen. `live`: the hand is still moving. */
  change(live = false) {
    const ended = this.#moving && !live && this.#released;
    this.#moving = live;
    this.#cancel("rest");
    this.#cancel("late");
    // A hand that lets go has seen its picture: torch's is drawn next, the page's own only if torch is slow.
    if (ended) this.#after("late", PATIENCE / 2, () => this.#preview());
    else this.#soon();
    if (!live) this.rest();
  }

  /** The hand rests: at once after a release, a little later after keys. */
  rest() {
    this.#moving = false;
    if (this.#released) this.#ask();
    else this.#after("rest", REST, () => this.#ask());
  }

  #soon() {
    if (this.#framed) return;
    this.#framed = true;
    this.#doors.frame(() => {
      this.#framed = false;
      this.#preview();
    });
  }

  #preview() {
    this.#cancel("late");
    this.#tell(this.#doors.preview() ? "preview" : "asking");
  }

  // -------------------------------------------------------------- ask

  /** Ask for the picture of a link that this page was opened with. @param {string} query */
  first(query) {
    if (this.#asked > 0) return;
    this.#put({ ask: ++this.#asked, query, first: true });
  }

  #ask() {
    this.#cancel("rest");
    const query = this.#doors.query();
    if (query === this.#pending?.query) return this.settle();
    this.#put({ ask: ++this.#asked, query });
  }

  /** @param {Question} question */
  #put(question) {
    this.#pending = question;
    this.#tell("asking");
    this.#after("slow", PATIENCE, () => this.#wait({ slow: true }));
    this.#watch();
    this.#doors.send(question);
  }

  #wait({ slow = this.#slow, gone = this.#gone }) {
    this.#slow = slow;
    this.#gone = gone;
    this.#tell(this.#state);
  }

  // -------------------------------------------------------------- the server is gone, and back

  #watch() {
    this.#after("probe", PROBE, () => this.#probe());
  }

  /** No answer yet: is the server slow, or gone? */
  async #probe() {
    const question = this.#pending,
      alive = await this.#doors.alive();
    if (!question || this.#pending !== question) return;
    if (!alive) this.#wait({ gone: true });
    this.#watch();
  }

  /**
   * The line to the server was cut and is back: a question may be lost with it, and a server that has started again
   * knows only what Streamlit remembers of an earlier one. So it is asked; what a hand is about to ask comes by itself.
   */
  back() {
    const lost = this.#pending;
    if (!lost && this.#serial === null) return;
    this.#pending = null;
    this.#slow = this.#gone = false;
    if (!this.#moving && !this.#timers.has("rest"))
      this.#put({ ...lost, query: lost?.query ?? this.#doors.query(), ask: ++this.#asked });
  }

  // -------------------------------------------------------------- answers

  /** An answer of the server: adopted unless it is old; kept back while the hand is down. @param {Answer} answer */
  receive(answer) {
    if (answer.serial === this.#serial) return;
    this.#held = answer;
    this.settle();
  }

  /** Adopt what was kept back, if nothing moves any more. */
  settle() {
    const answer = this.#held;
    if (!answer || this.#isBusy()) return;
    this.#held = null;
    if (answer.ask < this.#asked) return;
    this.#serial = answer.serial;
    this.#asked = answer.ask;
    this.#close();
    this.#tell(answer.error ? "refused" : "settled");
    if (answer.error) this.#doors.refuse(answer);
    else this.#doors.adopt(answer);
  }

  /** A hand is down, a picture moves, or a newer change is about to be asked. */
  #isBusy() {
    return this.#down || this.#moving || this.#timers.has("rest") || this.#doors.busy();
  }

  /** No question is open any more. */
  #close() {
    this.#pending = null;
    this.#slow = this.#gone = false;
    for (const name of ["slow", "late", "probe", "rest"]) this.#cancel(name);
  }

  end() {
    this.#close();
    this.#cancel("released");
  }

  // -------------------------------------------------------------- timers, status

  /** @param {string} name @param {number} ms @param {() => void} act */
  #after(name, ms, act) {
    this.#cancel(name);
    const timer = this.#doors.after(ms, () => {
      this.#timers.delete(name);
      act();
    });
    this.#timers.set(name, timer);
  }

  /** @param {string} name */
  #cancel(name) {
    if (this.#timers.has(name)) this.#doors.cancel(this.#timers.get(name));
    this.#timers.delete(name);
  }

  /** @param {State} state */
  #tell(state) {
    this.#state = state;
    this.#doors.status(state, { slow: this.#slow, gone: this.#gone });
  }
}
