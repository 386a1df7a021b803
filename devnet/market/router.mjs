import { createAssociatedTokenAccountIdempotentInstruction, createCloseAccountInstruction, createSyncNativeInstruction,
  createTransferInstruction } from '@solana/spl-token';
import { ComputeBudgetProgram, PublicKey, SystemProgram } from '@solana/web3.js';
import { addressBytes } from '../base58.mjs';
import { tokenProgram } from '../chain/token-state.mjs';
import { HttpError, Service, jsonBody } from '../http.mjs';
import { parsePrice, priceScale } from './prices.mjs';
import { associatedTokenAddress, marketTable, marketTableEntries, poolAuthority, reserveOf, tokenByMint,
  wrappedSol } from './tokens.mjs';

const batchTag = 255;
const maxU64 = 2n ** 64n - 1n;
const defaultSlippageBps = 50;
const defaultUnitLimit = 1_400_000;
const swapUnitLimit = 100_000;
const ammKey = poolAuthority.publicKey.toBase58();

const refuse = (error, errorCode) => new HttpError(400, errorCode ? { error, errorCode } : { error });

/** The swap API: quotes from the pool, and instructions that trade against it. */
export class Router {
  #chain;
  #pool;
  #prices;
  #faults;
  #stalePrices = new WeakMap();
  service;

