// Orders from their placing to their end, judged by the chain's own book.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decimals, mints } from './lib/devnet.mjs';
import { signatureOf } from './lib/solana.mjs';
import { SystemFixture } from './lib/system_fixture.mjs';
import { waitFor } from './lib/wait.mjs';

let stack;
before(async () => (stack = await SystemFixture.start({ env: { EXECUTOR_ARGS: '--confirm-wait-ms 40000' } })));
after(() => stack?.stop());

const balances = async (client) => ({
  SOL: await stack.devnet.lamports(client.address),
  USDC: await stack.devnet.tokens(client.address, mints.USDC),
  JUP: await stack.devnet.tokens(client.address, mints.JUP),
});

/** Whole units a swap at a price brings at least, less fee and price impact of half a percent. */
function worth(amount, from, price, to) {
  return (amount * BigInt(Math.round(price * 1e6)) * 995n * 10n ** BigInt(decimals[to])) / (
    10n ** BigInt(decimals[from]) * 1_000_000n * 1_000n);
}

test('a sell above fills when the price rises, and pays tokens to the wallet', async () => {
  const user = await stack.user();
  const start = await balances(user);
  const order = await stack.place(user, { amount: '2', price: 155 });
  assert.equal(order.depositConfirmed, true);
  await stack.devnet.price('SOL', 153);
  await stack.reaches(order.id, 'open');
  await stack.devnet.price('SOL', 156);
  const { life } = await stack.filledOnce(order.id);
  const end = await balances(user);
  const got = life.payouts[0].received;
  assert.equal(end.USDC - start.USDC, got);
  assert.ok(got >= worth(2_000_000_000n, 'SOL', 156, 'USDC'), `${got} for 2 SOL at 156`);
  // The router's route names the market's accounts by their place in a lookup table.
  const { meta } = await stack.devnet.rpc('getTransaction',
    [life.swaps[0].signature, { maxSupportedTransactionVersion: 0, commitment: 'confirmed' }]);
  assert.ok(meta.loadedAddresses.writable.length > 0, JSON.stringify(meta.loadedAddresses));
  // All of the deposit, and the fee of its one signature; the rent of the order account came back.
  assert.equal(start.SOL - end.SOL, 2_000_000_000n + life.deposits[0].fee);
  const shown = await user.order(order.id);
  assert.equal(shown.orderState, 'filled');
  assert.equal(shown.outputAmount, String(got));
  assert.deepEqual(shown.events.map((e) => `${e.type} ${e.state}`),
    ['deposit success', 'fill success', 'withdrawal success']);
  assert.equal(shown.events[1].orderContext, 'take_profit');
  assert.equal(shown.events[1].txSignature, life.swaps[0].signature);
  const evidence = await stack.database.rows(
    `select price_usd::text, source from trigger_evidence where order_id = '${order.id}'`);
  assert.equal(Number(evidence[0].price_usd), 156);
  await stack.devnet.price('SOL', 150);
});

test('a buy below fills when the price falls, and pays SOL to the wallet', async () => {
  const user = await stack.user();
  const start = await balances(user);
  const order = await stack.place(user, { input: 'USDC', output: 'SOL', amount: '300', condition: 'below',
    price: 147 });
  await stack.devnet.price('SOL', 146);
  const { life } = await stack.filledOnce(order.id);
  const end = await balances(user);
  assert.equal(start.USDC - end.USDC, 300_000_000n);
  assert.equal(end.SOL - start.SOL, life.payouts[0].received - life.deposits[0].fee);
  await stack.devnet.price('SOL', 150);
});

test('a stop loss fills when the price falls', async () => {
  const user = await stack.user();
  const start = await balances(user);
  const order = await stack.place(user, { input: 'JUP', output: 'USDC', trigger: 'JUP', amount: '400',
    condition: 'below', price: 0.48 });
  await stack.devnet.price('JUP', '0.47');
  const { life } = await stack.filledOnce(order.id);
  const end = await balances(user);
  assert.equal(start.JUP - end.JUP, 400_000_000n);
  assert.equal(end.USDC - start.USDC, life.payouts[0].received);
  assert.equal((await user.order(order.id)).events[1].orderContext, 'stop_loss');
  await stack.devnet.price('JUP', '0.5');
});

test('an order that expires comes home without a signature of the user', async () => {
  const user = await stack.user();
  const start = await balances(user);
  const tokens = await stack.placeExpiring(user,
    { input: 'USDC', output: 'SOL', amount: '50', condition: 'below', price: 1, lifeMs: 6_000 });
  const sol = await stack.placeExpiring(user, { amount: '1', price: 100_000, lifeMs: 6_000 });
  const lives = [(await stack.refundedOnce(tokens)).life, (await stack.refundedOnce(sol)).life];
  const end = await balances(user);
  assert.equal(end.USDC, start.USDC);
  assert.equal(start.SOL - end.SOL, lives[0].deposits[0].fee + lives[1].deposits[0].fee);
  const shown = await user.order(sol);
  assert.equal(shown.orderState, 'expired');
  await waitFor('a past order in the history', async () =>
    (await user.history('?state=past')).orders.some((o) => o.id === sol));
});

test('a repeated create continues the same order', async () => {
  const user = await stack.user();
  const order = await stack.place(user, { price: 100_000 });
  const again = await user.create(order.body);
  assert.equal(again.id, order.id);
  assert.equal(again.txSignature, order.txSignature);
  assert.ok(again.message);
  const { orders, pagination } = await user.history('?state=active');
  assert.equal(pagination.total, 1);
  assert.equal(orders[0].id, order.id);
});

test('a deposit that was made before its create call is found, not made again', async () => {
  const user = await stack.user();
  const key = `key-${stack.seed}`;
  const terms = { inputMint: mints.SOL, outputMint: mints.USDC, triggerMint: mints.SOL, triggerCondition: 'above',
    triggerPriceUsd: 100_000, amount: 1_000_000_000n, expiresAt: Date.now() + 3_600_000 };
  // Slower, so that it comes in time in any case.
  await stack.devnet.slots({ msPerSlot: 400 });
  const crafted = await user.craft(terms);
  const body = user.orderBody({ crafted, ...terms });
  await stack.devnet.declare(signatureOf(body.depositSignedTx));
  await stack.devnet.rpc('sendTransaction',
    [body.depositSignedTx, { encoding: 'base64', preflightCommitment: 'confirmed' }]);
  const made = await user.create(body, { 'idempotency-key': key });
  await stack.go();
  const order = await stack.reaches(made.id, 'open');
  const { status, body: found } = await user.send('GET', `/orders/price/by-key/${key}`);
  assert.equal(status, 200);
  assert.equal(found.id, made.id);
  const book = (await stack.devnet.ledger(order.order_account)).filter((e) => e.err === null);
  assert.equal(book.length, 1);
});
