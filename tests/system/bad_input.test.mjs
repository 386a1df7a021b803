// Whatever a client sends: the documented refusal, and no row of any order changes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mints } from './lib/devnet.mjs';
import { signText, signTransaction, web3 } from './lib/solana.mjs';
import { SystemFixture } from './lib/system_fixture.mjs';
import { waitFor } from './lib/wait.mjs';

let stack;
let user;
let stranger;
let order;
before(async () => {
  // A fast machine makes more calls here than a wallet is let make in a while.
  stack = await SystemFixture.start({ env: { EXECUTOR_ARGS: '--requests-per-minute 100000' } });
  user = await stack.user();
  stranger = await stack.user();
  order = await stack.place(user, { price: 100_000 });
  await stack.reaches(order.id, 'open');
});
after(() => stack?.stop());

const craftBody = (change = {}) => ({ inputMint: mints.SOL, outputMint: mints.USDC, userAddress: user.address,
  amount: '1000000000', orderType: 'price', orderSubType: 'single', ...change });
const terms = () => ({ inputMint: mints.SOL, outputMint: mints.USDC, triggerMint: mints.SOL, triggerCondition: 'above',
  triggerPriceUsd: 100_000, amount: 1_000_000_000n, expiresAt: Date.now() + 3_600_000 });

/** Rows that a refusal must not touch; challenges, vaults and kept refusals of idempotency keys are no orders. */
async function rows() {
  const { price_order, order_transition, attempt, evidence, deposit_request, vault } = await stack.database.counts();
  return { price_order, order_transition, attempt, evidence, deposit_request, vault };
}

/** The call is refused with this status, in the documented shape, and nothing changed. */
async function refuses(statuses, method, path, options = {}, client = user) {
  const before = await rows();
  const { status, body } = await client.send(method, path, options);
  assert.ok([].concat(statuses).includes(status), `${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
  assert.equal(typeof body.error, 'string');
  assert.deepEqual(await rows(), before);
  return body;
}

test('what is no JSON, or not the JSON asked for', async () => {
  for (const raw of ['', '{', 'null', '[]', '"text"', '{"inputMint":', '\u0000', '{"a":1}{"b":2}', '['.repeat(5_000),
    `{"inputMint":"\\ud800"}`]) {
    await refuses(400, 'POST', '/deposit/craft', { raw });
    await refuses(400, 'POST', '/orders/price', { raw });
    await refuses(400, 'POST', '/auth/challenge', { raw, token: null });
    await refuses(400, 'POST', '/auth/verify', { raw, token: null });
  }
});

test('wrong types and values of a craft', async () => {
  const wrong = [
    { inputMint: 1 }, { inputMint: 'x' }, { inputMint: null }, { outputMint: mints.SOL }, { amount: 1 },
    { amount: '-1' }, { amount: '1.5' }, { amount: '0' },
    { amount: '18446744073709551616' }, { amount: '1e9' }, { amount: ' 1000000000' }, { orderType: 'market' },
    { orderSubType: 'triple' }, { userAddress: 'me' },
    { outputMint: web3.Keypair.generate().publicKey.toBase58() },
  ];
  for (const change of wrong) await refuses(400, 'POST', '/deposit/craft', { body: craftBody(change) });
});

test('below the minimum of 10 USD', async () => {
  const { error } = await refuses(400, 'POST', '/deposit/craft', { body: craftBody({ amount: '1000000' }) });
  assert.match(error, /at least 10 USD/);
});

test('a mint that takes fees on transfer', async () => {
  const response = await fetch(`http://127.0.0.1:${stack.portBase + 19}/tokens`);
  const fee = (await response.json()).find((t) => t.symbol === 'FEE');
  await refuses(400, 'POST', '/deposit/craft', { body: craftBody({ inputMint: fee.mint, amount: '100000000' }) });
});

test('wrong types and values of an order', async () => {
  const asked = terms();
  const crafted = await user.craft(asked);
  const good = user.orderBody({ crafted, ...asked });
  const wrong = [
    { orderType: 'double' }, { depositRequestId: 'none' }, { depositSignedTx: '!' }, { inputAmount: 5 },
    { inputAmount: '2000000000' }, { triggerCondition: 'near' }, { triggerPriceUsd: '100' },
    { triggerPriceUsd: -1 }, { triggerPriceUsd: 0 }, { slippageBps: -1 }, { slippageBps: 10_001 },
    { expiresAt: Date.now() - 1_000 }, { expiresAt: 'soon' }, { outputMint: mints.JUP }, { triggerMint: mints.BONK },
  ];
  for (const change of wrong) await refuses(400, 'POST', '/orders/price', { body: { ...good, ...change } });
  for (const field of ['depositRequestId', 'depositSignedTx', 'inputMint', 'inputAmount', 'outputMint', 'triggerMint',
    'expiresAt']) {
    const { [field]: gone, ...rest } = good;
    await refuses(400, 'POST', '/orders/price', { body: rest });
  }
});

