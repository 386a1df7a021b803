import { addressOf } from '../base58.mjs';
import { derived } from '../random.mjs';
import { tokenAccountView } from '../chain/token-state.mjs';
import { priceScale } from './prices.mjs';
import { poolAuthority, reserveOf, tokenAccount, tokenByMint, withAmount } from './tokens.mjs';

const priceOne = 10n ** BigInt(priceScale);
const trancheLifeBlocks = 200;
const maxTranches = 20_000;

/**
 * Constant product over two sides of equal depth at the current prices. Every quote starts from the full depth: a swap
 * moves no price here, only control does.
 */
export class Pool {
  #chain;
  #price;
  #feeBps;
  #depthUsd;
  #tranches = new Map(); // address → { …, expiresAtHeight, state: 'open' | 'revoked' }
  #count = 0;
  counters = { tranches: 0, revoked: 0, expired: 0 };

  constructor({ chain, prices, feeBps, depthUsd }) {
    this.#chain = chain;
    this.#price = (mint) => prices.scaled(mint);
    this.#feeBps = BigInt(feeBps);
    this.#depthUsd = BigInt(depthUsd);
    prices.on('price', () => this.#guard());
    // A fork can bring back a tranche that was spent; the price may have left it behind meanwhile.
    chain.on('fork', () => this.#guard());
    chain.on('block', (block) => this.#expire(block.height));
  }

  get feeBps() {
    return this.#feeBps;
  }

  /** The raw amount of a whole side. */
  #side(mint, priceOf) {
    const token = tokenByMint(mint);
    return (this.#depthUsd * priceOne * 10n ** BigInt(token.decimals)) / priceOf(mint);
  }

  /**
   * { inAmount, outAmount, feeAmount, impact }; outAmount 0n where the amount buys nothing. `impact` is [numerator,
   * denominator].
   */
  exactIn(inputMint, outputMint, inAmount, priceOf = this.#price) {
    const x = this.#side(inputMint, priceOf);
    const y = this.#side(outputMint, priceOf);
    const feeAmount = (inAmount * this.#feeBps + 9999n) / 10_000n;
    const net = inAmount - feeAmount;
    const outAmount = (y * net) / (x + net);
    return { inAmount, outAmount, feeAmount, impact: [net, x + net] };
  }

  /** null where the pool has not that much. */
  exactOut(inputMint, outputMint, outAmount, priceOf = this.#price) {
    const x = this.#side(inputMint, priceOf);
    const y = this.#side(outputMint, priceOf);
    if (outAmount >= y) return null;
    const net = ceilDiv(x * outAmount, y - outAmount);
    const inAmount = ceilDiv(net * 10_000n, 10_000n - this.#feeBps);
    return { inAmount, outAmount, feeAmount: inAmount - net, impact: [net, x + net] };
  }

  /** Whether the stock covers so much of a token. */
  holds(mint, amount) {
    return amount <= (tokenAccountView(this.#chain.account(reserveOf(mint)))?.amount ?? 0n);
  }

  /**
   * Sets the output of one swap aside in an account of its own that the taker may draw from as delegate, so that the
   * swap needs no signature but the taker's. It is written into every view of the chain, like a pool that has been
   * there all along.
   */
  openTranche({ inputMint, outputMint, inAmount, outAmount, threshold, taker }) {
    if (this.#tranches.size >= maxTranches) this.#close(this.#tranches.keys().next().value);
    const address = addressOf(derived('tranche', this.#chain.block(0).hash, String(this.#count++)));
    const owner = poolAuthority.publicKey.toBase58();
    this.#chain.placeAccount(address, tokenAccount(this.#chain,
      { mint: outputMint, owner, amount: outAmount, delegate: taker, delegatedAmount: outAmount }));
    this.#chain.adjustAccount(reserveOf(outputMint), (reserve) => withAmount(reserve, -outAmount));
    const tranche = { address, inputMint, outputMint, inAmount, outAmount, threshold,
      expiresAtHeight: this.#chain.tip.height + Math.max(trancheLifeBlocks, this.#chain.finalizeDepth + 1),
      state: 'open' };
    this.#tranches.set(address, tranche);
    this.counters.tranches++;
    this.#guardOne(tranche);
    return tranche;
  }

  get openTranches() {
    return this.#tranches.size;
  }

  #guard() {
    for (const tranche of this.#tranches.values()) this.#guardOne(tranche);
  }

  #guardOne(tranche) {
    if (tranche.state !== 'open' || tranche.threshold === null) return;
    const now = this.exactIn(tranche.inputMint, tranche.outputMint, tranche.inAmount).outAmount;
    if (now >= tranche.threshold) return;
    const held = tokenAccountView(this.#chain.account(tranche.address))?.amount ?? 0n;
    if (held === 0n) return; // Spent; after a fork it is checked again.
    tranche.state = 'revoked';
    this.counters.revoked++;
    this.#takeBack(tranche, held);
    // Frozen, so that the failure on chain (AccountFrozen) cannot be taken for the taker's own lack of funds.
    this.#chain.placeAccount(tranche.address, tokenAccount(this.#chain,
      { mint: tranche.outputMint, owner: poolAuthority.publicKey.toBase58(), amount: 0n, frozen: true }));
  }

  #expire(height) {
    for (const tranche of this.#tranches.values()) {
      if (tranche.expiresAtHeight > height) return;
      this.#close(tranche.address);
    }
  }

  #close(address) {
    const tranche = this.#tranches.get(address);
    this.#tranches.delete(address);
    const held = tokenAccountView(this.#chain.account(address))?.amount ?? 0n;
    if (held > 0n) {
      this.counters.expired++;
      this.#takeBack(tranche, held);
    }
    this.#chain.placeAccount(address, null);
  }

  #takeBack(tranche, amount) {
    this.#chain.adjustAccount(reserveOf(tranche.outputMint), (reserve) => withAmount(reserve, amount));
  }
}

function ceilDiv(a, b) {
  return (a + b - 1n) / b;
}
