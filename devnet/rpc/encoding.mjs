import { encodeBase58 } from '../base58.mjs';
import { mintView, token2022Program, tokenAccountView, uiTokenAmount } from '../chain/token-state.mjs';
import { invalidParams } from './errors.mjs';

const maxBase58Bytes = 128;
const rentEpoch = 18446744073709551615n;

/** `mintOf(address)` reads a mint at the same view, for the decimals of a parsed token account. */
export function encodeAccount(account, { encoding = 'base64', dataSlice = null } = {}, mintOf = () => null) {
  if (account === null) return null;
  return {
    lamports: account.lamports,
    owner: account.owner,
    data: encodeData(account, encoding, dataSlice, mintOf),
    executable: account.executable,
    rentEpoch,
    space: account.data.length,
  };
}

function encodeData(account, encoding, dataSlice, mintOf) {
  let data = account.data;
  if (dataSlice) {
    if (!Number.isInteger(dataSlice.offset) || !Number.isInteger(dataSlice.length))
      throw invalidParams('Invalid params: dataSlice needs offset and length');
    data = data.subarray(dataSlice.offset, dataSlice.offset + dataSlice.length);
  }
  switch (encoding) {
    case 'jsonParsed':
      return parsedData(account, mintOf) ?? [Buffer.from(data).toString('base64'), 'base64'];
    case 'base64':
      return [Buffer.from(data).toString('base64'), 'base64'];
    case 'base58':
    case 'binary':
      if (data.length > maxBase58Bytes)
        throw invalidParams(
        `Encoded binary (base 58) data should be less than ${maxBase58Bytes} bytes, please use Base64 encoding.`);
      return encoding === 'binary' ? encodeBase58(data) : [encodeBase58(data), 'base58'];
    default:
      throw invalidParams(`Invalid params: encoding ${encoding} is not supported here`);
  }
}

function parsedData(account, mintOf) {
  const program = account.owner === token2022Program ? 'spl-token-2022' : 'spl-token';
  const token = tokenAccountView(account);
  const space = account.data.length;
  if (token) {
    const mint = mintView(mintOf(token.mint));
    if (!mint) return null;
    const info = { isNative: token.nativeReserve !== null, mint: token.mint, owner: token.owner, state: token.state,
      tokenAmount: uiTokenAmount(token.amount, mint.decimals) };
    if (token.delegate)
      Object.assign(info, { delegate: token.delegate,
      delegatedAmount: uiTokenAmount(token.delegatedAmount, mint.decimals) });
    if (token.nativeReserve !== null) info.rentExemptReserve = uiTokenAmount(token.nativeReserve, mint.decimals);
    if (token.closeAuthority) info.closeAuthority = token.closeAuthority;
    return { program, parsed: { info, type: 'account' }, space };
  }
  const mint = mintView(account);
  if (!mint) return null;
  const info = { decimals: mint.decimals, freezeAuthority: mint.freezeAuthority, isInitialized: true,
    mintAuthority: mint.mintAuthority, supply: mint.supply.toString() };
  return { program, parsed: { info, type: 'mint' }, space };
}

/** A landed transaction as getTransaction and getBlock show it. */
export function encodeTransaction(record, encoding) {
  const { transaction } = record;
  if (encoding === 'base64') return [Buffer.from(transaction.bytes).toString('base64'), 'base64'];
  if (encoding === 'base58') return [encodeBase58(transaction.bytes), 'base58'];
  if (encoding !== 'json' && encoding !== 'jsonParsed')
    throw invalidParams(`Invalid params: encoding ${encoding} is not supported here`);
  const { header } = transaction;
  const signatures = transaction.signatures.map((s) => encodeBase58(s));
  if (encoding === 'json') {
    return {
      signatures,
      message: {
        header: { numRequiredSignatures: header.required, numReadonlySignedAccounts: header.readonlySigned,
          numReadonlyUnsignedAccounts: header.readonlyUnsigned },
        accountKeys: transaction.staticKeys,
        recentBlockhash: transaction.blockhash,
        instructions: transaction.instructions.map((ix) => compiled(ix, null)),
        addressTableLookups: transaction.version === 0 ? lookups(transaction) : undefined,
      },
    };
  }
  const writable = new Set(record.writableKeys);
  return {
    signatures,
    message: {
      accountKeys: record.keys.map((pubkey, i) =>
        ({ pubkey, signer: i < header.required, writable: writable.has(pubkey),
        source: i < transaction.staticKeys.length ? 'transaction' : 'lookupTable' })),
      recentBlockhash: transaction.blockhash,
      instructions: transaction.instructions.map((ix) => partlyDecoded(ix, record.keys, null)),
      addressTableLookups: transaction.version === 0 ? lookups(transaction) : undefined,
    },
  };
}

function lookups(transaction) {
  return transaction.lookups.map((l) =>
    ({ accountKey: l.table, writableIndexes: l.writable, readonlyIndexes: l.readonly }));
}

function compiled(ix, stackHeight) {
  return { programIdIndex: ix.programIdIndex, accounts: ix.accounts, data: encodeBase58(ix.data), stackHeight };
}

function partlyDecoded(ix, keys, stackHeight) {
  return { programId: keys[ix.programIdIndex], accounts: ix.accounts.map((i) => keys[i]), data: encodeBase58(ix.data),
    stackHeight };
}

export function encodeInner(inner, keys, encoding) {
  const one = (ix) => (encoding === 'jsonParsed' ? partlyDecoded(ix, keys, ix.stackHeight)
    : compiled(ix, ix.stackHeight));
  return inner.map((list, index) => ({ index, instructions: list.map(one) })).filter((entry) =>
    entry.instructions.length > 0);
}

export function encodeTokenBalances(balances, decimalsOf) {
  return balances.map((b) => ({ accountIndex: b.accountIndex, mint: b.mint, owner: b.owner, programId: b.programId,
    uiTokenAmount: uiTokenAmount(b.amount, decimalsOf(b.mint)) }));
}

export function encodeMeta(record, encoding, decimalsOf) {
  return {
    err: record.err,
    status: record.err === null ? { Ok: null } : { Err: record.err },
    fee: record.fee,
    preBalances: record.preBalances,
    postBalances: record.postBalances,
    innerInstructions: encodeInner(record.inner, record.keys, encoding),
    logMessages: record.logs,
    preTokenBalances: encodeTokenBalances(record.preTokens, decimalsOf),
    postTokenBalances: encodeTokenBalances(record.postTokens, decimalsOf),
    rewards: [],
    // In the parsed form the looked-up keys are already among the account keys.
    loadedAddresses: encoding === 'jsonParsed' ? undefined : record.loaded,
    returnData: record.returnData ?? undefined,
    computeUnitsConsumed: record.unitsConsumed,
    costUnits: record.unitsConsumed,
  };
}
