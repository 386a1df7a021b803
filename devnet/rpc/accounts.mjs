import { addressBytes, decodeBase58 } from '../base58.mjs';
import { mintView, tokenAccountView, tokenPrograms, uiTokenAmount } from '../chain/token-state.mjs';
import { requireAddress } from './call.mjs';
import { encodeAccount } from './encoding.mjs';
import { invalidParams } from './errors.mjs';

const maxAccounts = 100;

/** Methods that read accounts. */
export const accountMethods = {
  getAccountInfo(call) {
    const config = call.config(1);
    const bank = call.bank(config);
    return call.withContext(bank, shown(call, bank, call.address(0), config));
  },

  getMultipleAccounts(call) {
    const addresses = call.params[0];
    if (!Array.isArray(addresses) || addresses.length > maxAccounts)
      throw invalidParams(`Too many inputs provided; max ${maxAccounts}`);
    addresses.forEach(requireAddress);
    const config = call.config(1);
    const bank = call.bank(config);
    return call.withContext(bank, addresses.map((address) => shown(call, bank, address, config)));
  },

  getBalance(call) {
    const bank = call.bank(call.config(1));
    return call.withContext(bank, call.chain.account(call.address(0), bank.height)?.lamports ?? 0);
  },

  getMinimumBalanceForRentExemption(call) {
    const bytes = call.params[0];
    if (!Number.isInteger(bytes) || bytes < 0 || bytes > 10 * 1024 * 1024)
      throw invalidParams('Invalid params: the length must be from 0 to 10485760');
    return call.chain.rentExemptMinimum(bytes);
  },

  getTokenAccountBalance(call) {
    const bank = call.bank(call.config(1));
    const token = tokenAccountView(call.chain.account(call.address(0), bank.height));
    const mint = token && mintView(call.chain.account(token.mint, bank.height));
    if (!mint) throw invalidParams(call.chain.account(call.address(0), bank.height)
      ? 'Invalid param: not a Token account' : 'Invalid param: could not find account');
    return call.withContext(bank, uiTokenAmount(token.amount, mint.decimals));
  },

  getTokenSupply(call) {
    const bank = call.bank(call.config(1));
    const mint = mintView(call.chain.account(call.address(0), bank.height));
    if (!mint) throw invalidParams('Invalid param: not a Token mint');
    return call.withContext(bank, uiTokenAmount(mint.supply, mint.decimals));
  },

  getTokenAccountsByOwner: (call) => tokenAccountsWhere(call, (token, address) => token.owner === address),
  getTokenAccountsByDelegate: (call) => tokenAccountsWhere(call, (token, address) => token.delegate === address),

  getTokenLargestAccounts(call) {
    const bank = call.bank(call.config(1));
    const mintAddress = call.address(0);
    const account = call.chain.account(mintAddress, bank.height);
    const mint = mintView(account);
    if (!mint) throw invalidParams('Invalid param: not a Token mint');
    const holders = call.chain.accountsOwnedBy(account.owner, bank.height)
      .map(({ address, account: holder }) => ({ address, token: tokenAccountView(holder) }))
      .filter(({ token }) => token?.mint === mintAddress)
      .sort((a, b) => (a.token.amount < b.token.amount ? 1 : -1))
      .slice(0, 20);
    return call.withContext(bank,
      holders.map(({ address, token }) => ({ address, ...uiTokenAmount(token.amount, mint.decimals) })));
  },

  getProgramAccounts(call) {
    const config = call.config(1);
    const bank = call.bank(config);
    const filters = (config.filters ?? []).map(accountFilter);
    const found = call.chain.accountsOwnedBy(call.address(0), bank.height)
      .filter(({ account }) => filters.every((filter) => filter(account)))
      .map(({ address, account }) =>
        ({ pubkey: address, account: encodeAccount(account,
        { encoding: config.encoding ?? 'binary', dataSlice: config.dataSlice }, mintReader(call, bank)) }));
    return config.withContext ? call.withContext(bank, found) : found;
  },
};

function mintReader(call, bank) {
  return (mint) => call.chain.account(mint, bank.height);
}

export function shown(call, bank, address, config) {
  return encodeAccount(call.chain.account(address, bank.height),
    { encoding: config.encoding ?? 'binary', dataSlice: config.dataSlice }, mintReader(call, bank));
}

function accountFilter(filter) {
  if (Number.isInteger(filter?.dataSize)) return (account) => account.data.length === filter.dataSize;
  if (filter?.tokenAccountState !== undefined || filter === 'tokenAccountState')
    return (account) => tokenAccountView(account) !== null;
  if (filter?.memcmp) {
    const { offset, bytes, encoding = 'base58' } = filter.memcmp;
    const wanted = typeof bytes !== 'string' ? null : encoding === 'base64' ? Buffer.from(bytes, 'base64')
      : decodeBase58(bytes);
    if (!Number.isInteger(offset) || wanted === null)
      throw invalidParams('Invalid param: memcmp needs offset and bytes');
    return (account) => account.data.length >= offset + wanted.length &&
      Buffer.compare(account.data.subarray(offset, offset + wanted.length), wanted) === 0;
  }
  throw invalidParams('Invalid param: a filter must be dataSize, memcmp or tokenAccountState');
}

function tokenAccountsWhere(call, matches) {
  const address = call.address(0);
  const filter = call.config(1);
  const config = call.config(2);
  const bank = call.bank(config);
  let program = filter.programId;
  if (filter.mint !== undefined) {
    const mint = call.chain.account(requireAddress(filter.mint), bank.height);
    if (!mintView(mint)) throw invalidParams('Invalid param: could not find mint');
    program = mint.owner;
  }
  if (addressBytes(program) === null || !tokenPrograms.includes(program))
    throw invalidParams('Invalid param: unrecognized Token program id');
  const found = [];
  for (const { address: pubkey, account } of call.chain.accountsOwnedBy(program, bank.height)) {
    const token = tokenAccountView(account);
    if (!token || !matches(token, address) || (filter.mint !== undefined && token.mint !== filter.mint)) continue;
    found.push({ pubkey, account: encodeAccount(account,
      { encoding: config.encoding ?? 'binary', dataSlice: config.dataSlice }, mintReader(call, bank)) });
  }
  return call.withContext(bank, found);
}
