import { VersionedTransaction } from '@solana/web3.js';
import { tokenAccountView } from '../chain/token-state.mjs';
import { parseTransaction } from '../chain/transaction.mjs';
import { HttpError, Service, jsonBody } from '../http.mjs';
import { associatedTokenAddress, makerKey, tokenByMint } from './tokens.mjs';

const maxQuotes = 10_000;
const quoteLifeMs = 55_000;
const maxLamportsLost = 1_000_000n;
const maxU64 = 2n ** 64n - 1n;

/** A market maker as its webhooks show it: quotes, then signs and broadcasts the swap that carries its quoted amounts. */
export class Maker {
  #chain;
  #prices;
  #faults;
  #spreadBps;
  #quotes = new Map();
  #late = []; // { transaction, atHeight }
  service;
  counters = { quotes: 0, accepted: 0, rejected: 0 };

  constructor({ port, chain, prices, faults, spreadBps }) {
    this.#chain = chain;
    this.#prices = prices;
    this.#faults = faults;
    this.#spreadBps = BigInt(spreadBps);
    chain.on('block', (block) => this.#broadcastLate(block.height));
    this.service = new Service({ port, target: 'maker', faults, handle: (request) => this.#answer(request) });
  }

  #answer(request) {
    switch (`${request.method} ${request.path}`) {
      case 'POST /quote':
        return this.#quote(jsonBody(request));
      case 'POST /swap':
        return this.#swap(jsonBody(request));
      case 'GET /tokens':
        return this.#prices.entries().map((e) => e.token.mint);
      default:
        throw new HttpError(404, `no such route: ${request.method} ${request.path}`);
    }
  }

  #quote(body) {
    const { requestId, quoteId, tokenIn, tokenOut, quoteType = 'exactIn' } = body;
    if (typeof requestId !== 'string' || typeof quoteId !== 'string') throw new HttpError(400, 'requestId and quoteId must be strings');
    if (quoteType !== 'exactIn' && quoteType !== 'exactOut') throw new HttpError(400, 'quoteType must be exactIn or exactOut');
    if (!/^\d{1,20}$/.test(String(body.amount)) || BigInt(body.amount) === 0n || BigInt(body.amount) > maxU64) throw new HttpError(400, 'amount must be an integer string above 0');
    if (!this.#prices.entry(tokenIn) || !this.#prices.entry(tokenOut) || tokenIn === tokenOut) throw new HttpError(404, 'no quote for this pair');
    const amount = BigInt(body.amount);
    const [amountIn, amountOut] = quoteType === 'exactIn' ? [amount, this.#outFor(tokenIn, tokenOut, amount)] : [this.#inFor(tokenIn, tokenOut, amount), amount];
    const stock = tokenAccountView(this.#chain.account(associatedTokenAddress(tokenOut, makerKey.publicKey.toBase58())))?.amount ?? 0n;
    if (amountOut === 0n || amountOut > stock || amountIn > maxU64) throw new HttpError(404, 'no quote for this amount');

    if (this.#quotes.size >= maxQuotes) this.#quotes.delete(this.#quotes.keys().next().value);
    this.#quotes.set(quoteId, { requestId, tokenIn, tokenOut, amountIn, amountOut, expiresAt: Date.now() + quoteLifeMs, done: false });
    this.counters.quotes++;
    return {
      requestId, quoteId, tokenIn, tokenOut, quoteType,
      amountIn: amountIn.toString(),
      amountOut: amountOut.toString(),
      protocol: body.protocol ?? 'v1',
      maker: makerKey.publicKey.toBase58(),
      prioritizationFeeToUse: body.suggestedPrioritizationFees ?? undefined,
      taker: body.taker ?? undefined,
      receiver: body.receiver ?? undefined,
    };
  }

  /** [numerator, denominator] of raw out per raw in, without spread. */
  #rate(tokenIn, tokenOut) {
    const scale = (mint) => 10n ** BigInt(tokenByMint(mint).decimals);
    return [this.#prices.scaled(tokenIn) * scale(tokenOut), this.#prices.scaled(tokenOut) * scale(tokenIn)];
  }

  #outFor(tokenIn, tokenOut, amountIn) {
    const [n, d] = this.#rate(tokenIn, tokenOut);
    return (amountIn * n * (10_000n - this.#spreadBps)) / (d * 10_000n);
  }

  #inFor(tokenIn, tokenOut, amountOut) {
    const [n, d] = this.#rate(tokenIn, tokenOut);
    const divisor = n * (10_000n - this.#spreadBps);
    return (amountOut * d * 10_000n + divisor - 1n) / divisor;
  }

  #swap(body) {
    const quote = this.#quotes.get(body.quoteId);
    const rejected = (reason) => {
      this.counters.rejected++;
      return { quoteId: body.quoteId, state: { rejectedWithReason: reason }, rejectionReason: reason };
    };
    if (!quote || quote.requestId !== body.requestId) return rejected('unknown quote');
    if (quote.expiresAt < Date.now()) return rejected('quote expired');
    if (quote.done) return rejected('quote already used');

    let transaction;
    try {
      const signed = VersionedTransaction.deserialize(Buffer.from(String(body.transaction), 'base64'));
      signed.sign([makerKey]);
      transaction = parseTransaction(signed.serialize());
    } catch (problem) {
      return rejected(`the transaction cannot be signed by the maker: ${problem.message}`);
    }
    const refusal = this.#check(transaction, quote);
    if (refusal) return rejected(refusal);

    quote.done = true;
    this.counters.accepted++;
    if (this.#faults.strikes('maker', 'no_fill', '/swap')) return this.#accepted(body, transaction);
    if (this.#faults.strikes('maker', 'late_fill', '/swap')) {
      this.#late.push({ transaction, atHeight: this.#chain.lastValidBlockHeight(transaction.blockhash) ?? 0 });
      return this.#accepted(body, transaction);
    }
    // Only after the answer: the taker must be ready for a fill it hears of late, or never.
    setImmediate(() => this.#chain.submit(transaction));
    return this.#accepted(body, transaction);
  }

  #accepted(body, transaction) {
    return { quoteId: body.quoteId, state: 'accepted', txSignature: transaction.signature };
  }

  /** Judged by what the transaction would do to the maker's accounts, whatever instructions it is made of. */
  #check(transaction, quote) {
    const maker = makerKey.publicKey.toBase58();
    const result = this.#chain.simulate(transaction, { height: this.#chain.tip.height, verifySignatures: true });
    if (result.err !== null) return `the transaction would fail: ${JSON.stringify(result.err)}`;
    const delta = (address, read) => {
      const after = result.accounts.get(address);
      return after === undefined ? 0n : read(after) - read(this.#chain.account(address));
    };
    const held = (account) => tokenAccountView(account)?.amount ?? 0n;
    const received = delta(associatedTokenAddress(quote.tokenIn, maker), held);
    const given = -delta(associatedTokenAddress(quote.tokenOut, maker), held);
    if (received < quote.amountIn) return `the maker would receive ${received}, not the quoted ${quote.amountIn}`;
    if (given > quote.amountOut) return `the maker would give ${given}, more than the quoted ${quote.amountOut}`;
    for (const { token } of this.#prices.entries()) {
      if (token.mint !== quote.tokenOut && delta(associatedTokenAddress(token.mint, maker), held) < 0n) return `the maker would lose ${token.symbol}`;
    }
    if (-delta(maker, (account) => account?.lamports ?? 0n) > maxLamportsLost) return 'the maker would lose SOL';
    return null;
  }

  #broadcastLate(height) {
    const due = this.#late.filter((l) => l.atHeight <= height);
    if (due.length === 0) return;
    this.#late = this.#late.filter((l) => l.atHeight > height);
    for (const { transaction } of due) this.#chain.submit(transaction);
  }
}

