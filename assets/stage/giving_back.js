/** A table that the server has lost, on its way back: sent again while no answer comes, for Streamlit may lose it in a bad moment. */

export const PAUSE = 5_000; // ms before it is sent once more; then twice as long, for what is sent ends what the server is at

export class GivingBack {
  #send;
  #signal;
  /** @type {any} */ #timer = 0;

  /** @param {(table: string) => void} send @param {AbortSignal} signal nothing is sent after that */
  constructor(send, signal) {
    this.#send = send;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.stop());
  }

  /** @param {string} table */
  start(table) {
    this.stop();
    this.#again(table, PAUSE);
  }

  /** An answer has come. */
  stop() {
    clearTimeout(this.#timer);
  }

  #again(table, pause) {
    if (this.#signal.aborted) return;
    this.#send(table);
    this.#timer = setTimeout(() => this.#again(table, 2 * pause), pause);
  }
}
