import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDevnet, until } from './support/devnet.mjs';

const paused = ['--ms-per-slot', '0'];
const levels = ['processed', 'confirmed', 'finalized'];

async function balances(devnet, address) {
  return Promise.all(levels.map(async (commitment) =>
    (await devnet.result('getBalance', [address.toBase58(), { commitment }])).value));
}

test('a transfer shows at processed, one block later at confirmed, thirty later at finalized', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer, 5_000_000);
  const status = async () => (await devnet.status(sent.signature)).confirmationStatus;
  const found = async (commitment) =>
    (await devnet.result('getTransaction',
    [sent.signature, { commitment, maxSupportedTransactionVersion: 0 }])) !== null;
  await devnet.send(sent.bytes);
  assert.equal(await devnet.status(sent.signature), null);
  await devnet.advance(1);
  assert.deepEqual(await balances(devnet, sent.to), [5_000_000, 0, 0]);
  assert.equal(await status(), 'processed');
  assert.equal(await found('confirmed'), false);
  await devnet.advance(1);
  assert.deepEqual(await balances(devnet, sent.to), [5_000_000, 5_000_000, 0]);
  assert.equal(await status(), 'confirmed');
  assert.equal(await found('confirmed'), true);
  await devnet.advance(29);
  assert.deepEqual(await balances(devnet, sent.to), [5_000_000, 5_000_000, 0]);
  assert.equal(await status(), 'confirmed');
  assert.equal(await found('finalized'), false);
  await devnet.advance(1);
  assert.deepEqual(await balances(devnet, sent.to), [5_000_000, 5_000_000, 5_000_000]);
  assert.equal(await status(), 'finalized');
  assert.equal(await found('finalized'), true);
});

test('minContextSlot ahead of the bank is refused with the bank\'s slot', async (t) => {
  const devnet = await startDevnet(t, paused);
  const slot = await devnet.result('getSlot', [{ commitment: 'confirmed' }]);
  assert.equal(await devnet.result('getSlot', [{ commitment: 'confirmed', minContextSlot: slot }]), slot);
  const { error } = await devnet.rpc('getSlot', [{ commitment: 'confirmed', minContextSlot: slot + 1 }]);
  assert.deepEqual([error.code, error.data.contextSlot], [-32016, slot]);
});

test('a fork undoes blocks; what was in them can land again when sent again, not by itself', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  await devnet.advance(40);
  const before = await devnet.result('getSlot', [{ commitment: 'processed' }]);
  const sent = await devnet.transfer(payer, 6_000_000);
  await devnet.send(sent.bytes);
  await devnet.advance(3);
  assert.deepEqual(await balances(devnet, sent.to), [6_000_000, 6_000_000, 0]);
  const deadSlot = (await devnet.status(sent.signature)).slot;

  const fork = await devnet.fault('rpc0', 'fork', { blocks: 3 });
  assert.equal(fork.undone, 3);
  assert.deepEqual(await balances(devnet, sent.to), [0, 0, 0]);
  assert.equal(await devnet.status(sent.signature), null);
  assert.equal(await devnet.result('getSlot', [{ commitment: 'processed' }]), before);

  await devnet.advance(5);
  assert.equal(await devnet.status(sent.signature), null, 'nothing lands by itself');
  await devnet.send(sent.bytes);
  await devnet.advance(1);
  const again = await devnet.status(sent.signature);
  assert.equal(again.err, null);
  assert.ok(again.slot > deadSlot, 'a slot number is not used twice');
  assert.deepEqual(await balances(devnet, sent.to), [6_000_000, 0, 0]);

  const book = await devnet.control(`/ledger?account=${sent.to.toBase58()}`);
  assert.deepEqual(book.map((entry) => entry.commitment), ['undone', 'processed']);
});

test('a fork with replay lands everything again by itself', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer, 7_000_000);
  await devnet.send(sent.bytes);
  await devnet.advance(1);
  await devnet.fault('rpc1', 'fork', { blocks: 1, replay: true });
  assert.equal(await devnet.status(sent.signature), null);
  await devnet.advance(1);
  assert.equal((await devnet.status(sent.signature)).err, null);
});

test('a blockhash of an undone block dies with it', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  await devnet.advance(5);
  const sent = await devnet.transfer(payer);
  await devnet.fault('rpc0', 'fork', { blocks: 1 });
  // Only once the new fork is as high again could the dead hash be taken for a known one.
  await devnet.advance(3);
  await devnet.send(sent.bytes);
  await devnet.advance(1);
  assert.equal(await devnet.status(sent.signature), null);
  assert.equal((await devnet.result('isBlockhashValid', [sent.blockhash, { commitment: 'processed' }])).value, false);
});

test('a fork never undoes finalized blocks, nor the money the judge gave', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey(9_000_000_000);
  await devnet.advance(3);
  const finalized = await devnet.result('getBlockHeight');
  const fork = await devnet.fault('rpc0', 'fork', { blocks: 1000 });
  assert.equal(fork.undone, 31);
  assert.equal(await devnet.result('getBlockHeight'), finalized);
  await devnet.advance(1);
  assert.equal((await balances(devnet, payer.publicKey))[0], 9_000_000_000);
});

test('the chain goes at the pace it is given, and not ahead of it; its clock moves', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '3600000']);
  const startedAt = performance.now();
  const start = await devnet.control('/slots', { msPerSlot: 5 });
  const end = await until('two hundred blocks', async () => {
    const state = await devnet.control('/state');
    return state.blockHeight >= start.blockHeight + 200 ? state : null;
  });
  const due = (performance.now() - startedAt) / 5;
  assert.ok(end.blockHeight - start.blockHeight <= due + 1,
    `${end.blockHeight - start.blockHeight} blocks where ${due} were due`);
  const clock = async () => {
    const { value } = await devnet.result('getAccountInfo',
      ['SysvarC1ock11111111111111111111111111111111', { encoding: 'base64', commitment: 'processed' }]);
    const data = Buffer.from(value.data[0], 'base64');
    return { slot: data.readBigUInt64LE(0), seconds: Number(data.readBigInt64LE(32)) };
  };
  const first = await clock();
  assert.ok(first.slot >= BigInt(end.slot));
  const later = await until('a later second', async () =>
    [await clock()].find(({ seconds }) => seconds > first.seconds));
  assert.ok(later.seconds <= Date.now() / 1000);
});