test('a signed deposit that is not the crafted message', async () => {
  const asked = terms();
  const mine = await user.craft(asked);
  const other = await user.craft(asked);
  const body = user.orderBody({ crafted: mine, ...asked });
  await refuses(400, 'POST', '/orders/price',
    { body: { ...body, depositSignedTx: signTransaction(user.keypair, other.transaction).signed } });
  await refuses(400, 'POST', '/orders/price', { body: { ...body, depositSignedTx: mine.transaction } });
  const bytes = Buffer.from(body.depositSignedTx, 'base64');
  bytes[10] ^= 1;
  await refuses(400, 'POST', '/orders/price', { body: { ...body, depositSignedTx: bytes.toString('base64') } });
  bytes[10] ^= 1;
  bytes[bytes.length - 1] ^= 1;
  await refuses(400, 'POST', '/orders/price', { body: { ...body, depositSignedTx: bytes.toString('base64') } });
});

test("another wallet's deposits, orders and names", async () => {
  const asked = terms();
  const crafted = await user.craft(asked);
  const body = user.orderBody({ crafted, ...asked });
  await refuses(403, 'POST', '/orders/price', { body }, stranger);
  await refuses(400, 'POST', '/orders/price', { body: { ...body, userPubkey: stranger.address } }, stranger);
  await refuses(403, 'POST', '/deposit/craft', { body: craftBody() }, stranger);
  await refuses(404, 'GET', `/orders/price/${order.id}`, {}, stranger);
  await refuses(404, 'GET', '/orders/price/00000000-0000-4000-8000-000000000000');
  await refuses(404, 'GET', '/orders/price/none');
  await refuses(404, 'GET', "/orders/price/by-key/none'%20or%201=1");
  assert.equal((await stranger.history()).pagination.total, 0);
});

test('the same deposit with other terms', async () => {
  await refuses(400, 'POST', '/orders/price', { body: { ...order.body, triggerPriceUsd: 99_999 } });
});

test('one idempotency key for two bodies', async () => {
  const headers = { 'idempotency-key': `key-${stack.seed}` };
  const first = await user.send('POST', '/deposit/craft', { body: craftBody(), headers });
  assert.equal(first.status, 200);
  await refuses([400, 409, 422], 'POST', '/deposit/craft', { body: craftBody({ amount: '2000000000' }), headers },
    { send: (...all) => sendRaw(...all) });
});

/** Without the schema: a refusal of ours that the public API does not have. */
async function sendRaw(method, path, { body, headers }) {
  const response = await fetch(user.base + path,
    { method, body: JSON.stringify(body), headers: {
    'content-type': 'application/json', authorization: `Bearer ${user.token}`, ...headers } });
  return { status: response.status, body: await response.json() };
}

test('no token, a forged one, an expired one', async () => {
  const [head, payload, mac] = user.token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forged = [
    null,
    'none',
    `${head}.${payload}.`,
    `${head}.${payload}.${mac.slice(0, -2)}AA`,
    `${head}.${encode({ ...claims, sub: stranger.address })}.${mac}`,
    `${head}.${encode({ ...claims, exp: claims.exp + 1 })}.${mac}`,
    `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`,
    stranger.token.split('.').slice(0, 2).concat(mac).join('.'),
  ];
  for (const token of forged) {
    await refuses(401, 'GET', '/orders/history', { token });
    await refuses(401, 'POST', '/deposit/craft', { body: craftBody(), token });
    await refuses(401, 'GET', '/vault/register', { token });
  }
});

test('a challenge signed by another wallet, or used twice', async () => {
  const wallet = { walletPubkey: user.address, type: 'message' };
  const { body } = await user.send('POST', '/auth/challenge', { body: wallet, token: null });
  await refuses(401, 'POST', '/auth/verify',
    { body: { ...wallet, signature: signText(stranger.keypair, body.challenge) }, token: null });
  const proof = { ...wallet, signature: signText(user.keypair, body.challenge) };
  assert.equal((await user.send('POST', '/auth/verify', { body: proof, token: null })).status, 200);
  await refuses([400, 401], 'POST', '/auth/verify', { body: proof, token: null });
});

test('a body that is too large is refused, and the service lives on', async () => {
  const { status } = await user.send('POST', '/orders/price',
    { raw: `{"orderType":"${'x'.repeat(70_000)}"}` }).catch(() => ({ status: 413 }));
  assert.equal(status, 413);
  await waitFor('it is ready', async () => (await stack.get(0, '/readyz')).status === 200);
});

test('unknown fields are ignored', async () => {
  const { status } = await user.send('POST', '/deposit/craft', { body: craftBody({ somethingNew: { a: [1] } }) });
  assert.equal(status, 200);
});

test('wrong questions for the history', async () => {
  for (const query of ['?state=all', '?limit=0', '?limit=101', '?limit=x', '?offset=-1', '?sort=name', '?dir=up',
    '?mint=x']) await refuses(400, 'GET', `/orders/history${query}`);
});
