// A maker that does not do what it says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDevnet } from './support/devnet.mjs';
import { Taker } from './support/taker.mjs';

async function paused(t) {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  return { devnet, taker: await Taker.funded(devnet) };
}

/** Blocks up to and past the last one that can take the transaction. */
async function pastLife(devnet, { lastValidBlockHeight }) {
  await devnet.advance(lastValidBlockHeight +
    2 - (await devnet.result('getBlockHeight', [{ commitment: 'processed' }])));
}

test('no_fill accepts and never broadcasts; late_fill lands in the last block it can', async (t) => {
  const { devnet, taker } = await paused(t);
  await devnet.fault('maker', 'no_fill', { count: 1 });
  const never = await taker.handOver(await taker.offer(1_000_000));
  await devnet.fault('maker', 'late_fill', { count: 1 });
  const offer = await taker.offer(2_000_000);
  const late = await taker.handOver(offer);
  assert.deepEqual([never.state, late.state], ['accepted', 'accepted']);
  await devnet.advance(offer.lastValidBlockHeight - (
    await devnet.result('getBlockHeight', [{ commitment: 'processed' }])));
  assert.equal(await devnet.status(late.txSignature), null);
  await devnet.advance(1);
  assert.equal((await devnet.status(late.txSignature)).err, null);
  await devnet.advance(50);
  assert.equal(await devnet.status(never.txSignature), null);
  assert.equal(await taker.paid(), BigInt(offer.quoted.amountOut));
});

test('reject_after_signing says no and broadcasts', async (t) => {
  const { devnet, taker } = await paused(t);
  await devnet.fault('maker', 'reject_after_signing');
  const offer = await taker.offer(1_000_000);
  const answer = await taker.handOver(offer);
  assert.match(answer.state, /fault set/);
  await devnet.advance(1);
  assert.equal(await taker.paid(), BigInt(offer.quoted.amountOut));
  assert.deepEqual(await taker.handOver(offer), answer);
});

test("lie_filled names a stranger's landed transaction as the fill, and never broadcasts", async (t) => {
  const { devnet, taker } = await paused(t);
  await devnet.fault('maker', 'lie_filled');
  const offer = await taker.offer(1_000_000);
  const { state, txSignature } = await taker.handOver(offer);
  assert.equal(state, 'accepted');
  assert.equal((await devnet.status(txSignature)).err, null, 'it is there to be found');
  await pastLife(devnet, offer);
  assert.deepEqual([await taker.paid(), await taker.left()], [0n, 1_000_000_000n]);
});

test('fill_less: the chain does not take what we have not signed', async (t) => {
  const { devnet, taker } = await paused(t);
  await devnet.fault('maker', 'fill_less');
  const offer = await taker.offer(1_000_000);
  assert.equal((await taker.handOver(offer)).state, 'accepted');
  await pastLife(devnet, offer);
  assert.equal((await devnet.control('/state')).counters.maker.broadcast, 1);
  assert.deepEqual([await taker.paid(), await taker.left()], [0n, 1_000_000_000n]);
});

test('double_answer accepts, rejects when asked again, and fills all the same', async (t) => {
  const { devnet, taker } = await paused(t);
  await devnet.fault('maker', 'double_answer');
  const [asked, unasked] = [await taker.offer(1_000_000), await taker.offer(2_000_000)];
  assert.deepEqual([(await taker.handOver(asked)).state, (await taker.handOver(unasked)).state],
    ['accepted', 'accepted']);
  await devnet.advance(5);
  assert.equal(await taker.paid(), 0n);
  assert.match((await taker.handOver(asked)).state, /fault set/);
  await devnet.advance(1);
  assert.equal(await taker.paid(), BigInt(asked.quoted.amountOut));
  assert.match((await taker.handOver(asked)).state, /fault set/);
  await pastLife(devnet, unasked);
  assert.equal(await taker.paid(), BigInt(asked.quoted.amountOut) + BigInt(unasked.quoted.amountOut),
    'at the latest in its last block');
});