  constructor({ port, chain, pool, prices, faults }) {
    this.#chain = chain;
    this.#pool = pool;
    this.#prices = prices;
    this.#faults = faults;
    faults.onSet((fault) => {
      if (fault.target !== 'router' || fault.fault !== 'stale_price') return;
      this.#stalePrices.set(fault, new Map(prices.entries().map((e) => [e.token.mint, e.scaled])));
    });
    this.service = new Service({ port, target: 'router', faults, methodOf: (r) => routeOf(r.path),
      handle: (request) => this.#answer(request) });
  }

  #answer(request) {
    const route = `${request.method} ${routeOf(request.path)}`;
    switch (route) {
      case 'GET /quote':
        return this.#quote(Object.fromEntries(request.query));
      case 'POST /swap-instructions':
        return this.#instructions(jsonBody(request));
      case 'GET /build':
        return this.#build(Object.fromEntries(request.query));
      default:
        throw new HttpError(404, { code: 404, message: `no such route: ${request.method} ${request.path}` });
    }
  }

  #quote(query) {
    const startedAt = performance.now();
    const { inputMint, outputMint } = query;
    const swapMode = query.swapMode ?? 'ExactIn';
    for (const name of ['inputMint', 'outputMint']) {
      if (addressBytes(query[name]) === null) throw refuse(`Query parameter ${name} cannot be parsed: Invalid`);
    }
    const amount = requireAmount(query.amount, 'amount');
    const slippageBps = requireSlippage(query.slippageBps);
    if (swapMode !== 'ExactIn' && swapMode !== 'ExactOut')
      throw refuse('Query parameter swapMode cannot be parsed: expected ExactIn or ExactOut');
    if (inputMint === outputMint)
      throw refuse('Input and output mints are not allowed to be equal', 'CIRCULAR_ARBITRAGE_IS_DISABLED');
    for (const mint of [inputMint, outputMint]) {
      if (this.#prices.scaled(mint) === undefined)
        throw refuse(`The token ${mint} is not tradable`, 'TOKEN_NOT_TRADABLE');
    }

    const priceOf = this.#quotedPrices(outputMint);
    const swap = swapMode === 'ExactIn' ? this.#pool.exactIn(inputMint, outputMint, amount, priceOf)
      : this.#pool.exactOut(inputMint, outputMint, amount, priceOf);
    if (swap === null || swap.outAmount === 0n || swap.inAmount > maxU64 ||
      !this.#pool.holds(outputMint, swap.outAmount)) throw refuse('No routes found', 'NO_ROUTES_FOUND');
    const slippage = BigInt(slippageBps);
    const threshold = swapMode === 'ExactIn' ? (swap.outAmount * (10_000n - slippage) + 9999n) / 10_000n
      : (swap.inAmount * (10_000n + slippage)) / 10_000n;
    return {
      inputMint,
      inAmount: swap.inAmount.toString(),
      outputMint,
      outAmount: swap.outAmount.toString(),
      otherAmountThreshold: threshold.toString(),
      swapMode,
      slippageBps,
      platformFee: null,
      priceImpactPct: fraction(swap.impact),
      routePlan: [
        { swapInfo: { ammKey, label: 'Devnet', inputMint, outputMint, inAmount: swap.inAmount.toString(),
        outAmount: swap.outAmount.toString(), feeAmount: swap.feeAmount.toString(), feeMint: inputMint }, percent: 100,
        bps: 10000 }],
      contextSlot: this.#chain.tip.slot,
      timeTaken: (performance.now() - startedAt) / 1000,
    };
  }

  /** The prices a quote is made from: the true ones, unless a fault makes the router promise something else. */
  #quotedPrices(outputMint) {
    const stale = this.#faults.strikes('router', 'stale_price', '/quote');
    let priceOf = stale ? (mint) => this.#stalePrices.get(stale).get(mint) : (mint) => this.#prices.scaled(mint);
    const cheaper = (factor) => {
      const before = priceOf;
      priceOf = (mint) => (mint === outputMint ? (before(mint) * 10n ** BigInt(priceScale)) / factor : before(mint));
    };
    const jump = this.#faults.strikes('router', 'jump_price', '/quote');
    if (jump) cheaper(parsePrice(jump.params.factor ?? jump.params.value ?? '1.1'));
    // Both directions seem better than the middle, so that a round trip seems to gain.
    if (this.#faults.strikes('router', 'crossed', '/quote')) cheaper(parsePrice('1.02'));
    return priceOf;
  }

  #build(query) {
    const quote = this.#quote(query);
    const { tip } = this.#chain;
    const instructions = this.#instructions({
      userPublicKey: query.taker,
      quoteResponse: quote,
      payer: query.payer,
      destinationTokenAccount: query.destinationTokenAccount,
      wrapAndUnwrapSol: query.wrapAndUnwrapSol !== 'false',
      computeUnitPriceMicroLamports: 0,
    });
    const seconds = Math.floor(Date.now() / 1000);
    return {
      ...quote,
      ...instructions,
      // The caller adds the limit itself.
      computeBudgetInstructions: instructions.computeBudgetInstructions.filter((ix) =>
        Buffer.from(ix.data, 'base64')[0] === 3),
      tipInstruction: null,
      addressLookupTableAddresses: undefined,
      addressesByLookupTableAddress: { [marketTable]: marketTableEntries },
      blockhashWithMetadata: {
        blockhash: [...addressBytes(tip.hash)],
        lastValidBlockHeight: this.#chain.lastValidBlockHeight(tip.hash),
        fetchedAt: { secs_since_epoch: seconds, nanos_since_epoch: (Date.now() % 1000) * 1_000_000 },
      },
    };
  }

  #instructions(body) {
    const taker = requireAddress(body.userPublicKey, 'userPublicKey');
    const payer = body.payer === undefined || body.payer === null ? taker : requireAddress(body.payer, 'payer');
    const quote = requireQuote(body.quoteResponse);
    const { inputMint, outputMint } = quote;
    const wrap = body.wrapAndUnwrapSol !== false;
    const source = associatedTokenAddress(inputMint, taker);
    const destination = body.destinationTokenAccount ? requireAddress(body.destinationTokenAccount,
      'destinationTokenAccount') : associatedTokenAddress(outputMint, taker);

    const terms = this.#terms(quote);
    if (!this.#pool.holds(outputMint, terms.outAmount)) throw refuse('No routes found', 'NO_ROUTES_FOUND');
    const tranche = this.#pool.openTranche({ inputMint, outputMint, taker, ...terms });
    const user = new PublicKey(taker);
    const legs = [
      createTransferInstruction(new PublicKey(source), new PublicKey(reserveOf(inputMint)), user,
        BigInt(quote.inAmount)),
      createTransferInstruction(new PublicKey(tranche.address), new PublicKey(destination), user, tranche.outAmount),
    ];

    const setup = [];
    const ensure = (account, mint) =>
      setup.push(createAssociatedTokenAccountIdempotentInstruction(new PublicKey(payer), new PublicKey(account), user,
      new PublicKey(mint)));
    if (wrap && inputMint === wrappedSol) {
      ensure(source, inputMint);
      setup.push(SystemProgram.transfer({ fromPubkey: user, toPubkey: new PublicKey(source),
        lamports: BigInt(quote.inAmount) }), createSyncNativeInstruction(new PublicKey(source)));
    }
    if (!body.destinationTokenAccount) ensure(destination, outputMint);
    const unwrapped = !wrap ? null : inputMint === wrappedSol ? source : outputMint === wrappedSol &&
      !body.destinationTokenAccount ? destination : null;

    const budget = [ComputeBudgetProgram.setComputeUnitLimit({
      units: body.dynamicComputeUnitLimit ? swapUnitLimit : defaultUnitLimit })];
    if (body.computeUnitPriceMicroLamports !== undefined && body.computeUnitPriceMicroLamports !== null) {
      budget.push(ComputeBudgetProgram.setComputeUnitPrice({
        microLamports: BigInt(body.computeUnitPriceMicroLamports === 'auto' ? 0
        : body.computeUnitPriceMicroLamports) }));
    }
    return {
      tokenLedgerInstruction: null,
      computeBudgetInstructions: budget.map(shown),
      setupInstructions: setup.map(shown),
      swapInstruction: batch(legs),
      cleanupInstruction: unwrapped ? shown(createCloseAccountInstruction(new PublicKey(unwrapped), user, user)) : null,
      otherInstructions: [],
      addressLookupTableAddresses: [marketTable],
    };
  }

  /** What the swap will deliver: the output at the price of this moment, not the quoted one. */
  #terms(quote) {
    const inAmount = BigInt(quote.inAmount);
    const limit = BigInt(quote.otherAmountThreshold);
    if (this.#faults.standing('router', 'crossed'))
      return { inAmount, outAmount: BigInt(quote.outAmount), threshold: null };
    if (quote.swapMode === 'ExactOut') {
      const outAmount = BigInt(quote.outAmount);
      return { inAmount, outAmount, threshold: limit === 0n ? outAmount : (outAmount * inAmount) / limit };
    }
    return { inAmount, outAmount: this.#pool.exactIn(quote.inputMint, quote.outputMint, inAmount).outAmount,
      threshold: limit };
  }
}

