import { decodeBase58 } from '../base58.mjs';
import { statusCacheBlocks } from '../chain/chain.mjs';
import { mintView } from '../chain/token-state.mjs';
import { feeOf, maxTransactionBytes, parseTransaction } from '../chain/transaction.mjs';
import { requireAddress, requireCommitment, requireSignature } from './call.mjs';
import { requireBlock, requireHealthy } from './cluster.mjs';
import { encodeAccount, encodeInner, encodeMeta, encodeTransaction } from './encoding.mjs';
import { describe, invalidParams, RpcError } from './errors.mjs';

const maxEncoded = { base64: 1644, base58: 1683 };
const maxSignatures = 256;
const maxAddressSignatures = 1000;

/** Methods that take, try and report transactions. */
export const transactionMethods = {
  sendTransaction(call) {
    const config = call.config(1);
    const transaction = decodeTransaction(call.params[0], config.encoding ?? 'base58');
    const bank = call.bank({ commitment: config.preflightCommitment, minContextSlot: config.minContextSlot });
    if (!config.skipPreflight) {
      requireHealthy(call);
      const result = call.chain.simulate(transaction, { height: bank.height, verifySignatures: true });
      if (result.err !== null) {
        throw new RpcError(-32002, `Transaction simulation failed: ${describe(result.err)}`, {
          accounts: null, err: result.err, innerInstructions: null, logs: result.logs, replacementBlockhash: null,
          returnData: result.returnData, unitsConsumed: result.unitsConsumed,
        });
      }
    }
    const dropped = call.faults.strikes(call.node, 'drop', 'sendTransaction');
    if (!dropped && !call.chain.submit(transaction))
      throw new RpcError(-32603, 'the pool of pending transactions is full');
    return transaction.signature;
  },

  simulateTransaction(call) {
    const config = call.config(1);
    if (config.sigVerify && config.replaceRecentBlockhash)
      throw invalidParams('sigVerify may not be used with replaceRecentBlockhash');
    const transaction = decodeTransaction(call.params[0], config.encoding ?? 'base58');
    const bank = call.bank(config);
    const result = call.chain.simulate(transaction,
      { height: bank.height, verifySignatures: config.sigVerify === true, checkAge: !config.replaceRecentBlockhash });
    return call.withContext(bank, {
      err: result.err,
      logs: result.logs,
      accounts: config.accounts ? simulatedAccounts(call, bank, config.accounts, result) : null,
      unitsConsumed: result.unitsConsumed,
      fee: feeOf(transaction).fee,
      returnData: result.returnData,
      innerInstructions: config.innerInstructions
        ? encodeInner(result.inner, result.resolved?.keys ?? [], 'json') : null,
      replacementBlockhash: config.replaceRecentBlockhash
        ? { blockhash: bank.hash, lastValidBlockHeight: call.chain.lastValidBlockHeight(bank.hash) } : null,
    });
  },

  async requestAirdrop(call) {
    const to = call.address(0);
    const lamports = requireLamports(call.params[1]);
    if (lamports === 0n) throw invalidParams('Invalid params: lamports must be above 0');
    return call.treasury.airdrop(to, lamports).signature;
  },

  getSignatureStatuses(call) {
    const signatures = call.params[0];
    if (!Array.isArray(signatures) || signatures.length > maxSignatures)
      throw invalidParams(`Too many inputs provided; max ${maxSignatures}`);
    signatures.forEach(requireSignature);
    const config = call.config(1);
    const bank = call.bank(config, 'processed');
    return call.withContext(bank,
      signatures.map((signature) => status(call, bank, signature, config.searchTransactionHistory === true)));
  },

  getTransaction(call) {
    const signature = call.signature(0);
    const config = typeof call.params[1] === 'string' ? { encoding: call.params[1] } : call.config(1);
    const commitment = atLeastConfirmed(config);
    const record = visible(call, signature, commitment);
    if (!record) return null;
    requireVersion(record, config);
    const encoding = config.encoding ?? 'json';
    return {
      slot: record.slot,
      blockTime: record.blockTime,
      version: config.maxSupportedTransactionVersion === undefined ? undefined : record.transaction.version,
      transaction: encodeTransaction(record, encoding),
      meta: encodeMeta(record, encoding, decimalsReader(call)),
      transactionIndex: record.index,
    };
  },

  getSignaturesForAddress(call) {
    const address = requireAddress(call.params[0]);
    const config = call.config(1);
    const commitment = atLeastConfirmed(config);
    const bank = call.bank({ ...config, commitment });
    const limit = config.limit ?? maxAddressSignatures;
    if (!Number.isInteger(limit) || limit < 1 || limit > maxAddressSignatures)
      throw invalidParams(`Invalid limit; max ${maxAddressSignatures}`);
    const [newest, oldest] = [position(call, config.before), position(call, config.until)];
    const list = call.history.of(address).filter((r) => r.keys.includes(address) && r.height <= bank.height &&
      isShown(call, r) && (!newest || isBefore(r, newest)) && (!oldest || isBefore(oldest, r))).reverse();
    return list.slice(0, limit).map((r) =>
      ({ signature: r.signature, slot: r.slot, err: r.err, memo: null, blockTime: r.blockTime,
      confirmationStatus: call.commitmentOf(r), transactionIndex: r.index }));
  },

  getBlock(call) {
    const config = typeof call.params[1] === 'string' ? { encoding: call.params[1] } : call.config(1);
    const block = requireBlock(call, call.params[0], atLeastConfirmed(config));
    const details = config.transactionDetails ?? 'full';
    const encoding = config.encoding ?? 'json';
    const records = block.records.filter((r) => !call.isForgotten(r));
    const body = {};
    if (details === 'signatures') body.signatures = records.map((r) => r.signature);
    else if (details === 'full') {
      body.transactions = records.map((record) => {
        requireVersion(record, config);
        return { transaction: encodeTransaction(record, encoding),
          meta: encodeMeta(record, encoding, decimalsReader(call)),
          version: config.maxSupportedTransactionVersion === undefined ? undefined : record.transaction.version };
      });
    } else if (details !== 'none')
      throw invalidParams('Invalid params: transactionDetails must be full, signatures or none');
    return { blockhash: block.hash, previousBlockhash: block.parentHash, parentSlot: block.parentSlot,
      blockHeight: block.height, blockTime: block.time, ...body, rewards: config.rewards === false ? undefined : [] };
  },
};

