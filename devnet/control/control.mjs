import { addressBytes } from '../base58.mjs';
import { HttpError, Service, jsonBody } from '../http.mjs';
import { tokens, tokenByMint } from '../market/tokens.mjs';
import { formatPrice, parsePrice } from '../market/prices.mjs';
import { ledger } from './ledger.mjs';

const maxAdvance = 100_000;
const maxU64 = 2n ** 64n - 1n;

/** The judge's hand on the devnet; never called by what is tested. */
export class Control {
  #d;
  service;

  /** `devnet` has chain, history, treasury, prices, pool, maker, faults, services, options, witness (or null). */
  constructor({ port, devnet }) {
    this.#d = devnet;
    this.service = new Service({ port, handle: (request) => this.#answer(request) });
  }

  #answer(request) {
    const route = `${request.method} ${request.path}`;
    switch (route) {
      case 'GET /state':
        return this.#state();
      case 'GET /tokens':
        return tokens.map(({ symbol, mint, decimals, priceFeedId, transferFeeBps }) =>
          ({ symbol, mint, decimals, priceFeedId, transferFeeBps }));
      case 'GET /ledger':
        return this.#ledger(request.query.get('account'));
      case 'POST /airdrop':
        return this.#airdrop(jsonBody(request));
      case 'POST /mint-tokens':
        return this.#mintTokens(jsonBody(request));
      case 'POST /price':
        return this.#price(jsonBody(request));
      case 'POST /slots':
        return this.#slots(jsonBody(request));
      case 'GET /witness':
        return this.#witness().settled();
      case 'POST /witness':
        return this.#declare(jsonBody(request));
      case 'POST /faults':
        return this.#setFault(jsonBody(request));
      case 'DELETE /faults':
        return { cleared: this.#d.faults.clear() };
      default:
        throw new HttpError(404, `no such call: ${route}`);
    }
  }

  #state() {
    const { chain, prices, pool, maker, faults, services, options, witness } = this.#d;
    const { tip } = chain;
    return {
      slot: tip.slot,
      blockHeight: tip.height,
      confirmed: position(chain.at('confirmed')),
      finalized: position(chain.at('finalized')),
      msPerSlot: chain.msPerSlot,
      seed: options.seed,
      prices: prices.entries().map(({ token, scaled, conf, ageMs }) =>
        ({ symbol: token.symbol, mint: token.mint, priceUsd: formatPrice(scaled),
        conf: conf === null ? null : formatPrice(conf), ageMs })),
      faults: faults.list(),
      witness: witness?.report(),
      counters: {
        transactions: chain.transactionCount,
        pending: chain.pendingCount,
        requests: Object.fromEntries(Object.entries(services).map(([name, service]) => [name, service.requests])),
        faults: faults.counters(),
        pool: { ...pool.counters, open: pool.openTranches },
        maker: maker.counters,
      },
    };
  }

  #witness() {
    if (!this.#d.witness) throw new HttpError(404, 'no witness: start with --witness');
    return this.#d.witness;
  }

  #declare({ declare }) {
    if (typeof declare !== 'string' || !/^[1-9A-HJ-NP-Za-km-z]{64,88}$/.test(declare))
      throw new HttpError(400, '"declare" must be a base58 signature');
    this.#witness().declare(declare);
    return { declared: declare };
  }

  #ledger(account) {
    if (account !== null && addressBytes(account) === null)
      throw new HttpError(400, '"account" must be a base58 address');
    return ledger(this.#d.chain, this.#d.history, account);
  }

  #airdrop(body) {
    const to = requireAddress(body, 'to');
    const { signature } = this.#d.treasury.airdrop(to, requireAmount(body, 'lamports'));
    return this.#landed(signature);
  }

  #mintTokens(body) {
    const to = requireAddress(body, 'to');
    const mint = requireToken(body).mint;
    const { account, transaction } = this.#d.treasury.mintTokens(to, mint, requireAmount(body, 'amount'));
    return { account, ...this.#landed(transaction.signature) };
  }

  /** Advances the chain until the money is confirmed, so that whoever asked may use it right away. */
  #landed(signature) {
    const { chain, options } = this.#d;
    chain.advance(1 + options.confirmDepth);
    const record = chain.record(signature);
    if (!record) throw new HttpError(500, 'the funding transaction did not land');
    if (record.err !== null) throw new HttpError(400, `the funding transaction failed: ${JSON.stringify(record.err)}`);
    return { signature, slot: record.slot };
  }

  #price(body) {
    const token = requireToken(body);
    if (!this.#d.prices.entry(token.mint)) throw new HttpError(400, `${token.symbol} has no price`);
    const change = { scaled: decimal(body.priceUsd, 'priceUsd') };
    if (body.conf !== undefined && body.conf !== null)
      change.conf = Number(body.conf) === 0 ? 0n : decimal(body.conf, 'conf');
    if (body.ageMs !== undefined && body.ageMs !== null) {
      if (!Number.isInteger(body.ageMs) || body.ageMs < 0)
        throw new HttpError(400, '"ageMs" must be a whole number of milliseconds, 0 or more');
      change.ageMs = body.ageMs;
    }
    this.#d.prices.set(token.mint, change);
    return { mint: token.mint, priceUsd: formatPrice(change.scaled) };
  }

  #slots({ msPerSlot, advance }) {
    const { chain } = this.#d;
    if (msPerSlot === undefined && advance === undefined) throw new HttpError(400, 'give "msPerSlot" or "advance"');
    if (msPerSlot !== undefined && !(Number.isInteger(msPerSlot) && msPerSlot >= 0 && msPerSlot <= 3_600_000))
      throw new HttpError(400, '"msPerSlot" must be a whole number from 0 (paused) to 3600000');
    if (advance !== undefined && !(Number.isInteger(advance) && advance >= 1 && advance <= maxAdvance))
      throw new HttpError(400, `"advance" must be a whole number from 1 to ${maxAdvance}`);
    if (msPerSlot !== undefined) chain.setPace(msPerSlot);
    if (advance !== undefined) chain.advance(advance);
    return { slot: chain.tip.slot, blockHeight: chain.tip.height, msPerSlot: chain.msPerSlot };
  }

  #setFault(body) {
    try {
      const { id, target, fault, params } = this.#d.faults.set(body);
      return { id, target, fault, ...params };
    } catch (problem) {
      throw new HttpError(400, problem.message);
    }
  }
}

function position({ slot, height }) {
  return { slot, blockHeight: height };
}

function decimal(value, name) {
  try {
    return parsePrice(value);
  } catch (problem) {
    throw new HttpError(400, `"${name}": ${problem.message}`);
  }
}

function requireAddress(body, name) {
  if (addressBytes(body[name]) === null) throw new HttpError(400, `"${name}" must be a base58 address`);
  return body[name];
}

function requireToken(body) {
  const token = tokenByMint(body.mint);
  if (!token) throw new HttpError(400, '"mint" must be one of the mints that GET /tokens lists');
  return token;
}

function requireAmount(body, name) {
  const value = body[name];
  const integer = (typeof value === 'string' && /^\d{1,20}$/.test(value)) || typeof value === 'bigint' ||
    Number.isSafeInteger(value) ? BigInt(value) : 0n;
  if (integer <= 0n || integer > maxU64)
    throw new HttpError(400, `"${name}" must be a whole number above 0, at most 2^64 - 1, as number or string`);
  return integer;
}
