import { createHash } from 'node:crypto';
import { addressOf, encodeBase58 } from '../base58.mjs';

export const maxTransactionBytes = 1232;

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  u8() {
    if (this.at >= this.bytes.length) throw new Error('transaction ends too early');
    return this.bytes[this.at++];
  }

  take(length) {
    if (this.at + length > this.bytes.length) throw new Error('transaction ends too early');
    return this.bytes.subarray(this.at, (this.at += length));
  }

  /** compact-u16; forms longer than needed are refused, as the cluster does. */
  length() {
    let value = 0;
    for (let i = 0; i < 3; i++) {
      const byte = this.u8();
      value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        if ((byte === 0 && i > 0) || value > 0xffff) throw new Error('bad compact-u16');
        return value;
      }
    }
    throw new Error('bad compact-u16');
  }
}

function parseMessageBody(reader, messageBytes) {
  const version = reader.bytes[reader.at] & 0x80 ? reader.u8() & 0x7f : 'legacy';
  if (version !== 'legacy' && version !== 0) throw new Error(`transaction version ${version} is not supported here`);
  const required = reader.u8();
  const readonlySigned = reader.u8();
  const readonlyUnsigned = reader.u8();
  const staticKeys = Array.from({ length: reader.length() }, () => addressOf(reader.take(32)));
  const blockhash = addressOf(reader.take(32));
  const instructions = Array.from({ length: reader.length() }, () => ({
    programIdIndex: reader.u8(),
    accounts: Array.from(reader.take(reader.length())),
    data: reader.take(reader.length()),
  }));
  const lookups = [];
  if (version === 0) {
    const count = reader.length();
    for (let i = 0; i < count; i++) {
      lookups.push({ table: addressOf(reader.take(32)), writable: Array.from(reader.take(reader.length())),
        readonly: Array.from(reader.take(reader.length())) });
    }
  }
  if (reader.at !== reader.bytes.length) throw new Error('bytes left over after the transaction');

  const total = staticKeys.length + lookups.reduce((n, l) => n + l.writable.length + l.readonly.length, 0);
  if (required === 0 || required + readonlyUnsigned > staticKeys.length || readonlySigned >= required)
    throw new Error('bad message header');
  for (const ix of instructions) {
    if (ix.programIdIndex === 0 || ix.programIdIndex >= staticKeys.length) throw new Error('bad program index');
    if (ix.accounts.some((index) => index >= total)) throw new Error('bad account index');
  }
  return {
    version,
    header: { required, readonlySigned, readonlyUnsigned },
    staticKeys,
    blockhash,
    instructions,
    lookups,
    messageBytes,
    messageHash: createHash('sha256').update(messageBytes).digest('base64'),
  };
}

export function parseMessage(bytes) {
  return parseMessageBody(new Reader(bytes), bytes);
}

/** Throws with a reason where the bytes are no transaction. */
export function parseTransaction(bytes) {
  const reader = new Reader(bytes);
  if (bytes[0] >= 0x80) throw new Error('transaction version 1 is not supported here');
  const signatures = Array.from({ length: reader.length() }, () => reader.take(64));
  const message = parseMessageBody(reader, bytes.subarray(reader.at));
  if (signatures.length !== message.header.required) throw new Error('number of signatures differs from the header');
  return { bytes, signatures, signature: encodeBase58(signatures[0]), ...message };
}

/**
 * Static keys, then looked-up writable, then looked-up readonly: the index space of balances and account indexes.
 * `readTable(address)` returns the account or null. Returns `{ error }` in the cluster's names where a lookup fails.
 */
export function resolveKeys(message, readTable) {
  const writable = [];
  const readonly = [];
  for (const lookup of message.lookups) {
    const table = readTable(lookup.table);
    if (!table) return { error: 'AddressLookupTableNotFound' };
    if (table.owner !== 'AddressLookupTab1e1111111111111111111111111')
      return { error: 'InvalidAddressLookupTableOwner' };
    if (table.data.length < 56 || (table.data.length - 56) % 32 !== 0)
      return { error: 'InvalidAddressLookupTableData' };
    const entries = (table.data.length - 56) / 32;
    for (const [from, to] of [[lookup.writable, writable], [lookup.readonly, readonly]]) {
      for (const index of from) {
        if (index >= entries) return { error: 'InvalidAddressLookupTableIndex' };
        to.push(addressOf(table.data.subarray(56 + 32 * index, 88 + 32 * index)));
      }
    }
  }
  const { required, readonlySigned, readonlyUnsigned } = message.header;
  const count = message.staticKeys.length;
  const isWritable = (i) => {
    if (i >= count) return i < count + writable.length;
    return i < required ? i < required - readonlySigned : i < count - readonlyUnsigned;
  };
  const keys = [...message.staticKeys, ...writable, ...readonly];
  return { keys, loaded: { writable, readonly }, writableKeys: keys.filter((_key, i) => isWritable(i)) };
}

const lamportsPerSignature = 5000n;
const computeBudget = 'ComputeBudget111111111111111111111111111111';
const precompiles = new Set(['Ed25519SigVerify111111111111111111111111111',
  'KeccakSecp256k11111111111111111111111111111', 'Secp256r1SigVerify1111111111111111111111111']);
const builtins = new Set([computeBudget, '11111111111111111111111111111111',
  'AddressLookupTab1e1111111111111111111111111', 'Vote111111111111111111111111111111111111111',
  'BPFLoaderUpgradeab1e11111111111111111111111', ...precompiles]);

/** Base fee plus priority fee; the latter is charged on the requested limit, used or not. */
export function feeOf(message) {
  let signatures = BigInt(message.header.required);
  let limit = null;
  let price = 0n;
  let defaultLimit = 0n;
  for (const ix of message.instructions) {
    const program = message.staticKeys[ix.programIdIndex];
    const data = Buffer.from(ix.data);
    if (precompiles.has(program) && data.length > 0) signatures += BigInt(data[0]);
    if (program === computeBudget && data[0] === 2 && data.length === 5) limit = BigInt(data.readUInt32LE(1));
    if (program === computeBudget && data[0] === 3 && data.length === 9) price = data.readBigUInt64LE(1);
    defaultLimit += builtins.has(program) ? 3000n : 200_000n;
  }
  const units = limit ?? defaultLimit;
  const capped = units > 1_400_000n ? 1_400_000n : units;
  return { fee: signatures * lamportsPerSignature + (capped * price + 999_999n) / 1_000_000n, pricePerUnit: price };
}
