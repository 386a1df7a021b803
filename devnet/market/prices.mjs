import { EventEmitter } from 'node:events';
import { tokens } from './tokens.mjs';

export const priceScale = 18;
const one = 10n ** BigInt(priceScale);

/** "0.5" or 0.5 → integer scaled by 10^18; throws with a sentence where it is no positive decimal. */
export function parsePrice(value) {
  const text = typeof value === 'number' || typeof value === 'bigint' ? plainDecimal(value) : value;
  const match = typeof text === 'string' ? /^(\d{1,20})(?:\.(\d{1,18}))?$/.exec(text) : null;
  const scaled = match ? BigInt(match[1]) * one + BigInt((match[2] ?? '').padEnd(priceScale, '0')) : 0n;
  if (scaled <= 0n)
    throw new Error(`a price must be a positive decimal with at most 18 places, not ${JSON.stringify(String(value))}`);
  return scaled;
}

function plainDecimal(value) {
  const text = String(value);
  const exponent = /^(\d)(?:\.(\d+))?e-(\d+)$/.exec(text);
  return exponent ? `0.${'0'.repeat(Number(exponent[3]) - 1)}${exponent[1]}${exponent[2] ?? ''}` : text;
}

export function formatPrice(scaled) {
  const digits = scaled.toString().padStart(priceScale + 1, '0');
  const fraction = digits.slice(-priceScale).replace(/0+$/, '');
  return digits.slice(0, -priceScale) + (fraction ? `.${fraction}` : '');
}

/** The one book of prices that stream, router and maker all use. Event: `price` (mint). */
export class Prices extends EventEmitter {
  #entries = new Map();

  constructor() {
    super();
    this.setMaxListeners(0);
    for (const token of tokens) {
      if (token.priceUsd === undefined) continue;
      this.#entries.set(token.mint, { token, scaled: parsePrice(token.priceUsd), previousPublishTime: 0, conf: null,
        ageMs: 0 });
    }
  }

  entries() {
    return [...this.#entries.values()];
  }

  entry(mint) {
    return this.#entries.get(mint);
  }

  scaled(mint) {
    return this.#entries.get(mint)?.scaled;
  }

  /**
   * `conf` is in USD like the price; `ageMs` makes every update that much older than now. Both hold until the next
   * call.
   */
  set(mint, { scaled, conf = null, ageMs = 0 }) {
    Object.assign(this.#entries.get(mint), { scaled, conf, ageMs });
    this.emit('price', mint);
  }
}
