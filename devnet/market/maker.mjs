import { tokenAccountView } from '../chain/token-state.mjs';
import { parseTransaction } from '../chain/transaction.mjs';
import { HttpError, Service, jsonBody } from '../http.mjs';
import { parseJson } from '../json.mjs';
import { garbledQuote, misdeeds, paysLess, signed, signedAgain, stockAwayAndBack,
  wrongQuote } from './maker-tricks.mjs';
import { associatedTokenAddress, makerKey, tokenByMint } from './tokens.mjs';

const maxQuotes = 10_000;
const maxRefused = 16; // transactions under one quote
const quoteLifeMs = 55_000;
const maxLamportsLost = 1_000_000n;
const maxU64 = 2n ** 64n - 1n;

/**
 * A market maker as its webhooks show it: quotes, then signs and broadcasts the swap that carries its quoted amounts.
 */
export class Maker {
  #chain;
  #prices;
  #faults;
  #spreadBps;
  #witness;
  #quotes = new Map(); // quote id → { …, used: null | { text, transaction, answer, misdeed } }
  #late = []; // { quote, transaction, atHeight }
  service;
  counters = { quotes: 0, accepted: 0, rejected: 0, askedAgain: 0, broadcast: 0 };

  constructor({ port, chain, prices, faults, spreadBps, witness = null }) {
    this.#chain = chain;
    this.#prices = prices;
    this.#faults = faults;
    this.#spreadBps = BigInt(spreadBps);
    this.#witness = witness;
    chain.on('block', (block) => this.#broadcastLate(block.height));
    this.service = new Service({ port, target: 'maker', faults, handle: (request) => this.#answer(request),
      arrived: witness && ((text) => this.#showWitness(text)) });
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
    if (typeof requestId !== 'string' || typeof quoteId !== 'string')
      throw new HttpError(400, 'requestId and quoteId must be strings');
    if (quoteType !== 'exactIn' && quoteType !== 'exactOut')
      throw new HttpError(400, 'quoteType must be exactIn or exactOut');
    if (!/^\d{1,20}$/.test(String(body.amount)) || BigInt(body.amount) === 0n || BigInt(body.amount) > maxU64)
      throw new HttpError(400, 'amount must be an integer string above 0');
    if (!this.#prices.entry(tokenIn) || !this.#prices.entry(tokenOut) || tokenIn === tokenOut)
      throw new HttpError(404, 'no quote for this pair');
    if (this.#quotes.get(quoteId)?.used) throw new HttpError(400, 'this quote id has been used');
    const amount = BigInt(body.amount);
    let [amountIn, amountOut] = quoteType === 'exactIn' ? [amount, this.#outFor(tokenIn, tokenOut, amount)]
      : [this.#inFor(tokenIn, tokenOut, amount), amount];
    const stock = this.#stock(tokenOut);
    const strikes = (kind) => this.#strikes(kind, '/quote', amountIn);
    const underfund = strikes('underfund');
    if (underfund) amountOut = stock + 1n;
    else if (amountOut === 0n || amountOut > stock || amountIn > maxU64)
      throw new HttpError(404, 'no quote for this amount');

    if (this.#quotes.size >= maxQuotes) this.#quotes.delete(this.#quotes.keys().next().value);
    this.#quotes.set(quoteId, { quoteId, requestId, tokenIn, tokenOut, amountIn, amountOut,
      expiresAt: Date.now() + quoteLifeMs, used: null, refused: new Map() });
    this.counters.quotes++;
    const quote = {
      requestId, quoteId, tokenIn, tokenOut, quoteType,
      amountIn: amountIn.toString(),
      amountOut: amountOut.toString(),
      protocol: body.protocol ?? 'v1',
      maker: makerKey.publicKey.toBase58(),
      prioritizationFeeToUse: body.suggestedPrioritizationFees ?? undefined,
      taker: body.taker ?? undefined,
      receiver: body.receiver ?? undefined,
    };
    const garbage = strikes('quote_garbage');
    if (garbage) return garbledQuote(quote, garbage.triggered - 1);
    const wrong = strikes('quote_wrong');
    return wrong ? wrongQuote(quote, wrong.params.change, wrong.triggered - 1) : quote;
  }

  #stock(mint) {
    return tokenAccountView(this.#chain.account(associatedTokenAddress(mint, makerKey.publicKey.toBase58())))?.amount ??
      0n;
  }

  /** A fault with an `amount` strikes only quotes of so much input, so that one order among many can be meant. */
  #strikes(kind, path, amountIn) {
    return this.#faults.strikes('maker', kind, path, (fault) => fault.params.amount === undefined ||
      BigInt(fault.params.amount) === amountIn);
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

  /**
   * The same transaction under the same quote is a question after its state: it is answered as before and nothing else
   * is done.
   */
  #swap(body) {
    const quote = this.#quotes.get(body.quoteId);
    if (!quote || quote.requestId !== body.requestId) return this.#rejected(body, 'unknown quote');
    const text = String(body.transaction);
    if (quote.used?.text === text) return this.#askedAgain(quote, body);
    if (quote.used) return this.#rejected(body, 'quote already used');
    const reason = quote.refused.get(text) ?? this.#refusal(quote, text);
    if (reason) {
      if (quote.refused.size < maxRefused) quote.refused.set(text, reason);
      return this.#rejected(body, reason);
    }

    const transaction = signed(Buffer.from(text, 'base64'));
    quote.used = { text, transaction, answer: null, misdeed: null };
    for (const kind of misdeeds) {
      const fault = this.#strikes(kind, '/swap', quote.amountIn);
      if (!fault) continue;
      quote.used.misdeed = kind;
      return (quote.used.answer = this.#misbehave(fault, quote, body));
    }
    this.#broadcastAfterAnswer(quote, transaction);
    return (quote.used.answer = this.#accepted(body, transaction.signature));
  }

  #refusal(quote, text) {
    if (quote.expiresAt < Date.now()) return 'quote expired';
    try {
      return this.#check(signed(Buffer.from(text, 'base64')), quote);
    } catch (problem) {
      return `the transaction cannot be signed by the maker: ${problem.message}`;
    }
  }

  /**
   * Does what the fault says with a transaction that it should sign and broadcast; undefined where it never answers.
   */
  #misbehave(fault, quote, body) {
    const { transaction } = quote.used;
    const atLast = () =>
      this.#late.push({ quote, transaction, atHeight: this.#chain.lastValidBlockHeight(transaction.blockhash) ?? 0 });
    switch (fault.fault) {
      case 'late_fill':
      case 'double_answer':
        atLast();
        break;
      case 'reject_after_signing':
        this.#broadcastAfterAnswer(quote, transaction);
        return this.#rejected(body, 'fault set by control');
      case 'lie_filled':
        return this.#accepted(body, this.#strangersSignature() ?? transaction.signature);
      case 'fill_less':
        this.#broadcastAfterAnswer(quote, paysLess(transaction));
        break;
      case 'signed_twice':
        quote.used.transaction = signedAgain(transaction);
        this.#broadcastAfterAnswer(quote, quote.used.transaction);
        break;
      case 'silent':
        if (fault.params.broadcast !== false) this.#broadcastAfterAnswer(quote, transaction);
        return undefined;
      case 'underfund': {
        const [away, back] = stockAwayAndBack(this.#chain, quote.tokenOut);
        this.#broadcastAfterAnswer(quote, transaction, [away], [back]);
        break;
      }
    }
    return this.#accepted(body, transaction.signature);
  }

  #askedAgain(quote, body) {
    this.counters.askedAgain++;
    const { transaction, misdeed, answer } = quote.used;
    if (misdeed !== 'double_answer') return answer;
    const waiting = this.#late.find((late) => late.quote === quote);
    if (waiting) {
      this.#late.splice(this.#late.indexOf(waiting), 1);
      this.#broadcastAfterAnswer(quote, transaction);
    }
    return this.#rejected(body, 'fault set by control');
  }

  #accepted(body, txSignature) {
    this.counters.accepted++;
    return { quoteId: body.quoteId, state: 'accepted', txSignature };
  }

  #rejected(body, reason) {
    this.counters.rejected++;
    return { quoteId: body.quoteId, state: { rejectedWithReason: reason }, rejectionReason: reason };
  }

  /** Of the newest transaction that landed, whoever sent it. */
  #strangersSignature() {
    for (let { height } = this.#chain.tip; height > 0; height--) {
      const record = this.#chain.block(height).records.at(-1);
      if (record) return record.signature;
    }
    return undefined;
  }

  /** Only after the answer: the taker must be ready for a fill it hears of late, or never. */
  #broadcastAfterAnswer(quote, transaction, before = [], after = []) {
    setImmediate(() => this.#broadcast(quote, transaction, before, after));
  }

  /** In one go, and without waiting for the witness: they are tried in this order, in the very next block. */
  #broadcast(quote, transaction, before = [], after = []) {
    this.counters.broadcast++;
    // What it made of our message itself proves nothing about us.
    if (transaction === quote.used.transaction) this.#witness?.makerBroadcasts(quote.quoteId, transaction);
    for (const each of before) this.#chain.submit(each, { own: true });
    this.#chain.submit(transaction);
    for (const each of after) this.#chain.submit(each, { own: true });
  }

  /** Sends what was submitted to the witness, before anything else is done with it. */
  async #showWitness(text) {
    if (!text.includes('"transaction"')) return;
    let handed;
    try {
      const { quoteId, transaction } = parseJson(text);
      handed = { quoteId: String(quoteId),
        transaction: parseTransaction(Uint8Array.from(Buffer.from(transaction, 'base64'))) };
    } catch {
      return;
    }
    await this.#witness.handedToMaker(handed.quoteId, handed.transaction);
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
      if (token.mint !== quote.tokenOut && delta(associatedTokenAddress(token.mint, maker), held) < 0n)
        return `the maker would lose ${token.symbol}`;
    }
    if (-delta(maker, (account) => account?.lamports ?? 0n) > maxLamportsLost) return 'the maker would lose SOL';
    return null;
  }

  #broadcastLate(height) {
    const due = this.#late.filter((l) => l.atHeight <= height);
    if (due.length === 0) return;
    this.#late = this.#late.filter((l) => l.atHeight > height);
    for (const { quote, transaction } of due) this.#broadcast(quote, transaction);
  }
}
