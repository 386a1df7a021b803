/** Sends messages of a stream through the faults of its target: silent, duplicate, reorder, garbage, disconnect. */
export class FaultyStream {
  #faults;
  #target;
  #write;
  #close;
  #held = null;

  constructor({ faults, target, write, close }) {
    this.#faults = faults;
    this.#target = target;
    this.#write = write;
    this.#close = close;
  }

  /** `method` is what a fault's `method` is compared with. */
  send(message, method) {
    if (this.#strikes('silent', method)) return;
    if (this.#strikes('disconnect', method)) return this.#close();
    if (this.#strikes('garbage', method)) return this.#write('{"\u0000\ufffd<html>');
    if (this.#held === null && this.#strikes('reorder', method)) {
      this.#held = message;
      return;
    }
    const copies = this.#strikes('duplicate', method) ? 2 : 1;
    for (let i = 0; i < copies; i++) this.#write(message);
    if (this.#held !== null) {
      this.#write(this.#held);
      this.#held = null;
    }
  }

  #strikes(kind, method) {
    return this.#faults.strikes(this.#target, kind, method);
  }
}
