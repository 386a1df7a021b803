import { createHash } from 'node:crypto';

/** Everything that seems random comes from the seed, so that a run can be repeated. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = Number(BigInt.asUintN(32, BigInt(seed))) || 0x9e3779b9;
  }

  /** In [0, 1). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
}

/** 32 bytes that depend on nothing but the labels. */
export function derived(...labels) {
  return new Uint8Array(createHash('sha256').update(labels.join('\u0000')).digest());
}
