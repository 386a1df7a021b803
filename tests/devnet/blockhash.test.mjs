import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDevnet } from './support/devnet.mjs';

// The chain stands still in these: every block is made by the test.
const paused = ['--ms-per-slot', '0', '--skip-every', '3'];

async function height(devnet) {
  return devnet.result('getBlockHeight', [{ commitment: 'processed' }]);
}

/** Moves on until the tip has this height. */
async function advanceTo(devnet, target) {
  await devnet.advance(target - (await height(devnet)));
  assert.equal(await height(devnet), target);
}

test('a blockhash can be used in the 151 blocks after its own and not in the next', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const last = await devnet.transfer(payer, 1_000_001);
  const late = await devnet.transfer(payer, 1_000_002);
  assert.equal(last.blockhash, late.blockhash);
  const born = await height(devnet);
  assert.equal(last.lastValidBlockHeight, born + 150);

  await advanceTo(devnet, last.lastValidBlockHeight);
  await devnet.send(last.bytes);
  await devnet.advance(1);
  assert.equal(await height(devnet), born + 151);
  assert.equal((await devnet.status(last.signature)).err, null);

  await devnet.send(late.bytes);
  await devnet.advance(1);
  assert.equal(await devnet.status(late.signature), null);
  const { to } = late;
  assert.equal((await devnet.result('getBalance', [to.toBase58(), { commitment: 'processed' }])).value, 0);
});

test('preflight and isBlockhashValid agree with the window', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer);
  const preflight = async () =>
    (await devnet.send(sent.bytes, { skipPreflight: false, preflightCommitment: 'processed' })).error?.data.err;
  const valid = async () =>
    (await devnet.result('isBlockhashValid', [sent.blockhash, { commitment: 'processed' }])).value;
  await advanceTo(devnet, sent.lastValidBlockHeight);
  assert.equal(await valid(), true);
  assert.equal((await devnet.result('simulateTransaction',
    [Buffer.from(sent.bytes).toString('base64'),
    { encoding: 'base64', commitment: 'processed', sigVerify: true }])).value.err, null);
  await devnet.advance(1);
  assert.equal(await valid(), false);
  assert.equal(await preflight(), 'BlockhashNotFound');
});

test('a blockhash is unknown to a bank older than itself', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer);
  const answer = await devnet.send(sent.bytes, { skipPreflight: false, preflightCommitment: 'finalized' });
  assert.equal(answer.error.code, -32002);
  assert.equal(answer.error.data.err, 'BlockhashNotFound');
});

test('a transaction lands once: AlreadyProcessed in the window, BlockhashNotFound after, and never again',
  async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer, 2_000_000);
  const balance = async () =>
    (await devnet.result('getBalance', [sent.to.toBase58(), { commitment: 'processed' }])).value;
  const preflight = async () =>
    (await devnet.send(sent.bytes, { skipPreflight: false, preflightCommitment: 'processed' })).error.data.err;
  await devnet.send(sent.bytes);
  await devnet.send(sent.bytes);
  await devnet.advance(1);
  assert.equal(await balance(), 2_000_000);
  assert.equal(await preflight(), 'AlreadyProcessed');

  for (const wait of [1, 10, 200, 500]) {
    await devnet.send(sent.bytes);
    await devnet.advance(wait);
    assert.equal(await balance(), 2_000_000, `after ${wait} more blocks`);
  }
  assert.equal(await preflight(), 'BlockhashNotFound');
});

test('statuses live 300 rooted blocks, and longer only in the history', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer);
  await devnet.send(sent.bytes);
  await devnet.advance(1);
  const landed = await height(devnet);
  await advanceTo(devnet, landed + 31 + 299);
  assert.equal((await devnet.status(sent.signature)).confirmations, null);
  await devnet.advance(1);
  assert.equal(await devnet.status(sent.signature), null);
  assert.equal((await devnet.status(sent.signature, 0, true)).confirmationStatus, 'finalized');
});

test('slots run ahead of heights, and a skipped slot has no block', async (t) => {
  const devnet = await startDevnet(t, paused);
  await devnet.advance(60);
  const info = await devnet.result('getEpochInfo', [{ commitment: 'finalized' }]);
  assert.ok(info.absoluteSlot > info.blockHeight + 1000);
  const first = await devnet.result('getFirstAvailableBlock');
  const slots = await devnet.result('getBlocks', [first, info.absoluteSlot]);
  assert.equal(slots.length, info.blockHeight + 1);
  const skipped = Array.from({ length: info.absoluteSlot - first },
    (_x, i) => first + i).find((slot) => !slots.includes(slot));
  assert.equal((await devnet.rpc('getBlock', [skipped])).error.code, -32007);
  assert.equal((await devnet.result('getBlock', [slots.at(-1), { transactionDetails: 'none' }])).blockHeight,
    info.blockHeight);
});
