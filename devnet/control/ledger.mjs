/** The judge's own book: every transaction that landed, with what it moved. Undone ones stay in it, marked. */
export function ledger(chain, history, account) {
  const records = account === null ? history.all() : history.of(account);
  return records.map((record) => ({
    signature: record.signature,
    slot: record.slot,
    blockHeight: record.height,
    blockTime: record.blockTime,
    commitment: chain.commitmentOf(record),
    err: record.err,
    fee: record.fee,
    feePayer: record.keys[0],
    lamportDeltas: lamportDeltas(record),
    tokenDeltas: tokenDeltas(record),
    programs: [...new Set(record.transaction.instructions.map((ix) => record.keys[ix.programIdIndex]))],
  }));
}

function lamportDeltas(record) {
  return record.keys
    .map((key, i) => ({ account: key, delta: (record.postBalances[i] - record.preBalances[i]).toString() }))
    .filter(({ delta }) => delta !== '0');
}

function tokenDeltas(record) {
  const before = new Map(record.preTokens.map((t) => [t.account, t]));
  const after = new Map(record.postTokens.map((t) => [t.account, t]));
  const deltas = [];
  for (const account of new Set([...before.keys(), ...after.keys()])) {
    const { mint, owner } = after.get(account) ?? before.get(account);
    const delta = (after.get(account)?.amount ?? 0n) - (before.get(account)?.amount ?? 0n);
    if (delta !== 0n) deltas.push({ mint, owner, account, delta: delta.toString() });
  }
  return deltas;
}
