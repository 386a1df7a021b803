import { addressBytes } from '../base58.mjs';
import { devnetKey } from '../keys.mjs';
import { encodeMint, encodeTokenAccount, mintBytes, token2022Program, tokenAccountBytes,
  tokenProgram } from '../chain/token-state.mjs';
import { getAssociatedTokenAddressSync } from '@solana/spl-token';
import { PublicKey } from '@solana/web3.js';

const lookupTableProgram = 'AddressLookupTab1e1111111111111111111111111';
const lookupTableHeaderBytes = 56;

export const wrappedSol = 'So11111111111111111111111111111111111111112';

/** `expo` is the price feed's; `reserve` the pool's stock at genesis, in the smallest unit. */
export const tokens = [
  { symbol: 'SOL', mint: wrappedSol, decimals: 9, priceUsd: '150', expo: -8, reserve: 10n ** 17n,
    priceFeedId: 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d' },
  { symbol: 'USDC', mint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', decimals: 6, priceUsd: '1', expo: -8,
    reserve: 10n ** 17n, priceFeedId: 'eaa020c61cc479712813461ce153894a96a6c00b21ed0cfc2798d1f9a9e9c94a' },
  { symbol: 'JUP', mint: 'JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN', decimals: 6, priceUsd: '0.5', expo: -8,
    reserve: 10n ** 17n, priceFeedId: '0a0408d619e9380abad35060f9192039ed5042fa6f82301d0e48bb52be830996' },
  { symbol: 'BONK', mint: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB8YaB1pPB263', decimals: 5, priceUsd: '0.00002', expo: -10,
    reserve: 10n ** 18n, priceFeedId: '72b021217ca3fe68922a19aaf990109cb9d84e9ad004b4d2025ad6f529314419' },
  // Takes a fee on every transfer: it is here to be refused.
  { symbol: 'FEE', mint: devnetKey('mint FEE').publicKey.toBase58(), decimals: 6, transferFeeBps: 100,
    program: token2022Program },
];

const byMint = new Map(tokens.map((t) => [t.mint, t]));

export function tokenByMint(mint) {
  return byMint.get(mint);
}

export function tokenProgramOf(token) {
  return token.program ?? tokenProgram;
}

export function associatedTokenAddress(mint, owner, program = tokenProgram) {
  return getAssociatedTokenAddressSync(new PublicKey(mint), new PublicKey(owner), true,
    new PublicKey(program)).toBase58();
}

export function tokenAccount(chain, fields) {
  const rent = chain.rentExemptMinimum(tokenAccountBytes);
  const native = fields.mint === wrappedSol;
  return {
    lamports: native ? rent + fields.amount : rent,
    data: encodeTokenAccount({ ...fields, nativeReserve: native ? rent : null }),
    owner: tokenProgram,
    executable: false,
  };
}

/** The same token account with `delta` more in it; a wrapped SOL account holds the amount as lamports too. */
export function withAmount(account, delta) {
  const data = Buffer.from(account.data);
  data.writeBigUInt64LE(data.readBigUInt64LE(64) + delta, 64);
  const native = data.readUInt32LE(109) !== 0;
  return { ...account, data, lamports: native ? account.lamports + delta : account.lamports };
}

export const mintAuthority = devnetKey('mint authority');
export const poolAuthority = devnetKey('pool authority');
export const makerKey = devnetKey('maker');

function makerStock(token) {
  return token.reserve / 100n;
}

export function placeTokens(chain) {
  for (const token of tokens) {
    if (token.transferFeeBps !== undefined) {
      placeMint(chain, token, transferFeeMint(token));
      continue;
    }
    // The native mint has no authority and its supply is 0 on every cluster.
    const native = token.mint === wrappedSol;
    const authority = native ? null : mintAuthority.publicKey.toBase58();
    placeMint(chain, token,
      encodeMint({ mintAuthority: authority, supply: native ? 0n : token.reserve + makerStock(token),
      decimals: token.decimals }));
    const owner = poolAuthority.publicKey.toBase58();
    chain.placeAccount(reserveOf(token.mint), tokenAccount(chain, { mint: token.mint, owner, amount: token.reserve }));
    const maker = makerKey.publicKey.toBase58();
    chain.placeAccount(associatedTokenAddress(token.mint, maker),
      tokenAccount(chain, { mint: token.mint, owner: maker, amount: makerStock(token) }));
  }
}

/** Routes name the market's accounts by their index in this table, as routes do on a real cluster. */
export const marketTable = devnetKey('market lookup table').publicKey.toBase58();

export const marketTableEntries = tokens.filter((t) => t.transferFeeBps === undefined).flatMap((t) =>
  [t.mint, reserveOf(t.mint)]);

export function placeMarketTable(chain) {
  const header = Buffer.alloc(lookupTableHeaderBytes);
  header.writeUInt32LE(1, 0); // initialized
  header.writeBigUInt64LE(2n ** 64n - 1n, 4); // never deactivated
  header[21] = 1; // has an authority
  header.set(addressBytes(poolAuthority.publicKey.toBase58()), 22);
  const data = Buffer.concat([header, ...marketTableEntries.map(addressBytes)]);
  chain.placeAccount(marketTable, { lamports: chain.rentExemptMinimum(data.length), data, owner: lookupTableProgram,
    executable: false });
}

export function reserveOf(mint) {
  return associatedTokenAddress(mint, poolAuthority.publicKey.toBase58());
}

function placeMint(chain, token, data) {
  chain.placeAccount(token.mint, { lamports: chain.rentExemptMinimum(data.length), data, owner: tokenProgramOf(token),
    executable: false });
}

function transferFeeMint(token) {
  const authority = addressBytes(mintAuthority.publicKey.toBase58());
  const base = Buffer.alloc(tokenAccountBytes + 1);
  base.set(encodeMint({ mintAuthority: mintAuthority.publicKey.toBase58(), supply: 0n,
    decimals: token.decimals }).subarray(0, mintBytes));
  base[tokenAccountBytes] = 1;
  const extension = Buffer.alloc(4 + 108);
  extension.writeUInt16LE(1, 0);
  extension.writeUInt16LE(108, 2);
  extension.set(authority, 4);
  extension.set(authority, 36);
  for (const fee of [76, 94]) {
    extension.writeBigUInt64LE(2n ** 63n, fee + 8);
    extension.writeUInt16LE(token.transferFeeBps, fee + 16);
  }
  return Buffer.concat([base, extension]);
}
