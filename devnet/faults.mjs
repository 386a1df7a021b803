import { misdeeds } from './market/maker-tricks.mjs';
import { Random } from './random.mjs';

export const targets = ['rpc0', 'rpc1', 'router', 'maker', 'prices', 'venue'];
const http = ['delay_ms', 'timeout', 'error', 'rate_limit', 'garbage', 'refuse', 'drop'];
const stream = ['disconnect', 'silent', 'duplicate', 'reorder'];
const rpc = [...http, ...stream, 'lag_slots', 'null_status', 'forget', 'fork'];

/** What each target understands; anything else is refused rather than silently without effect. */
const known = {
  rpc0: rpc,
  rpc1: rpc,
  router: [...http, 'stale_price', 'jump_price', 'crossed'],
  maker: [...http, ...misdeeds, 'quote_garbage', 'quote_wrong'],
  prices: [...http, ...stream, 'stale_price', 'jump_price', 'crossed'],
  venue: http,
};

/** Faults in force, per target. */
export class Faults {
  #list = [];
  #nextId = 1;
  #random;
  #onSet = [];
  #onClear = [];
  #triggered = {};

  constructor(seed) {
    this.#random = new Random(seed + 1);
  }

  /** `handler(fault)` runs when a fault is set; what acts at once (fork, disconnect, refuse) hooks in here. */
  onSet(handler) {
    this.#onSet.push(handler);
  }

  onClear(handler) {
    this.#onClear.push(handler);
  }

  set({ target, fault, probability = 1, count = null, method = null, ...params }) {
    if (!targets.includes(target)) throw new Error(`"target" must be one of ${targets.join(', ')}`);
    if (!known[target].includes(fault))
      throw new Error(`"fault" of ${target} must be one of ${known[target].join(', ')}`);
    if (typeof probability !== 'number' || !(probability > 0 && probability <= 1))
      throw new Error('"probability" must be above 0 and at most 1');
    if (count !== null && !(Number.isInteger(count) && count > 0))
      throw new Error('"count" must be a whole number above 0');
    if (method !== null && typeof method !== 'string')
      throw new Error('"method" must be a string: an RPC method or a path');
    const entry = { id: this.#nextId++, target, fault, probability, remaining: count, method, params, triggered: 0 };
    this.#list.push(entry);
    try {
      for (const handler of this.#onSet) handler(entry);
    } catch (problem) {
      this.#list = this.#list.filter((f) => f !== entry);
      throw problem;
    }
    return entry;
  }

  clear() {
    const gone = this.#list;
    this.#list = [];
    for (const handler of this.#onClear) handler(gone);
    return gone.length;
  }

  remove(entry) {
    this.#list = this.#list.filter((f) => f !== entry);
  }

  list() {
    return this.#list.map(({ id, target, fault, probability, remaining, method, params, triggered }) =>
      ({ id, target, fault, probability, remaining, method, ...params, triggered }));
  }

  counters() {
    return this.#triggered;
  }

  /** In force at all, whatever its probability; uses nothing up. */
  standing(target, kind) {
    return this.#list.find((f) => f.target === target && f.fault === kind);
  }

  /**
   * Whether it strikes now; uses one of its count up. `method` is the RPC method or the path of what is being answered.
   */
  strikes(target, kind, method = null, accept = () => true) {
    for (const entry of this.#list) {
      if (entry.target !== target || entry.fault !== kind) continue;
      if (entry.method !== null && entry.method !== method) continue;
      if (!accept(entry)) continue;
      if (entry.probability < 1 && this.#random.next() >= entry.probability) continue;
      this.use(entry);
      return entry;
    }
    return undefined;
  }

  use(entry) {
    entry.triggered++;
    const key = `${entry.target}.${entry.fault}`;
    this.#triggered[key] = (this.#triggered[key] ?? 0) + 1;
    if (entry.remaining !== null && --entry.remaining === 0) this.remove(entry);
  }
}

/** A number among a fault's parameters, under any of the names. */
export function numberParam(entry, names, fallback) {
  for (const name of [...names, 'value']) {
    const value = entry.params[name];
    if (value === undefined) continue;
    const number = Number(value);
    if (!Number.isFinite(number)) throw new Error(`"${name}" must be a number`);
    return number;
  }
  return fallback;
}
