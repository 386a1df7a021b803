import { tokenAccountView } from './token-state.mjs';

/** What the chain knows about a transaction in a block; the source of getTransaction and of the ledger. */
export function landedRecord({ transaction, block, index, own, resolved, result, before, after, fee }) {
  const { keys, loaded } = resolved;
  return {
    signature: transaction.signature,
    transaction,
    own,
    undone: false,
    height: block.height,
    slot: block.slot,
    blockTime: block.time,
    index,
    err: result.err,
    fee: result.fee,
    pricePerUnit: fee.pricePerUnit,
    unitsConsumed: result.unitsConsumed,
    logs: result.logs,
    inner: result.inner,
    returnData: result.returnData,
    keys,
    writableKeys: resolved.writableKeys,
    loaded,
    preBalances: keys.map((key) => before.get(key)?.lamports ?? 0n),
    postBalances: keys.map((key) => after.get(key)?.lamports ?? 0n),
    preTokens: tokenBalances(keys, before),
    postTokens: tokenBalances(keys, after),
  };
}

function tokenBalances(keys, accounts) {
  const found = [];
  keys.forEach((key, accountIndex) => {
    const view = tokenAccountView(accounts.get(key));
    if (view) found.push({ accountIndex, account: key, mint: view.mint, owner: view.owner,
      programId: accounts.get(key).owner, amount: view.amount });
  });
  return found;
}
