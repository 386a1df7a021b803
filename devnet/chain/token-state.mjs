import { addressBytes, addressOf } from '../base58.mjs';

export const tokenProgram = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
export const token2022Program = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb';
export const tokenPrograms = [tokenProgram, token2022Program];

export const tokenAccountBytes = 165;
export const mintBytes = 82;
const typeByte = 165;

const states = ['uninitialized', 'initialized', 'frozen'];

function option(data, at) {
  return data.readUInt32LE(at) === 0 ? null : addressOf(data.subarray(at + 4, at + 36));
}

/** null where the account is no initialized token account of either program. */
export function tokenAccountView(account) {
  if (!account || !tokenPrograms.includes(account.owner)) return null;
  const extended = account.owner === token2022Program && account.data.length > tokenAccountBytes &&
    account.data[typeByte] === 2;
  if (account.data.length !== tokenAccountBytes && !extended) return null;
  const data = Buffer.from(account.data.buffer, account.data.byteOffset, account.data.length);
  if (data[108] === 0) return null;
  return {
    mint: addressOf(data.subarray(0, 32)),
    owner: addressOf(data.subarray(32, 64)),
    amount: data.readBigUInt64LE(64),
    delegate: option(data, 72),
    state: states[data[108]],
    nativeReserve: data.readUInt32LE(109) === 0 ? null : data.readBigUInt64LE(113),
    delegatedAmount: data.readBigUInt64LE(121),
    closeAuthority: option(data, 129),
  };
}

export function mintView(account) {
  if (!account || !tokenPrograms.includes(account.owner)) return null;
  const extended = account.owner === token2022Program && account.data.length > typeByte && account.data[typeByte] === 1;
  if (account.data.length !== mintBytes && !extended) return null;
  const data = Buffer.from(account.data.buffer, account.data.byteOffset, account.data.length);
  if (data[45] === 0) return null;
  return { mintAuthority: option(data, 0), supply: data.readBigUInt64LE(36), decimals: data[44],
    freezeAuthority: option(data, 46) };
}

function putOption(data, at, address) {
  if (address === null || address === undefined) return;
  data.writeUInt32LE(1, at);
  data.set(addressBytes(address), at + 4);
}

export function encodeTokenAccount({ mint, owner, amount, delegate = null, delegatedAmount = 0n, frozen = false,
  nativeReserve = null }) {
  const data = Buffer.alloc(tokenAccountBytes);
  data.set(addressBytes(mint), 0);
  data.set(addressBytes(owner), 32);
  data.writeBigUInt64LE(amount, 64);
  putOption(data, 72, delegate);
  data[108] = frozen ? 2 : 1;
  if (nativeReserve !== null) {
    data.writeUInt32LE(1, 109);
    data.writeBigUInt64LE(nativeReserve, 113);
  }
  data.writeBigUInt64LE(delegatedAmount, 121);
  return data;
}

export function encodeMint({ mintAuthority, supply, decimals }) {
  const data = Buffer.alloc(mintBytes);
  putOption(data, 0, mintAuthority);
  data.writeBigUInt64LE(supply, 36);
  data[44] = decimals;
  data[45] = 1;
  return data;
}

/** Amount as the RPC shows it. `uiAmount` is for people; nothing here computes with it. */
export function uiTokenAmount(amount, decimals) {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const whole = decimals === 0 ? digits : digits.slice(0, -decimals);
  const fraction = decimals === 0 ? '' : digits.slice(-decimals).replace(/0+$/, '');
  const text = fraction === '' ? whole : `${whole}.${fraction}`;
  return { amount: amount.toString(), decimals, uiAmount: Number(text), uiAmountString: text };
}
