// A swap is with the maker, and the executor dies, endpoints lie, the chain forks or time runs out: one fill, or one
// refund.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { MakerOrders, nothingLeftEarly, startWithMaker } from './lib/maker.mjs';
import { waitFor } from './lib/wait.mjs';

let stack;
let orders;
before(async () => {
  stack = await startWithMaker();
  orders = new MakerOrders(stack, await stack.user({ SOL: '1000', USDC: '1000' }));
});
afterEach(async () => {
  await stack.devnet.clearFaults();
  await stack.devnet.price('SOL', 150);
  await stack.go();
});
after(() => stack?.stop());

const counters = async () => (await stack.devnet.state()).counters;

let longestMs = 0;
/** An order of which a swap is stored for the maker; the chain stands, so that it stays in doubt. */
async function withTheMaker(faults = [], terms = {}) {
  const began = Date.now();
  const order = await orders.open({ faults, ...terms });
  await stack.stand(order.id);
  await orders.fire();
  const attempt = await orders.handedOver(order.id);
  longestMs = Math.max(longestMs, Date.now() - began);
  return { ...order, attempt };
}

/** In doubt, and with nobody else. */
async function stillInDoubt({ id, attempt }) {
  const swaps = await orders.swaps(id);
  assert.deepEqual(swaps.map((s) => [s.attempt_id, s.outcome]), [[attempt.attempt_id, null]]);
  assert.equal((await stack.database.order(id)).state, 'executing');
}

/** Faults such as "rpc0.null_status" have struck so many times more: so often has the executor looked at the chain. */
async function struck(names, times) {
  const counts = async () => (({ faults }) => names.map((name) => faults[name] ?? 0))(await counters());
  const before = await counts();
  await waitFor('more looks at the chain', async () =>
    (await counts()).every((count, i) => count >= before[i] + times));
}

test('killed when the swap is stored and did not reach the maker: the same is handed over after the restart',
  async () => {
  await stack.devnet.fault({ target: 'maker', fault: 'drop', method: '/swap' });
  const order = await withTheMaker();
  await waitFor('the hand-over was tried', async () => (await counters()).faults['maker.drop'] >= 1);
  stack.kill('executor');
  await stillInDoubt(order);
  await stack.devnet.clearFaults();
  await stack.restart('executor');
  await stack.sent();
  await stack.go();
  const { swaps } = await orders.filledByMaker(order.id);
  assert.equal(swaps[0].attempt_id, order.attempt.attempt_id);
});

test('killed after the hand-over, which the maker fills in the last block', async () => {
  const { accepted, askedAgain } = (await counters()).maker;
  const order = await withTheMaker([{ fault: 'late_fill' }]);
  await waitFor('the maker has it', async () => (await counters()).maker.accepted > accepted);
  stack.kill('executor');
  await stack.restart('executor');
  await waitFor('it is asked for again', async () => (await counters()).maker.askedAgain > askedAgain);
  await stillInDoubt(order);
  await orders.pastItsLife(order.attempt);
  await orders.filledByMaker(order.id);
});

test('killed after the hand-over, which the maker never fills: dead, then the router', async () => {
  const order = await withTheMaker([{ fault: 'no_fill' }]);
  stack.kill('executor');
  // A stranger's transaction in the account's history is none of the maker's.
  await stack.devnet.airdrop(order.crafted.inputTokenAccount, 1_000n);
  await stack.restart('executor');
  await stillInDoubt(order);
  await orders.pastItsLife(order.attempt);
  const { swaps } = await orders.filledByRouter(order.id, 1);
  assert.equal(swaps[0].certificate.rule, 'finalized_history');
});

