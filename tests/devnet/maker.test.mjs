import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mints, startDevnet } from './support/devnet.mjs';
import { Taker } from './support/taker.mjs';

test('maker: quotes below the middle, signs what it quoted, pays for it and broadcasts it itself', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  const taker = await Taker.funded(devnet);
  const quoted = await taker.quote(100_000_000);
  assert.equal(quoted.amountOut, ((100_000_000n * 1000n * 9995n) / (150n * 10_000n)).toString());
  assert.match((await taker.handOver(await taker.partlySigned(quoted, 1n))).state, /would receive 99999999/);
  const { state, txSignature } = await taker.handOver(await taker.partlySigned(quoted));
  assert.equal(state, 'accepted');
  await devnet.advance(1);
  assert.equal((await devnet.status(txSignature)).err, null);
  assert.equal(await taker.paid(), BigInt(quoted.amountOut));
  const entry = (await devnet.control(`/ledger?account=${quoted.maker}`)).find((e) => e.signature === txSignature);
  assert.deepEqual(entry.lamportDeltas.find((d) => d.account === quoted.maker).delta, '-15000',
    'three signatures, paid by the maker');
  const tokens = await (await fetch(devnet.url(14, '/tokens'))).json();
  assert.ok(tokens.includes(mints.SOL));
});

test('maker: the same transaction again is a question after its state; another one under the same quote is rejected',
  async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  const taker = await Taker.funded(devnet);
  const quoted = await taker.quote(1_000_000);
  const [offer, cheat] = [await taker.partlySigned(quoted), await taker.partlySigned(quoted, 1n)];
  const refused = await taker.handOver(cheat);
  assert.deepEqual(await taker.handOver(cheat), refused, 'a refusal is repeated, too');
  const first = await taker.handOver(offer);
  assert.equal(first.state, 'accepted');
  await devnet.advance(1);
  const other = await taker.partlySigned(quoted);
  assert.notDeepEqual(other.bytes, offer.bytes);
  assert.match((await taker.handOver(other)).state, /already used/);
  assert.deepEqual(await taker.handOver(offer), first);
  await devnet.advance(5);
  assert.deepEqual(await taker.handOver(offer), first);
  assert.equal(await taker.paid(), BigInt(quoted.amountOut));
  assert.equal((await taker.post('/quote', { ...taker.quoteBody(1_000_000), quoteId: quoted.quoteId })).status, 400,
    'nor is a used quote made anew');
  const { broadcast, accepted } = (await devnet.control('/state')).counters.maker;
  assert.deepEqual([broadcast, accepted], [1, 1]);
});

test('maker: HTTP faults strike it as any service', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  const taker = await Taker.funded(devnet);
  await devnet.fault('maker', 'error', { status: 503, method: '/quote', count: 1 });
  assert.equal((await taker.post('/quote', taker.quoteBody(5))).status, 503);
  await devnet.fault('maker', 'garbage', { method: '/quote', count: 1 });
  await assert.rejects(taker.quote(1_000_000), SyntaxError);
  const offer = await taker.offer(1_000_000);
  await devnet.fault('maker', 'timeout', { method: '/swap', count: 1 });
  await taker.handOverUnanswered(offer, ({ faults }) => faults['maker.timeout'] === 1);
  await devnet.advance(1);
  assert.equal(await taker.paid(), BigInt(offer.quoted.amountOut), 'done, though never answered');
  assert.equal((await taker.handOver(offer)).state, 'accepted');
});
