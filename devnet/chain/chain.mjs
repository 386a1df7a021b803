import { EventEmitter } from 'node:events';
import { addressOf } from '../base58.mjs';
import { Random, derived } from '../random.mjs';
import { Journal } from './journal.mjs';
import { Svm } from './svm.mjs';
import { landedRecord } from './record.mjs';
import { feeOf, resolveKeys } from './transaction.mjs';

export const maxBlockhashAge = 150;
export const statusCacheBlocks = 300;
const slotOffset = 1000;
const journalBlocks = 600;
const maxPending = 10_000;
const maxAccountLocks = 64;
const slotsPerEpoch = 432_000;
const slotHashEntries = 512;
const lookupTableProgram = 'AddressLookupTab1e1111111111111111111111111';

/**
 * Blocks, blockhashes, signatures and the three commitments around the virtual machine.
 * Events: `block` (block), `fork` ({ blocks, addresses, records }), `received` (transaction).
 */
export class Chain extends EventEmitter {
  #svm = new Svm();
  #journal = new Journal(journalBlocks);
  #blocks = []; // index = height
  #heightOfHash = new Map();
  #pending = new Map(); // message hash → { transaction, own }
  #processed = new Map(); // message hash → record
  #records = new Map(); // signature → record
  #random;
  #seed;
  #salt = 0;
  #finalizedHeight = 0;
  #confirmDepth;
  #finalizeDepth;
  #skipEvery;
  #timer = null;
  #nextTickAt = 0;
  msPerSlot;
  transactionCount = 0;
  lastSlot = 0;

