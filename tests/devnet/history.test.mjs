// getSignaturesForAddress, and what faults make of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDevnet } from './support/devnet.mjs';

/**
 * Five transfers to one address in blocks of their own, the last of them not final; `of(…)` asks for the address's
 * signatures.
 */
async function fiveTransfers(t) {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0', '--skip-every', '0']);
  const payer = await devnet.fundedKey();
  const sent = [];
  const to = (await devnet.transfer(payer)).to;
  for (let i = 0; i < 5; i++) {
    if (i === 4) await devnet.advance(40);
    sent.push(await devnet.transfer(payer, 1_000_000 + i, to));
    await devnet.send(sent[i].bytes);
    await devnet.advance(2);
  }
  const ask = (config = {}, node = 0) => devnet.rpc('getSignaturesForAddress', [to.toBase58(), config], node);
  const of = async (config, node) => {
    const { result, error } = await ask(config, node);
    assert.equal(error, undefined);
    return result.map(({ signature }) => sent.findIndex((s) => s.signature === signature));
  };
  return { devnet, payer, to, sent, ask, of };
}

test('newest first, down to a commitment; limit, before and until cut a page', async (t) => {
  const { devnet, sent, ask, of, payer } = await fiveTransfers(t);
  assert.deepEqual(await of({ commitment: 'confirmed' }), [4, 3, 2, 1, 0]);
  assert.deepEqual(await of(), [3, 2, 1, 0], 'finalized where nothing is said');
  const { result } = await ask({ commitment: 'confirmed', limit: 2 });
  const status = await devnet.status(sent[4].signature);
  assert.deepEqual(result.map((r) => [r.signature, r.slot, r.err, r.confirmationStatus]),
    [[sent[4].signature, status.slot, null, 'confirmed'], [sent[3].signature, result[1].slot, null, 'finalized']]);
  assert.deepEqual(await of({ before: sent[3].signature, limit: 2 }), [2, 1]);
  assert.deepEqual(await of({ until: sent[1].signature, commitment: 'confirmed' }), [4, 3, 2]);
  assert.deepEqual(await of({ before: sent[3].signature, until: sent[0].signature }), [2, 1]);
  // Where a page begins may be a transaction that has nothing to do with the account.
  const stranger = await devnet.transfer(payer, 5_000_000);
  await devnet.send(stranger.bytes);
  await devnet.advance(2);
  assert.deepEqual(await of({ before: stranger.signature, commitment: 'confirmed' }), [4, 3, 2, 1, 0]);
});

test('what the cluster refuses is refused', async (t) => {
  const { devnet, ask, payer } = await fiveTransfers(t);
  const refused = async (config) => (await ask(config)).error;
  assert.equal((await refused({ commitment: 'processed' })).code, -32602);
  for (const limit of [0, 1001]) assert.deepEqual([(await refused({ limit })).code, (await refused({ limit })).message],
    [-32602, 'Invalid limit; max 1000']);
  for (const commitment of ['confirmed', 'finalized']) {
    const slot = await devnet.result('getSlot', [{ commitment }]);
    assert.equal((await ask({ commitment, minContextSlot: slot })).error, undefined);
    const { code, data } = await refused({ commitment, minContextSlot: slot + 1 });
    assert.deepEqual([code, data.contextSlot], [-32016, slot]);
  }
  const unknown = await devnet.transfer(payer, 9_000_000);
  for (const cursor of ['before', 'until']) {
    const { code, message } = await refused({ [cursor]: unknown.signature });
    assert.deepEqual([code, message], [-32020, `Transaction ${unknown.signature} not found`]);
  }
});

test('a failed transaction is listed with its error', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  const payer = await devnet.fundedKey(1_000_000_000);
  const sent = await devnet.transfer(payer, 5_000_000_000);
  await devnet.send(sent.bytes);
  await devnet.advance(2);
  const [{ err, signature }] = await devnet.result('getSignaturesForAddress',
    [sent.to.toBase58(), { commitment: 'confirmed' }]);
  assert.deepEqual([signature, err], [sent.signature, { InstructionError: [0, { Custom: 1 }] }]);
});

test('null_status denies signatures here too, also as the end of a page; forget prunes; the other endpoint knows them',
  async (t) => {
  const { devnet, sent, ask, of } = await fiveTransfers(t);
  await devnet.fault('rpc0', 'null_status', { signature: sent[2].signature });
  assert.deepEqual(await of(), [3, 1, 0]);
  assert.equal((await ask({ until: sent[2].signature })).error.code, -32020);
  assert.deepEqual(await of({}, 1), [3, 2, 1, 0]);
  await devnet.clearFaults();
  await devnet.fault('rpc0', 'null_status', { method: 'getSignaturesForAddress' });
  assert.deepEqual(await of(), []);
  assert.ok(await devnet.status(sent[2].signature), 'only the history denies it');
  await devnet.clearFaults();
  assert.deepEqual(await of(), [3, 2, 1, 0]);

  await devnet.fault('rpc0', 'forget');
  assert.deepEqual(await of({ commitment: 'confirmed' }), []);
  assert.equal((await ask({ until: sent[0].signature })).error.code, -32020);
  assert.deepEqual(await of({ commitment: 'confirmed' }, 1), [4, 3, 2, 1, 0]);
});

test('lag_slots shows the history of the older view; a fork takes its transactions out', async (t) => {
  const { devnet, of } = await fiveTransfers(t);
  await devnet.fault('rpc1', 'lag_slots', { slots: 10 });
  assert.deepEqual(await of({ commitment: 'confirmed' }, 1), [3, 2, 1, 0]);
  assert.deepEqual(await of({}, 1), [3, 2, 1, 0].slice(await blocksShort(devnet)));
  await devnet.clearFaults();
  await devnet.fault('rpc0', 'fork', { blocks: 5 });
  assert.deepEqual(await of({ commitment: 'confirmed' }), [3, 2, 1, 0]);
});

/** How many of the first four transfers are not final in the view ten slots back. */
async function blocksShort(devnet) {
  const finalized = await devnet.result('getBlockHeight', [{ commitment: 'finalized' }], 1);
  const entries = (await devnet.control('/ledger')).filter((e) => e.tokenDeltas.length === 0);
  return entries.slice(1, 5).filter((e) => e.blockHeight > finalized).length;
}

test('HTTP faults reach it by its name', async (t) => {
  const { devnet, ask, of } = await fiveTransfers(t);
  const method = 'getSignaturesForAddress';
  await devnet.fault('rpc0', 'error',
    { method, code: -32011, message: 'Transaction history is not available from this node', count: 1 });
  assert.equal((await ask()).error.code, -32011);
  await devnet.fault('rpc0', 'garbage', { method, count: 1 });
  await assert.rejects(ask(), SyntaxError);
  await devnet.fault('rpc0', 'rate_limit', { method, count: 1 });
  assert.deepEqual(await ask(), { error: 'Too many requests' });
  assert.deepEqual(await of(), [3, 2, 1, 0]);
});
