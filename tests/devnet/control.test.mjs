import assert from 'node:assert/strict';
import { test } from 'node:test';
import { web3 } from '../../devnet/clients.mjs';
import { mints, startDevnet } from './support/devnet.mjs';

const paused = ['--ms-per-slot', '0'];

test('the ledger holds every transaction with its fee, deltas and outcome, failed ones too', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey(1_000_000_000);
  const good = await devnet.transfer(payer, 10_000_000);
  const bad = await devnet.transfer(payer, 5_000_000_000);
  await devnet.send(good.bytes);
  await devnet.send(bad.bytes);
  await devnet.advance(2);
  const book = await devnet.control(`/ledger?account=${payer.publicKey.toBase58()}`);
  assert.equal(book.length, 3);
  const entry = book.find((e) => e.signature === good.signature);
  assert.deepEqual([entry.err, entry.fee, entry.commitment, entry.programs],
    [null, 5000, 'confirmed', [web3.SystemProgram.programId.toBase58()]]);
  assert.deepEqual(entry.lamportDeltas, [{ account: payer.publicKey.toBase58(), delta: '-10005000' },
    { account: good.to.toBase58(), delta: '10000000' }]);
  const failed = book.find((e) => e.signature === bad.signature);
  assert.deepEqual(failed.err, { InstructionError: [0, { Custom: 1 }] });
  assert.deepEqual(failed.lamportDeltas, [{ account: payer.publicKey.toBase58(), delta: '-5000' }]);
  const total = book.reduce((sum, e) => sum +
    BigInt(e.lamportDeltas.find((d) => d.account === payer.publicKey.toBase58())?.delta ?? 0), 0n);
  assert.equal(total,
    BigInt((await devnet.result('getBalance', [payer.publicKey.toBase58(), { commitment: 'processed' }])).value));
});

test('minted tokens are in the book of their owner and of their account', async (t) => {
  const devnet = await startDevnet(t, paused);
  const owner = web3.Keypair.generate().publicKey.toBase58();
  for (const token of await devnet.control('/tokens')) {
    const { account, signature } = await devnet.control('/mint-tokens',
      { to: owner, mint: token.mint, amount: '1000' });
    for (const address of [owner, account]) {
      const entry = (await devnet.control(`/ledger?account=${address}`)).find((e) => e.signature === signature);
      assert.deepEqual(entry.tokenDeltas, [{ mint: token.mint, owner, account, delta: '1000' }], token.symbol);
    }
  }
  assert.equal((await devnet.control('/ledger')).length, 5);
});

test('prices are exact decimals, as number or string', async (t) => {
  const devnet = await startDevnet(t, paused);
  const priceOf = async (mint) => (await devnet.control('/state')).prices.find((p) => p.mint === mint).priceUsd;
  for (const [given, kept] of [['150.000000000000000001', '150.000000000000000001'], [0.1, '0.1'],
    [0.0000001234, '0.0000001234'], ['99999999', '99999999'], [150, '150']]) {
    await devnet.control('/price', { mint: mints.SOL, priceUsd: given });
    assert.equal(await priceOf(mints.SOL), kept);
  }
});

test('bad input is answered with 400 and a sentence, and changes nothing', async (t) => {
  const devnet = await startDevnet(t, paused);
  const before = await devnet.control('/state');
  const to = web3.Keypair.generate().publicKey.toBase58();
  for (const [path, body] of [
    ['/price', { mint: mints.SOL, priceUsd: '-1' }], ['/price', { mint: mints.SOL, priceUsd: 'x' }],
    ['/price', { mint: to, priceUsd: 1 }], ['/price', { mint: mints.SOL, priceUsd: 1, ageMs: -1 }],
    ['/slots', {}], ['/slots', { msPerSlot: -1 }], ['/slots', { advance: 0 }],
    ['/airdrop', { to: 'x', lamports: 1 }], ['/airdrop', { to, lamports: 0 }], ['/airdrop', { to, lamports: 1.5 }],
    ['/mint-tokens', { to, mint: to, amount: '1' }],
    ['/mint-tokens', { to, mint: mints.USDC, amount: '18446744073709551616' }],
  ]) {
    const response = await fetch(devnet.url(19, path), { method: 'POST', body: JSON.stringify(body) });
    assert.equal(response.status, 400, `${path} ${JSON.stringify(body)}`);
    assert.match((await response.json()).error, /"\w+"/);
  }
  assert.equal((await fetch(devnet.url(19, '/price'), { method: 'POST', body: '{' })).status, 400);
  assert.equal((await fetch(devnet.url(19, '/nowhere'))).status, 404);
  const after = await devnet.control('/state');
  assert.deepEqual([after.blockHeight, after.prices], [before.blockHeight, before.prices]);
});
