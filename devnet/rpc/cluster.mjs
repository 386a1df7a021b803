import { addressOf } from '../base58.mjs';
import { derived } from '../random.mjs';
import { maxTransactionBytes, feeOf, parseMessage } from '../chain/transaction.mjs';
import { apiVersion, requireAddress, requireCommitment } from './call.mjs';
import { invalidParams, RpcError } from './errors.mjs';

const slotsPerEpoch = 432_000;
const identity = addressOf(derived('node identity'));
const feeBlocks = 150;
const healthySlots = 128;

/** Methods about blocks, slots and the cluster itself. */
export const clusterMethods = {
  getHealth: (call) => requireHealthy(call) ?? 'ok',
  getVersion: () => ({ 'solana-core': apiVersion, 'feature-set': 0 }),
  getIdentity: () => ({ identity }),
  getAgGenesisCert: () => null,
  getGenesisHash: (call) => call.chain.block(0).hash,
  getFirstAvailableBlock: (call) => call.chain.block(0).slot,
  minimumLedgerSlot: (call) => call.chain.block(0).slot,
  getSlot: (call) => call.bank(call.config(0)).slot,
  getBlockHeight: (call) => call.bank(call.config(0)).height,
  getTransactionCount: (call) => call.chain.transactionCount,
  getSlotLeader: () => identity,
  getSlotLeaders: (call) => Array.from({ length: Number(call.params[1] ?? 1) }, () => identity),
  getClusterNodes: () => [],
  getVoteAccounts: () => ({ current: [], delinquent: [] }),
  getEpochSchedule: () => ({ slotsPerEpoch, leaderScheduleSlotOffset: slotsPerEpoch, warmup: false, firstNormalEpoch: 0,
    firstNormalSlot: 0 }),
  getInflationGovernor: () => ({ initial: 0, terminal: 0, taper: 0, foundation: 0, foundationTerm: 0 }),
  getMaxRetransmitSlot: (call) => call.chain.tip.slot,
  getMaxShredInsertSlot: (call) => call.chain.tip.slot,

  getEpochInfo(call) {
    const bank = call.bank(call.config(0));
    return { absoluteSlot: bank.slot, blockHeight: bank.height, epoch: Math.floor(bank.slot / slotsPerEpoch),
      slotIndex: bank.slot % slotsPerEpoch, slotsInEpoch: slotsPerEpoch,
      transactionCount: call.chain.transactionCount };
  },

  getLatestBlockhash(call) {
    const bank = call.bank(call.config(0));
    return call.withContext(bank,
      { blockhash: bank.hash, lastValidBlockHeight: call.chain.lastValidBlockHeight(bank.hash) });
  },

  isBlockhashValid(call) {
    const bank = call.bank(call.config(1));
    return call.withContext(bank, call.chain.isBlockhashUsable(call.address(0), bank.height));
  },

  getBlockTime(call) {
    const block = requireBlock(call, call.params[0], 'finalized', 'processed');
    return block.time;
  },

  getBlocks(call) {
    const last = typeof call.params[1] === 'number' ? call.params[1] : Infinity;
    const config = call.config(typeof call.params[1] === 'object' ? 1 : 2);
    return slotsFrom(call, call.params[0], last, config, 500_000);
  },

  getBlocksWithLimit: (call) => slotsFrom(call, call.params[0], Infinity, call.config(2), Number(call.params[1])),

  getFeeForMessage(call) {
    const bank = call.bank(call.config(1));
    let message;
    try {
      message = parseMessage(decodeMessage(call.params[0]));
    } catch (problem) {
      throw invalidParams(`invalid message: ${problem.message}`);
    }
    return call.withContext(bank, call.chain.isBlockhashUsable(message.blockhash, bank.height)
      ? feeOf(message).fee : null);
  },

  getRecentPrioritizationFees(call) {
    const accounts = call.params[0] ?? [];
    if (!Array.isArray(accounts) || accounts.length > 128) throw invalidParams('Too many inputs provided; max 128');
    accounts.forEach(requireAddress);
    const tip = call.bank({}, 'processed').height;
    const fees = [];
    for (let height = Math.max(0, tip - feeBlocks + 1); height <= tip; height++) {
      const block = call.chain.block(height);
      const matching = block.records.filter((r) => accounts.every((a) => r.writableKeys.includes(a)));
      fees.push({ slot: block.slot, prioritizationFee: matching.reduce((low, r) =>
        (low === null || r.pricePerUnit < low ? r.pricePerUnit : low), null) ?? 0 });
    }
    return fees;
  },

  getRecentPerformanceSamples: (call) =>
    [{ slot: call.chain.tip.slot, numTransactions: call.chain.transactionCount,
    numNonVoteTransactions: call.chain.transactionCount, numSlots: 150, samplePeriodSecs: 60 }],
};

/** A node notices its own lag only when it is far behind. */
export function requireHealthy(call) {
  if (call.lagSlots <= healthySlots) return;
  throw new RpcError(-32005, `Node is behind by ${call.lagSlots} slots`, { numSlotsBehind: call.lagSlots });
}

function decodeMessage(text) {
  if (typeof text !== 'string') throw new Error('not a string');
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  if (bytes.length > maxTransactionBytes) throw new Error('too large');
  return bytes;
}

/** The block of a slot the caller may see, or the cluster's error for why not. */
export function requireBlock(call, slot, commitment, lowest = 'confirmed') {
  if (!Number.isInteger(slot)) throw invalidParams('Invalid params: the slot must be a whole number');
  const newest = call.chain.at(lowest === 'processed' ? 'processed' : commitment, call.lagSlots);
  if (slot > newest.slot) throw new RpcError(-32004, `Block not available for slot ${slot}`);
  const block = call.chain.blockAtSlot(slot);
  if (!block) throw new RpcError(-32007, `Slot ${slot} was skipped, or missing due to ledger jump to recent snapshot`);
  return block;
}

function slotsFrom(call, first, last, config, limit) {
  if (!Number.isInteger(first)) throw invalidParams('Invalid params: the first slot must be a whole number');
  const newest = call.chain.at(requireCommitment(config.commitment, 'finalized'), call.lagSlots);
  const slots = [];
  for (let height = newest.height; height >= 0; height--) {
    const { slot } = call.chain.block(height);
    if (slot < first) break;
    if (slot <= last) slots.push(slot);
  }
  return slots.reverse().slice(0, limit);
}