export function requireLamports(value) {
  const integer = typeof value === 'bigint' ? value : typeof value === 'number' && Number.isInteger(value)
    ? BigInt(value) : -1n;
  if (integer < 0n || integer >= 2n ** 64n) throw invalidParams('Invalid params: lamports must be a u64');
  return integer;
}

/** Throws the RPC's answer to a transaction it cannot read. */
export function decodeTransaction(text, encoding) {
  if (typeof text !== 'string') throw invalidParams('Invalid params: the transaction must be a string');
  if (encoding !== 'base64' && encoding !== 'base58')
    throw invalidParams(`unsupported encoding: ${encoding}. Supported encodings: base58, base64`);
  const raw = () => (encoding === 'base64' ? strictBase64(text) : decodeBase58(text));
  if (text.length > maxEncoded[encoding]) {
    throw invalidParams(
      `${encoding} encoded solana_transaction::versioned::VersionedTransaction too large: ${text.length} bytes (max: encoded/raw ${maxEncoded[encoding]}/${maxTransactionBytes})`);
  }
  const bytes = raw();
  if (bytes === null) throw invalidParams(`invalid ${encoding} encoding`);
  if (bytes.length > maxTransactionBytes) {
    throw invalidParams(
      `decoded solana_transaction::versioned::VersionedTransaction too large: ${bytes.length} bytes (max: ${maxTransactionBytes} bytes)`);
  }
  try {
    return parseTransaction(bytes);
  } catch (problem) {
    throw invalidParams(
      `failed to deserialize solana_transaction::versioned::VersionedTransaction: ${problem.message}`);
  }
}

function strictBase64(text) {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null;
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function simulatedAccounts(call, bank, { addresses = [], encoding = 'base64' }, result) {
  if (!Array.isArray(addresses)) throw invalidParams('Invalid params: accounts.addresses must be an array');
  const read = (address) => result.accounts.get(address) ?? call.chain.account(address, bank.height);
  return addresses.map((address) => encodeAccount(present(read(requireAddress(address))), { encoding }, read));
}

/** The machine reports an account that the transaction closed as one without lamports. */
function present(account) {
  return account !== null && account.lamports === 0n ? null : account;
}

function status(call, bank, signature, searchHistory) {
  if (call.denies(signature)) return null;
  const record = call.record(signature);
  if (!record || record.height > bank.height) return null;
  const finalized = call.chain.at('finalized', call.lagSlots).height;
  if (!searchHistory && record.height <= finalized - statusCacheBlocks) return null;
  const rooted = record.height <= finalized;
  return {
    slot: record.slot,
    confirmations: rooted ? null : bank.height - record.height,
    err: record.err,
    status: record.err === null ? { Ok: null } : { Err: record.err },
    confirmationStatus: call.commitmentOf(record),
  };
}

function visible(call, signature, commitment) {
  if (call.denies(signature)) return undefined;
  const record = call.record(signature);
  return record && record.height <= call.chain.at(commitment, call.lagSlots).height ? record : undefined;
}

/** Whether this endpoint owns up to a landed transaction. */
function isShown(call, record) {
  return !record.undone && !call.isForgotten(record) && !call.denies(record.signature);
}

/** Where a page of signatures begins or ends: at a transaction that the endpoint has to know, of whatever account. */
function position(call, signature) {
  if (signature === undefined || signature === null) return null;
  const record = call.record(requireSignature(signature));
  if (!record || call.denies(signature)) throw new RpcError(-32020, `Transaction ${signature} not found`);
  return record;
}

function isBefore(a, b) {
  return a.height < b.height || (a.height === b.height && a.index < b.index);
}

function atLeastConfirmed(config) {
  const commitment = requireCommitment(config.commitment, 'finalized');
  if (commitment === 'processed') throw invalidParams('Method does not support commitment below `confirmed`');
  return commitment;
}

function requireVersion(record, config) {
  if (record.transaction.version === 'legacy') return;
  const max = config.maxSupportedTransactionVersion;
  if (max === undefined || max === null || record.transaction.version > max) {
    throw new RpcError(-32015,
      `Transaction version (${record.transaction.version}) is not supported by the requesting client. Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": ${record.transaction.version}`);
  }
}

function decimalsReader(call) {
  return (mint) => mintView(call.chain.account(mint))?.decimals ?? 0;
}

