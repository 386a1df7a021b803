// Endpoints that lie, lag, refuse and undo: an order is filled exactly once all the same.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { tokenProgram } from '../../devnet/chain/token-state.mjs';
import { web3 } from './lib/solana.mjs';
import { SystemFixture } from './lib/system_fixture.mjs';
import { waitFor } from './lib/wait.mjs';

let stack;
let user;
before(async () => {
  stack = await SystemFixture.start();
  user = await stack.user({ SOL: '1000', USDC: '1000' });
});
afterEach(async () => {
  await stack.devnet.clearFaults();
  await stack.devnet.price('SOL', 150);
  await stack.go();
});
after(() => stack?.stop());

async function openOrder() {
  const order = await stack.place(user);
  await stack.reaches(order.id, 'open');
  return order;
}

test('the fork that held the swap dies: it is sent again, or proven dead before the next is signed', async () => {
  const order = await openOrder();
  await stack.stand(order.id);
  await stack.devnet.price('SOL', 152);
  await stack.swapped(order.id);
  const [{ signature }] = (await stack.database.attempts(order.id)).filter((a) => a.kind === 'swap');
  // Deeper than the swap, not so deep as to reach what is final.
  await stack.devnet.fault({ target: 'rpc0', fault: 'fork', blocks: 16 });
  await stack.devnet.slots({ msPerSlot: 150 });
  await waitFor('the rollback', async () => (await stack.database.transitions(order.id)).some((m) =>
    m.from_state === 'execute_success' && m.to_state === 'executing'));
  await stack.go();
  const { life } = await stack.filledOnce(order.id);
  const swaps = (await stack.database.attempts(order.id)).filter((a) => a.kind === 'swap');
  // A blockhash out of an undone block makes the bytes worthless: then, and only then, there is a second attempt.
  if (life.swaps[0].signature !== signature) {
    assert.equal(swaps.length, 2);
    assert.equal(swaps[0].outcome, 'dead');
    assert.ok(swaps[0].certificate);
  } else {
    assert.equal(swaps.length, 1);
  }
});

test('one endpoint denies every signature: nothing is taken for dead', async () => {
  const order = await openOrder();
  await stack.devnet.fault({ target: 'rpc0', fault: 'null_status' });
  await stack.devnet.price('SOL', 152);
  await stack.reaches(order.id, 'fill_success');
  await stack.devnet.clearFaults();
  await stack.filledOnce(order.id);
  const landed = new Set((await stack.devnet.ledger()).map(({ signature }) => signature));
  assert.deepEqual((await stack.database.attempts(order.id)).filter((a) => a.outcome === 'dead' &&
    landed.has(a.signature)), []);
});

test('one endpoint lags by 40 slots', async () => {
  const order = await openOrder();
  await stack.devnet.fault({ target: 'rpc1', fault: 'lag_slots', slots: 40 });
  await stack.devnet.price('SOL', 152);
  await stack.reaches(order.id, 'fill_success');
  await stack.devnet.clearFaults();
  await stack.filledOnce(order.id);
});

for (const [name, fault] of Object.entries({
  'errors, now and then': { fault: 'error', status: 500, probability: 0.3 },
  'rate limits, now and then': { fault: 'rate_limit', probability: 0.3 },
  'garbage, now and then': { fault: 'garbage', probability: 0.3 },
  'no answer at all from one endpoint': { fault: 'refuse', only: 'rpc0' },
})) {
  test(name, async () => {
    const orders = [await openOrder(), await openOrder()];
    const { only, ...rest } = fault;
    for (const target of only ? [only] : ['rpc0', 'rpc1']) await stack.devnet.fault({ target, ...rest });
    await stack.devnet.price('SOL', 152);
    for (const { id } of orders) await stack.reaches(id, 'fill_success');
    await stack.devnet.clearFaults();
    for (const { id } of orders) await stack.filledOnce(id);
    for (const { id } of orders)
      assert.equal((await stack.database.attempts(id)).filter((a) => a.kind === 'swap' &&
      a.outcome === 'landed').length, 1);
  });
}

test('a price that jumps for a moment fires nothing', async () => {
  const order = await stack.place(user, { price: 190 });
  await stack.reaches(order.id, 'open');
  await stack.devnet.fault({ target: 'prices', fault: 'jump_price', factor: 1.4, count: 2 });
  await waitFor('the jump was published', async () =>
    ((await stack.devnet.state()).counters.faults['prices.jump_price'] ?? 0) >= 2);
  // The next order is decided after the jump was seen: by then the first would have been, too.
  const next = await openOrder();
  await stack.devnet.price('SOL', 152);
  await stack.filledOnce(next.id);
  assert.equal((await stack.database.order(order.id)).state, 'open');
});

test('dust sent to the order account blocks nothing', async () => {
  const order = await stack.place(user, { input: 'USDC', output: 'SOL', amount: '50', condition: 'below', price: 149 });
  const row = await stack.reaches(order.id, 'open');
  const other = await stack.user({ SOL: '1', USDC: '1' });
  await sendDust(other, row.order_account, row.input_mint);
  await stack.devnet.price('SOL', 148);
  const filled = await stack.reaches(order.id, 'fill_success');
  assert.equal(filled.held, false);
  assert.equal(await stack.devnet.exists(row.order_account), false);
});

/** One smallest unit from a stranger. */
async function sendDust(from, account, mint) {
  const { value } = await stack.devnet.rpc('getTokenAccountsByOwner',
    [from.address, { mint }, { encoding: 'base64', commitment: 'confirmed' }]);
  const { value: latest } = await stack.devnet.rpc('getLatestBlockhash', [{ commitment: 'confirmed' }]);
  const transfer = new web3.TransactionInstruction({
    programId: new web3.PublicKey(tokenProgram),
    keys: [
      { pubkey: new web3.PublicKey(value[0].pubkey), isSigner: false, isWritable: true },
      { pubkey: new web3.PublicKey(account), isSigner: false, isWritable: true },
      { pubkey: from.keypair.publicKey, isSigner: true, isWritable: false },
    ],
    data: Buffer.from([3, 1, 0, 0, 0, 0, 0, 0, 0]),
  });
  const transaction = new web3.Transaction({ feePayer: from.keypair.publicKey, recentBlockhash: latest.blockhash }).add(
    transfer);
  transaction.sign(from.keypair);
  const signature = await stack.devnet.rpc('sendTransaction',
    [transaction.serialize().toString('base64'), { encoding: 'base64', preflightCommitment: 'confirmed' }]);
  await waitFor('the dust has landed', async () =>
    (await stack.devnet.rpc('getSignatureStatuses', [[signature], { searchTransactionHistory: true }])).value[
    0]?.confirmationStatus === 'finalized');
}
