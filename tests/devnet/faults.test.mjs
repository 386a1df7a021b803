import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from '../../devnet/clients.mjs';
import { mints, startDevnet, unanswered, until } from './support/devnet.mjs';

const paused = ['--ms-per-slot', '0'];
const fast = ['--ms-per-slot', '10'];

async function post(devnet, body, signal) {
  return fetch(devnet.url(10), { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }), signal });
}

/** A WebSocket with everything it heard. */
async function open(t, url) {
  const socket = new WebSocket(url);
  const heard = { socket, messages: [], closed: false };
  socket.on('message', (data) => heard.messages.push(data.toString()));
  socket.on('close', () => (heard.closed = true));
  socket.on('error', () => {});
  t.after(() => socket.terminate());
  await new Promise((resolve) => socket.on('open', resolve));
  return heard;
}

async function slotStream(t, devnet) {
  const heard = await open(t, devnet.ws(10));
  heard.socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'slotSubscribe' }));
  await until('slots come', () => heard.messages.length > 3);
  heard.slots = () => heard.messages.flatMap((m) => {
    try {
      return JSON.parse(m).params?.result.slot ?? [];
    } catch {
      return ['garbage'];
    }
  });
  return heard;
}

test('drop: the send is answered as ever and nothing lands; its count is used up', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer);
  await devnet.fault('rpc0', 'drop', { count: 1 });
  assert.equal((await devnet.send(sent.bytes)).result, sent.signature);
  await devnet.advance(3);
  assert.equal(await devnet.status(sent.signature), null);
  const state = await devnet.control('/state');
  assert.deepEqual([state.faults, state.counters.faults], [[], { 'rpc0.drop': 1 }]);
  await devnet.send(sent.bytes);
  await devnet.advance(1);
  assert.ok(await devnet.status(sent.signature));
});

test('faults of one endpoint leave the other alone, and a method filter every other method', async (t) => {
  const devnet = await startDevnet(t, paused);
  await devnet.fault('rpc0', 'error', { code: -32005, message: 'Node is behind by 42 slots',
    data: { numSlotsBehind: 42 }, method: 'getSlot' });
  assert.deepEqual((await devnet.rpc('getSlot')).error,
    { code: -32005, message: 'Node is behind by 42 slots', data: { numSlotsBehind: 42 } });
  assert.ok((await devnet.rpc('getBlockHeight')).result);
  assert.ok((await devnet.rpc('getSlot', [], 1)).result);
  await devnet.clearFaults();
  assert.ok((await devnet.rpc('getSlot')).result);
});

test('error with a status, rate_limit, garbage', async (t) => {
  const devnet = await startDevnet(t, paused);
  for (const [fault, params, check] of [
    ['error', { status: 503 }, async (r) => assert.equal(r.status, 503)],
    ['rate_limit', { retry_after_s: 7 }, async (r) =>
      assert.deepEqual([r.status, r.headers.get('retry-after')], [429, '7'])],
    ['garbage', {}, async (r) => assert.throws(() => JSON.parse(r.text))],
  ]) {
    await devnet.fault('rpc0', fault, { ...params, count: 1 });
    const response = await post(devnet, { method: 'getSlot' });
    response.text = await response.text();
    await check(response);
    assert.equal((await post(devnet, { method: 'getSlot' })).status, 200);
  }
});

test('rate_limit with per_second lets so many through and counts the rest', async (t) => {
  const devnet = await startDevnet(t, paused);
  await devnet.fault('rpc0', 'rate_limit', { per_second: 3, retry_after_s: 2 });
  const answers = [];
  // At once, unless the machine takes seconds for so few.
  await until('one too many', async () => {
    answers.push(...(await Promise.all(Array.from({ length: 40 }, () => post(devnet, { method: 'getSlot' })))));
    return answers.some((r) => r.status === 429);
  });
  const refused = answers.filter((r) => r.status === 429);
  const taken = answers.filter((r) => r.status === 200);
  assert.equal(refused.length + taken.length, answers.length);
  assert.ok(taken.length >= 3, `${taken.length} taken, ${refused.length} refused`);
  assert.equal(refused[0].headers.get('retry-after'), '2');
  assert.deepEqual((await devnet.control('/state')).counters.faults, { 'rpc0.rate_limit': refused.length });
  assert.equal((await devnet.rpc('getSlot', [], 1)).error, undefined, 'the other endpoint has a limit of its own');
});