/** Both legs in one instruction of the token program: it takes them all or none. */
function batch(legs) {
  const parts = legs.map((leg) => Buffer.concat([Buffer.from([leg.keys.length, leg.data.length]), leg.data]));
  return {
    programId: tokenProgram,
    accounts: legs.flatMap((leg) => leg.keys.map(account)),
    data: Buffer.concat([Buffer.from([batchTag]), ...parts]).toString('base64'),
  };
}

function shown(ix) {
  return { programId: ix.programId.toBase58(), accounts: ix.keys.map(account), data: ix.data.toString('base64') };
}

function account({ pubkey, isSigner, isWritable }) {
  return { pubkey: pubkey.toBase58(), isSigner, isWritable };
}

function routeOf(path) {
  return path.replace(/^\/swap\/v[12](?=\/)/, '');
}

function requireAmount(text, name) {
  const amount = /^\d{1,20}$/.test(String(text ?? '')) ? BigInt(text) : -1n;
  if (amount <= 0n || amount > maxU64) throw refuse(`Query parameter ${name} cannot be parsed: expected a u64 above 0`);
  return amount;
}

function requireSlippage(text) {
  const value = text === undefined || text === 'rtse' ? defaultSlippageBps : Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 10_000)
    throw refuse('Query parameter slippageBps cannot be parsed: expected 0 to 10000');
  return value;
}

function requireAddress(value, name) {
  if (addressBytes(value) === null) throw new HttpError(422, { error: `${name} must be a base58 public key` });
  return value;
}

function requireQuote(quote) {
  if (quote === null || typeof quote !== 'object') throw new HttpError(422, { error: 'missing field `quoteResponse`' });
  for (const name of ['inputMint', 'outputMint']) {
    if (tokenByMint(quote[name])?.priceUsd === undefined)
      throw refuse(`The token ${quote[name]} is not tradable`, 'TOKEN_NOT_TRADABLE');
  }
  for (const name of ['inAmount', 'outAmount', 'otherAmountThreshold']) {
    if (!/^\d{1,20}$/.test(String(quote[name])) || BigInt(quote[name]) > maxU64)
      throw new HttpError(422, { error: `quoteResponse.${name} must be an integer string` });
  }
  return quote;
}

function fraction([numerator, denominator]) {
  const digits = ((numerator * 10n ** 18n) / denominator).toString().padStart(19, '0');
  return `${digits.slice(0, -18)}.${digits.slice(-18)}`.replace(/\.?0+$/, '') || '0';
}
