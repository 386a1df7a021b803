// kill -9 at every stage of an order: each is filled exactly once, by the chain's own book.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { SystemFixture } from './lib/system_fixture.mjs';
import { pause, waitFor } from './lib/wait.mjs';

const leaseMs = 2_000;
let stack;
let user;
before(async () => {
  // Short leases, so that a crashed executor's orders are taken over soon.
  stack = await SystemFixture.start({ env: { EXECUTOR_ARGS: `--lease-ms ${leaseMs}` } });
  user = await stack.user({ SOL: '1000', USDC: '100000', JUP: '1000' });
});
afterEach(async () => {
  await stack.devnet.clearFaults();
  await stack.devnet.price('SOL', 150);
  await stack.go();
});
after(() => stack?.stop());

/** The order's unresolved or latest attempt of a kind. */
const attemptOf = async (id, kind) => (await stack.database.attempts(id)).filter((a) => a.kind === kind).at(-1);

/** An open order; `fire` makes its price come. */
async function openOrder() {
  const order = await stack.place(user);
  await stack.reaches(order.id, 'open');
  return { ...order, fire: () => stack.devnet.price('SOL', 152) };
}

/** As `openOrder`; the chain stands, so that the order stays where the test wants it. */
async function standingOrder() {
  const order = await openOrder();
  await stack.stand(order.id);
  return order;
}

async function onBothEndpoints(fault) {
  for (const target of ['rpc0', 'rpc1']) await stack.devnet.fault({ target, ...fault });
}

test('killed before the swap is signed', async () => {
  const order = await openOrder();
  await stack.devnet.fault({ target: 'router', fault: 'delay_ms', ms: 1_800_000 });
  await order.fire();
  await stack.reaches(order.id, 'executing');
  assert.equal(await attemptOf(order.id, 'swap'), undefined);
  stack.kill('executor');
  await stack.devnet.clearFaults();
  await stack.restart('executor');
  await stack.filledOnce(order.id);
});

test('killed when the signature is stored and its bytes may not have left', async () => {
  const order = await standingOrder();
  await onBothEndpoints({ fault: 'delay_ms', ms: 1_800_000, method: 'sendTransaction' });
  await order.fire();
  const attempt = await waitFor('a stored swap', () => attemptOf(order.id, 'swap'), { everyMs: 10 });
  stack.kill('executor');
  assert.equal(attempt.outcome, null);
  await stack.devnet.clearFaults();
  await stack.restart('executor');
  await stack.sent();
  await stack.go();
  const { life } = await stack.filledOnce(order.id);
  assert.equal(life.swaps[0].signature, attempt.signature, 'the stored bytes, and only they, are sent again');
});

test('killed after the broadcast, which no node includes', async () => {
  const order = await standingOrder();
  await onBothEndpoints({ fault: 'drop', method: 'sendTransaction' });
  await order.fire();
  const attempt = await waitFor('a broadcast swap', async () => {
    const swap = await attemptOf(order.id, 'swap');
    return swap?.broadcast_at ? swap : false;
  });
  stack.kill('executor');
  await stack.devnet.clearFaults();
  await stack.restart('executor');
  await stack.sent();
  await stack.go();
  const { life } = await stack.filledOnce(order.id);
  assert.equal(life.swaps[0].signature, attempt.signature);
});

test('killed after the broadcast, which lands but is never answered', async () => {
  const order = await openOrder();
  await onBothEndpoints({ fault: 'timeout', method: 'sendTransaction' });
  await order.fire();
  await waitFor('a stored swap', () => attemptOf(order.id, 'swap'), { everyMs: 10 });
  const { order_account: account } = await stack.database.order(order.id);
  await waitFor('the swap in the book', async () => (await stack.devnet.ledger(account)).length >= 2);
  stack.kill('executor');
  await stack.devnet.clearFaults();
  await stack.restart('executor');
  await stack.filledOnce(order.id);
});