test('delay_ms answers late; timeout does it and never answers', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  await devnet.fault('rpc0', 'delay_ms', { ms: 150, count: 1 });
  const startedAt = performance.now();
  await devnet.result('getSlot');
  assert.ok(performance.now() - startedAt >= 149);

  const sent = await devnet.transfer(payer);
  await devnet.fault('rpc0', 'timeout', { method: 'sendTransaction', count: 1 });
  const params = [Buffer.from(sent.bytes).toString('base64'), { encoding: 'base64', skipPreflight: true }];
  const struck = async () => (await devnet.control('/state')).counters.faults['rpc0.timeout'] === 1;
  await unanswered(devnet, (signal) => post(devnet, { method: 'sendTransaction', params }, signal), struck);
  await devnet.advance(1);
  assert.ok(await devnet.status(sent.signature), 'it was done all the same');
});

test('lag_slots: an endpoint answers from an older view, in everything', async (t) => {
  const devnet = await startDevnet(t, [...paused, '--skip-every', '0']);
  const payer = await devnet.fundedKey();
  await devnet.advance(60);
  const sent = await devnet.transfer(payer, 8_000_000);
  await devnet.send(sent.bytes);
  await devnet.advance(10);
  const tip = await devnet.result('getSlot', [{ commitment: 'processed' }]);
  await devnet.fault('rpc1', 'lag_slots', { slots: 20 });
  assert.equal(await devnet.result('getSlot', [{ commitment: 'processed' }], 1), tip - 20);
  assert.equal(await devnet.result('getSlot', [{ commitment: 'confirmed' }], 1), tip - 21);
  assert.equal(await devnet.result('getSlot', [{ commitment: 'finalized' }], 1), tip - 51);
  const balance = (node) => devnet.result('getBalance', [sent.to.toBase58(), { commitment: 'processed' }],
    node).then((r) => r.value);
  assert.deepEqual([await balance(0), await balance(1)], [8_000_000, 0]);
  assert.deepEqual([(await devnet.status(sent.signature, 0)).confirmationStatus,
    await devnet.status(sent.signature, 1)], ['confirmed', null]);
  const fresh = await devnet.transfer(payer, 8_000_001);
  const { error } = await devnet.send(fresh.bytes, { skipPreflight: false, preflightCommitment: 'processed' }, 1);
  assert.equal(error.data.err, 'BlockhashNotFound', 'a lagging node does not know a new blockhash');
  await devnet.advance(20);
  assert.equal(await balance(1), 8_000_000);
});

test('null_status denies a known signature; forget prunes what has landed, not what comes after', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const [first, second, third] = [await devnet.transfer(payer, 1_000_001), await devnet.transfer(payer, 1_000_002),
    await devnet.transfer(payer, 1_000_003)];
  await devnet.send(first.bytes);
  await devnet.send(second.bytes);
  await devnet.advance(40);
  await devnet.fault('rpc0', 'null_status', { signature: first.signature });
  assert.deepEqual([await devnet.status(first.signature), (await devnet.status(second.signature)).err], [null, null]);
  assert.ok(await devnet.status(first.signature, 1));
  await devnet.clearFaults();

  await devnet.fault('rpc0', 'forget');
  await devnet.send(third.bytes);
  await devnet.advance(2);
  assert.equal(await devnet.status(second.signature, 0, true), null);
  assert.equal(await devnet.result('getTransaction', [second.signature, { maxSupportedTransactionVersion: 0 }]), null);
  assert.ok(await devnet.status(third.signature));
  assert.ok(await devnet.result('getTransaction', [second.signature, { maxSupportedTransactionVersion: 0 }], 1));
});

test('disconnect closes what is open, and later connections work', async (t) => {
  const devnet = await startDevnet(t, fast);
  const heard = await slotStream(t, devnet);
  await devnet.fault('rpc0', 'disconnect');
  await until('closed', () => heard.closed);
  await slotStream(t, devnet);
});