test('no history shows the fill, only the balance does: in doubt for as long as that lasts', async () => {
  for (const target of ['rpc0', 'rpc1'])
    await stack.devnet.fault({ target, fault: 'null_status', method: 'getSignaturesForAddress' });
  const order = await withTheMaker();
  await stack.sent();
  await stack.devnet.slots({ advance: 1 });
  await waitFor('the swap in the book', async () =>
    (await stack.devnet.ledger(order.crafted.inputTokenAccount)).length === 2);
  await orders.pastItsLife(order.attempt);
  await struck(['rpc0.null_status', 'rpc1.null_status'], 6);
  await stillInDoubt(order);
  await stack.devnet.clearFaults();
  await orders.filledByMaker(order.id);
});

test('one endpoint denies everything while the maker fills late: landed all the same', async () => {
  await stack.devnet.fault({ target: 'rpc0', fault: 'null_status' });
  const order = await withTheMaker([{ fault: 'late_fill' }]);
  await orders.pastItsLife(order.attempt);
  await orders.filledByMaker(order.id);
});

for (const [name, faults] of Object.entries({
  'has no history, then a cut off one': [{ fault: 'error', code: -32011, method: 'getSignaturesForAddress', count: 6 },
    { fault: 'forget' }],
  'lags by more than a life': [{ fault: 'lag_slots', slots: 250 }],
})) {
  test(`one of two endpoints ${name}: the other alone proves no death`, async () => {
    const order = await withTheMaker([{ fault: 'no_fill' }]);
    for (const fault of faults) await stack.devnet.fault({ target: 'rpc1', ...fault });
    await orders.pastItsLife(order.attempt);
    await struck(faults.map(({ fault }) => `rpc1.${fault}`).slice(-1), 8);
    await stillInDoubt(order);
    await stack.devnet.clearFaults();
    await orders.filledByRouter(order.id, 1);
  });
}

for (const end of ['landed again', 'dead, then the router']) {
  test(`the fork that held the maker's fill dies: in doubt again, ${end}`, async () => {
    const order = await withTheMaker();
    await stack.swapped(order.id);
    const fill = (await stack.devnet.ledger(order.crafted.inputTokenAccount)).at(-1);
    const { transaction } = await stack.devnet.rpc('getTransaction',
      [fill.signature, { encoding: 'base64', commitment: 'confirmed', maxSupportedTransactionVersion: 0 }]);
    const { blockHeight } = await stack.devnet.state();
    await stack.devnet.fault({ target: 'rpc0', fault: 'fork', blocks: blockHeight - fill.blockHeight + 1 });
    // Seen to be gone when blocks are final in which it would have to be, long before its blockhash is past.
    await stack.devnet.slots({ advance: 40 });
    await waitFor('the rollback', async () => (await stack.database.transitions(order.id)).some((m) =>
      m.from_state === 'execute_success' && m.to_state === 'executing'));
    await stillInDoubt(order);
    assert.equal((await orders.swaps(order.id))[0].signature, null, 'what was found is not to be found any more');
    if (end === 'landed again') {
      await stack.devnet.rpc('sendTransaction', [transaction[0], { encoding: 'base64', skipPreflight: true }]);
      await stack.swapped(order.id);
      await stack.go();
      await orders.filledByMaker(order.id);
    } else {
      await orders.pastItsLife(order.attempt);
      await orders.filledByRouter(order.id, 1);
    }
  });
}

test('the order expires while the swap is with the maker: refunded once that is dead, not before', async () => {
  // Long enough for what comes before, by what it took in the tests above.
  const order = await withTheMaker([{ fault: 'no_fill' }], { expiresAt: Date.now() + Math.max(7_000, 3 * longestMs) });
  await waitFor('its time is over', () => Date.now() > order.expiresAt + 500);
  await stillInDoubt(order);
  await orders.pastItsLife(order.attempt);
  const { life } = await stack.refundedOnce(order.id);
  const swaps = await orders.swaps(order.id);
  assert.deepEqual(swaps.map((s) => [s.quote_id !== null, s.outcome]), [[true, 'dead']]);
  assert.equal(life.refunds.length, 1);
});

test('nothing was handed over before it was stored', () => nothingLeftEarly(stack));