test('killed after landing, before it is final', async () => {
  const order = await standingOrder();
  await order.fire();
  await stack.swapped(order.id);
  stack.kill('executor');
  await stack.restart('executor');
  await stack.go();
  await stack.filledOnce(order.id);
});

/** The chain moves on just so far that what is in it is final. */
const swapIsFinal = async () => stack.devnet.finalizePast((await stack.devnet.state()).blockHeight);

test('killed during the payout', async () => {
  const order = await standingOrder();
  await order.fire();
  await stack.swapped(order.id);
  await swapIsFinal();
  await stack.reaches(order.id, 'withdrawing');
  stack.kill('executor');
  await stack.restart('executor');
  await stack.sent();
  await stack.go();
  const { order: row } = await stack.filledOnce(order.id);
  const payouts = (await stack.database.attempts(order.id)).filter((a) => a.kind === 'payout');
  assert.equal(payouts.length, 1);
  assert.equal(row.held, false);
});

test('killed during the payout, which never lands: proven dead, then paid once', async () => {
  const order = await standingOrder();
  await order.fire();
  await stack.swapped(order.id);
  await onBothEndpoints({ fault: 'drop', method: 'sendTransaction' });
  await swapIsFinal();
  await stack.reaches(order.id, 'withdrawing');
  const first = await attemptOf(order.id, 'payout');
  stack.kill('executor');
  await stack.restart('executor');
  await stack.devnet.slots({ advance: 220 });
  await waitFor('its death certificate', async () =>
    (await stack.database.attempts(order.id)).some((a) => a.signature === first.signature && a.outcome === 'dead'));
  await stack.devnet.clearFaults();
  await stack.go();
  await stack.filledOnce(order.id);
});

test('a swap that never lands is proven dead, with a certificate, and tried again', async () => {
  const order = await openOrder();
  await onBothEndpoints({ fault: 'drop', method: 'sendTransaction' });
  await order.fire();
  const first = await waitFor('a broadcast swap', async () => {
    const swap = await attemptOf(order.id, 'swap');
    return swap?.broadcast_at ? swap : false;
  });
  await stack.devnet.slots({ advance: 220 });
  const dead = await waitFor('its death certificate', async () =>
    (await stack.database.attempts(order.id)).find((a) => a.signature === first.signature && a.outcome === 'dead'));
  assert.ok(dead.certificate);
  await stack.devnet.clearFaults();
  const { life } = await stack.filledOnce(order.id);
  assert.notEqual(life.swaps[0].signature, first.signature);
});

test('the trigger service killed while prices cross: every order is decided once', async () => {
  const orders = [];
  for (let i = 0; i < 4; i++) orders.push(await stack.place(user, { price: 151 + i }));
  for (const { id } of orders) await stack.reaches(id, 'open');
  for (const price of [151.5, 152.5, 153.5, 154.5]) {
    await stack.devnet.price('SOL', price);
    await pause(random(120));
    stack.kill('trigger');
    await stack.restart('trigger');
  }
  for (const { id } of orders) {
    await stack.filledOnce(id);
    const decided = (await stack.database.transitions(id)).filter((m) => m.role === 'trigger' &&
      m.to_state === 'ready_execute');
    assert.equal(decided.length, 1);
  }
});

/** Drawn from the seed, so that a failure can be repeated. */
let state = 0;
function random(below) {
  state = (state || stack.seed || 1) >>> 0;
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state % below;
}

test('the executor killed at random moments: every order is filled exactly once', async () => {
  const orders = [];
  for (let i = 0; i < 6; i++) orders.push(await stack.place(user, { amount: '0.5' }));
  for (const { id } of orders) await stack.reaches(id, 'open');
  await stack.devnet.price('SOL', 152);
  for (let kill = 0; kill < 6; kill++) {
    await pause(150 + random(1_500));
    stack.kill('executor');
    await stack.restart('executor');
  }
  for (const { id } of orders) await stack.filledOnce(id);
});