  constructor({ seed, msPerSlot, confirmDepth, finalizeDepth, skipEvery }) {
    super();
    this.setMaxListeners(0);
    this.#seed = seed;
    this.#random = new Random(seed);
    this.msPerSlot = msPerSlot;
    this.#confirmDepth = Math.min(confirmDepth, finalizeDepth);
    this.#finalizeDepth = finalizeDepth;
    this.#skipEvery = skipEvery;
    this.#append({ height: 0, slot: slotOffset, parentSlot: slotOffset - 1,
      hash: addressOf(derived(String(seed), 'genesis')), parentHash: systemHash, time: now(), records: [] });
    this.#svm.setClock(slotOffset, 0, now());
  }

  get tip() {
    return this.#blocks.at(-1);
  }

  get finalizeDepth() {
    return this.#finalizeDepth;
  }

  get pendingCount() {
    return this.#pending.size;
  }

  block(height) {
    return this.#blocks[height];
  }

  /** undefined where the slot was skipped or lies ahead. */
  blockAtSlot(slot) {
    const block = this.#blocks[this.#heightAtSlot(slot)];
    return block?.slot === slot ? block : undefined;
  }

  /** The block a reader at this commitment sees as newest; `lagSlots` shifts the reader's whole world into the past. */
  at(commitment, lagSlots = 0) {
    let tip = this.tip.height;
    let finalized = this.#finalizedHeight;
    if (lagSlots > 0) {
      tip = Math.max(0, this.#heightAtSlot(this.tip.slot - lagSlots));
      finalized = Math.min(finalized, Math.max(0, tip - this.#finalizeDepth));
    }
    if (commitment === 'processed') return this.#blocks[tip];
    if (commitment === 'confirmed') return this.#blocks[Math.max(finalized, tip - this.#confirmDepth, 0)];
    return this.#blocks[finalized];
  }

  commitmentOf(record, lagSlots = 0) {
    if (record.undone) return 'undone';
    if (record.height <= this.at('finalized', lagSlots).height) return 'finalized';
    return record.height <= this.at('confirmed', lagSlots).height ? 'confirmed' : 'processed';
  }

  /** The account as of a block's height; without one, as of the tip. */
  account(address, height = this.tip.height) {
    return this.#journal.at(height, address, this.#svm.account(address));
  }

  accountsOwnedBy(program, height = this.tip.height) {
    const found = new Map(this.#svm.accountsOwnedBy(program).map(({ address, account }) => [address, account]));
    for (const address of this.#journal.changedAfter(height)) found.set(address, this.#svm.account(address));
    const out = [];
    for (const [address, current] of found) {
      const account = this.#journal.at(height, address, current);
      if (account?.owner === program) out.push({ address, account });
    }
    return out.sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  accountChanged(address, afterHeight, untilHeight) {
    return this.#journal.changedBetween(address, afterHeight, untilHeight);
  }

  accountsChangedIn(height) {
    return this.#journal.changedIn(height);
  }

  /** Writes an account into every view at once: what is not a transaction has no height. null removes it. */
  placeAccount(address, account) {
    this.#journal.rewrite(address, () => account);
    this.#svm.setAccount(address, account);
  }

  /** Changes an account in every view at once, each from its own earlier value. */
  adjustAccount(address, change) {
    this.#journal.rewrite(address, change);
    this.#svm.setAccount(address, change(this.#svm.account(address)));
  }

  rentExemptMinimum(bytes) {
    return this.#svm.rentExemptMinimum(bytes);
  }

  record(signature) {
    return this.#records.get(signature);
  }

  lastValidBlockHeight(blockhash) {
    const height = this.#heightOfHash.get(blockhash);
    return height === undefined ? undefined : height + maxBlockhashAge;
  }

  /** True where a bank at this height would take the hash: its queue's newest entry is the bank's own. */
  isBlockhashUsable(blockhash, bankHeight) {
    const height = this.#heightOfHash.get(blockhash);
    return height !== undefined && height <= bankHeight && bankHeight - height <= maxBlockhashAge;
  }

  /** Into the pool; it is tried once, in the next block. False where the pool is full. */
  submit(transaction, { own = false } = {}) {
    if (this.#pending.size >= maxPending) return false;
    if (!this.#pending.has(transaction.messageHash)) this.#pending.set(transaction.messageHash, { transaction, own });
    this.emit('received', transaction);
    return true;
  }

  /** `height` is the bank it is simulated on; nothing remains of it. */
  simulate(transaction, { height, verifySignatures, checkAge = true }) {
    const fail = (err) =>
      ({ err, logs: [], unitsConsumed: 0n, fee: 0n, returnData: null, inner: [], accounts: new Map() });
    if (checkAge) {
      if (!this.isBlockhashUsable(transaction.blockhash, height)) return fail('BlockhashNotFound');
      const known = this.#processed.get(transaction.messageHash);
      if (known && known.height <= height) return fail('AlreadyProcessed');
    }
    const resolved = resolveKeys(transaction, (address) => this.account(address, height));
    if (resolved.error) return fail(resolved.error);
    const refused = lockProblem(resolved.keys);
    if (refused) return fail(refused);

    const replaced = new Map();
    for (const address of [...resolved.keys, ...transaction.lookups.map((l) => l.table)]) {
      const current = this.#svm.account(address);
      const then = this.#journal.at(height, address, current);
      if (then !== current && !sameAccount(then, current)) {
        replaced.set(address, current);
        this.#svm.setAccount(address, then);
      }
    }
    try {
      this.#refreshSlotHashes(transaction);
      return { ...this.#svm.simulate(transaction, verifySignatures), resolved };
    } finally {
      for (const [address, account] of replaced) this.#svm.setAccount(address, account);
    }
  }

  start() {
    this.#nextTickAt = performance.now() + this.msPerSlot;
    this.#schedule();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  setPace(msPerSlot) {
    this.stop();
    this.msPerSlot = msPerSlot;
    this.start();
  }

  advance(blocks) {
    for (let i = 0; i < blocks; i++) this.produce();
  }

  produce() {
    const parent = this.tip;
    const height = parent.height + 1;
    const skipped = this.#skipEvery > 0 && this.#random.next() < 1 / this.#skipEvery ? 1 : 0;
    // After a fork the slots of the dead blocks stay behind: a slot number is never used twice.
    const slot = Math.max(parent.slot, this.lastSlot) + 1 + skipped;
    const time = Math.max(parent.time, now());
    this.#svm.setClock(slot, Math.floor(slot / slotsPerEpoch), time);
    const hash = addressOf(derived(String(this.#seed), parent.hash, String(height), String(this.#salt)));
    const block = { height, slot, parentSlot: parent.slot, hash, parentHash: parent.hash, time, records: [] };

    const pool = [...this.#pending.values()];
    this.#pending.clear();
    for (const { transaction, own } of pool) {
      const record = this.#execute(transaction, own, block);
      if (record) block.records.push(record);
    }
    this.#append(block);
    this.transactionCount += block.records.length;
    this.emit('block', block);
    return block;
  }

  /**
   * Undoes the newest blocks, never finalized ones. Their transactions may land again when sent again; by themselves
   * only with `replay`, and the devnet's own (funding) always, so that a fork never takes a test's money away.
   */
  fork(count, { replay = false } = {}) {
    const undo = Math.min(count, this.tip.height - this.#finalizedHeight);
    const blocks = [];
    const addresses = new Set();
    for (let i = 0; i < undo; i++) {
      const block = this.#blocks.pop();
      for (const [address, before] of this.#journal.undo(block.height)) {
        this.#svm.setAccount(address, before);
        addresses.add(address);
      }
      this.#heightOfHash.delete(block.hash);
      for (const record of block.records) {
        record.undone = true;
        this.#records.delete(record.signature);
        this.#processed.delete(record.transaction.messageHash);
      }
      this.transactionCount -= block.records.length;
      blocks.unshift(block);
    }
    this.#salt++;
    const again = blocks.flatMap((b) => b.records).filter((r) => replay || r.own);
    const waiting = [...this.#pending];
    this.#pending = new Map([
      ...again.map((r) => [r.transaction.messageHash, { transaction: r.transaction, own: r.own }]), ...waiting]);
    this.emit('fork', { blocks, addresses, records: blocks.flatMap((b) => b.records) });
    return blocks;
  }

  #execute(transaction, own, block) {
    const bank = block.height - 1;
    // The devnet's own transactions are put back after a fork even where their blockhash died with it.
    if (!own && !this.isBlockhashUsable(transaction.blockhash, bank)) return null;
    if (this.#processed.has(transaction.messageHash) || this.#records.has(transaction.signature)) return null;
    const resolved = resolveKeys(transaction, (address) => this.#svm.account(address));
    if (resolved.error || lockProblem(resolved.keys)) return null;

    this.#refreshSlotHashes(transaction);
    const before = new Map(resolved.keys.map((key) => [key, this.#svm.account(key)]));
    const result = this.#svm.execute(transaction);
    const after = new Map(before);
    for (const key of resolved.writableKeys) after.set(key, this.#svm.account(key));
    const payer = resolved.keys[0];
    const paid = (before.get(payer)?.lamports ?? 0n) - (after.get(payer)?.lamports ?? 0n);
    // A transaction that could not even pay is left out of the block, as a leader would do.
    if (result.err !== null && paid <= 0n) return null;

    for (const key of resolved.writableKeys) {
      if (!sameAccount(before.get(key), after.get(key))) this.#journal.note(block.height, key, before.get(key));
    }
    const record = landedRecord({ transaction, block, index: block.records.length, own, resolved, result, before, after,
      fee: feeOf(transaction) });
    this.#records.set(record.signature, record);
    this.#processed.set(transaction.messageHash, record);
    return record;
  }

  #append(block) {
    this.#blocks[block.height] = block;
    this.lastSlot = Math.max(this.lastSlot, block.slot);
    this.#heightOfHash.set(block.hash, block.height);
    const old = this.#blocks[block.height - journalBlocks - maxBlockhashAge - 1];
    if (old) this.#heightOfHash.delete(old.hash);
    this.#finalizedHeight = Math.max(this.#finalizedHeight, block.height - this.#finalizeDepth);
    this.#journal.prune(block.height);
  }

  #heightAtSlot(slot) {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#blocks[middle].slot <= slot) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // Five hundred entries are too many to pass on for every block when only lookup tables read them.
  #refreshSlotHashes(transaction) {
    if (!transaction.staticKeys.includes(lookupTableProgram)) return;
    this.#svm.setSlotHashes(this.#blocks.slice(-slotHashEntries).reverse().map(({ slot, hash }) => ({ slot, hash })));
  }

  #schedule() {
    if (this.msPerSlot === 0) return;
    this.#timer = setTimeout(() => {
      this.produce();
      this.#nextTickAt += this.msPerSlot;
      // After a stall the lost ticks are not made up for.
      if (this.#nextTickAt < performance.now() - 10 * this.msPerSlot) this.#nextTickAt = performance.now();
      this.#schedule();
    }, Math.max(0, this.#nextTickAt - performance.now()));
  }
}

const systemHash = '11111111111111111111111111111111';

function now() {
  return Math.floor(Date.now() / 1000);
}

function lockProblem(keys) {
  if (keys.length > maxAccountLocks) return 'TooManyAccountLocks';
  return new Set(keys).size === keys.length ? null : 'AccountLoadedTwice';
}

function sameAccount(a, b) {
  if (a === null || b === null || a === undefined || b === undefined) return (a ?? null) === (b ?? null);
  return a.lamports === b.lamports && a.owner === b.owner && a.executable === b.executable &&
    Buffer.compare(a.data, b.data) === 0;
}