test('signed_twice lands under another id than it told', async (t) => {
  const { devnet, taker } = await paused(t);
  await devnet.fault('maker', 'signed_twice');
  const offer = await taker.offer(1_000_000);
  const { state, txSignature } = await taker.handOver(offer);
  assert.equal(state, 'accepted');
  await devnet.advance(1);
  assert.equal(await devnet.status(txSignature), null);
  assert.equal(await taker.paid(), BigInt(offer.quoted.amountOut));
});

test('silent never answers, and broadcasts or not', async (t) => {
  const { devnet, taker } = await paused(t);
  for (const [round, broadcast] of [true, false].entries()) {
    await devnet.fault('maker', 'silent', { broadcast, count: 1 });
    const offer = await taker.offer(1_000_000);
    await taker.handOverUnanswered(offer, ({ faults }) => faults['maker.silent'] === round + 1);
    await taker.handOverUnanswered(offer, ({ maker }) => maker.askedAgain === round + 1);
    const before = await taker.paid();
    await pastLife(devnet, offer);
    assert.equal((await taker.paid()) - before, broadcast ? BigInt(offer.quoted.amountOut) : 0n);
  }
});

test('underfund quotes more than it holds, or has nothing left when it comes to paying', async (t) => {
  const { devnet, taker } = await paused(t);
  await devnet.fault('maker', 'underfund', { method: '/quote', count: 1 });
  const rich = await taker.offer(1_000_000);
  assert.ok(BigInt(rich.quoted.amountOut) > 10n ** 14n);
  assert.match((await taker.handOver(rich)).state, /would fail/);

  await devnet.fault('maker', 'underfund', { method: '/swap' });
  const offer = await taker.offer(1_000_000);
  const { state, txSignature } = await taker.handOver(offer);
  assert.equal(state, 'accepted');
  await devnet.advance(1);
  assert.deepEqual((await devnet.status(txSignature)).err, { InstructionError: [2, { Custom: 4 }] });
  assert.equal(await taker.left(), 1_000_000_000n);
  await devnet.clearFaults();
  const next = await taker.offer(1_000_000);
  await taker.handOver(next);
  await devnet.advance(1);
  assert.equal(await taker.paid(), BigInt(next.quoted.amountOut), 'it has its stock again');
});

test('quote_garbage and quote_wrong: each time another kind, or the fields that were asked for', async (t) => {
  const { devnet, taker } = await paused(t);
  const asked = taker.quoteBody(1_000_000);
  const quoted = async () => (await taker.post('/quote', asked)).body;
  const honest = await quoted();
  for (const fault of ['quote_garbage', 'quote_wrong']) {
    await devnet.fault('maker', fault, { count: 20 });
    const kinds = new Set();
    for (let i = 0; i < 20; i++) kinds.add(JSON.stringify(await quoted()));
    assert.ok(!kinds.has(JSON.stringify(honest)));
    assert.ok(kinds.size >= 7, `${kinds.size} kinds of ${fault}`);
  }
  await devnet.fault('maker', 'quote_wrong', { change: { maker: taker.payer.publicKey.toBase58() }, count: 1 });
  assert.deepEqual(await quoted(), { ...honest, maker: taker.payer.publicKey.toBase58() });
  assert.deepEqual(await quoted(), honest);
});

test('a fault with an amount strikes only quotes of that amount; the state lists it', async (t) => {
  const { devnet, taker } = await paused(t);
  await devnet.fault('maker', 'no_fill', { amount: '1000001' });
  const [meant, other] = [await taker.offer(1_000_001), await taker.offer(1_000_000)];
  for (const offer of [meant, other]) assert.equal((await taker.handOver(offer)).state, 'accepted');
  await devnet.advance(1);
  assert.equal(await taker.paid(), BigInt(other.quoted.amountOut));
  const { faults, counters } = await devnet.control('/state');
  assert.deepEqual(faults.map(({ target, fault, amount, triggered }) => [target, fault, amount, triggered]),
    [['maker', 'no_fill', '1000001', 1]]);
  assert.deepEqual(counters.faults, { 'maker.no_fill': 1 });
  await assert.rejects(devnet.fault('rpc0', 'lie_filled'), /fault.* of rpc0 must be one of/);
});