test('silent: the connection stays and nothing comes', async (t) => {
  const devnet = await startDevnet(t, fast);
  const heard = await slotStream(t, devnet);
  await devnet.fault('rpc0', 'silent');
  // What was on its way comes before the pong.
  const allHeard = async () => {
    const pong = once(heard.socket, 'pong');
    heard.socket.ping();
    await pong;
    return heard.messages.length;
  };
  const before = await allHeard();
  const { blockHeight } = await devnet.control('/state');
  await until('the chain goes on', async () => (await devnet.control('/state')).blockHeight > blockHeight + 20);
  assert.equal(await allHeard(), before);
  assert.equal(heard.closed, false);
  await devnet.clearFaults();
  await until('it speaks again', () => heard.messages.length > before + 5);
});

test('duplicate, reorder and garbage on a stream', async (t) => {
  const devnet = await startDevnet(t, fast);
  const heard = await slotStream(t, devnet);
  const order = () => heard.slots().filter((s) => s !== 'garbage');
  await devnet.fault('rpc0', 'duplicate', { count: 1 });
  await until('a slot twice', () => order().some((s, i, all) => i > 0 && s === all[i - 1]));
  await devnet.fault('rpc0', 'reorder', { count: 1 });
  await until('a slot after a later one', () => order().some((s, i, all) => i > 0 && s < all[i - 1]));
  await devnet.fault('rpc0', 'garbage', { method: 'slotNotification', count: 1 });
  await until('garbage', () => heard.slots().includes('garbage'));
});

test('refuse: the port is closed until the faults are cleared', async (t) => {
  const devnet = await startDevnet(t, fast);
  const heard = await slotStream(t, devnet);
  await devnet.fault('rpc0', 'refuse');
  await until('the stream is cut', () => heard.closed);
  await assert.rejects(post(devnet, { method: 'getSlot' }));
  assert.ok(await devnet.result('getSlot', [], 1));
  await devnet.clearFaults();
  await until('it listens again', () => post(devnet, { method: 'getSlot' }).then((r) => r.ok, () => false));
});

test('probability comes from the seed: two runs strike alike', async (t) => {
  const strikes = async () => {
    const devnet = await startDevnet(t, paused);
    await devnet.fault('rpc0', 'error', { code: -32005, probability: 0.5 });
    const seen = [];
    for (let i = 0; i < 40; i++) seen.push((await devnet.rpc('getHealth')).error ? 1 : 0);
    await devnet.stop();
    return seen.join('');
  };
  const first = await strikes();
  assert.match(first, /01|10/);
  assert.equal(await strikes(), first);
});

test('router: stale, jumping and crossed quotes; the jump does not hold on chain', async (t) => {
  const devnet = await startDevnet(t, paused);
  const quote = async (inputMint, outputMint, amount) =>
    BigInt((await (
    await fetch(
    devnet.url(12, `/quote?inputMint=${inputMint}&outputMint=${outputMint}&amount=${amount}`))).json()).outAmount);
  const honest = await quote(mints.USDC, mints.SOL, 100_000_000);
  await devnet.fault('router', 'jump_price', { factor: '1.5', count: 1 });
  const jumped = await quote(mints.USDC, mints.SOL, 100_000_000);
  assert.ok(jumped > (honest * 149n) / 100n);
  assert.equal(await quote(mints.USDC, mints.SOL, 100_000_000), honest);

  await devnet.fault('router', 'stale_price');
  await devnet.control('/price', { mint: mints.SOL, priceUsd: '100' });
  assert.equal(await quote(mints.USDC, mints.SOL, 100_000_000), honest);
  await devnet.clearFaults();
  assert.ok(await quote(mints.USDC, mints.SOL, 100_000_000) > honest);

  await devnet.fault('router', 'crossed');
  const there = await quote(mints.USDC, mints.SOL, 100_000_000);
  assert.ok(await quote(mints.SOL, mints.USDC, there) > 100_000_000n, 'a round trip seems to gain');
});

test('what a target does not know is refused with a sentence', async (t) => {
  const devnet = await startDevnet(t, paused);
  const refused = async (body) => {
    const response = await fetch(devnet.url(19, '/faults'), { method: 'POST', body: JSON.stringify(body) });
    assert.equal(response.status, 400);
    return (await response.json()).error;
  };
  assert.match(await refused({ target: 'rpc7', fault: 'drop' }), /"target" must be one of/);
  assert.match(await refused({ target: 'router', fault: 'fork' }), /"fault" of router must be one of/);
  assert.match(await refused({ target: 'rpc0', fault: 'drop', probability: 2 }), /"probability"/);
  assert.match(await refused({ target: 'rpc0', fault: 'drop', count: 0 }), /"count"/);
});
