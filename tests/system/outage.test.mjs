// What everything stands on goes away for a while: each service says so, nothing is lost, all goes on by itself.
// LANDFALL_OUTAGE_S is how long (default 15; 60 is the long form).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { encodeBase58, web3 } from './lib/solana.mjs';
import { SystemFixture } from './lib/system_fixture.mjs';
import { pause, waitFor } from './lib/wait.mjs';

const outageMs = 1_000 * Number(process.env.LANDFALL_OUTAGE_S ?? 15);
let stack;
let user;
before(async () => {
  stack = await SystemFixture.start({ env: { EXECUTOR_ARGS: '--lease-ms 5000' } });
  user = await stack.user();
});
afterEach(async () => {
  await stack.devnet.clearFaults();
  await stack.devnet.price('SOL', 150);
  await stack.go();
});
after(() => stack?.stop());

const ready = async (offset) => {
  const { status, text } = await stack.get(offset, '/readyz');
  return { status, text, body: JSON.parse(text) };
};

/** /readyz answers 503 and names the check. */
const saysUnready = (offset, check) =>
  waitFor(`/readyz at +${offset} names ${check}`, async () => {
    const { status, text } = await ready(offset);
    return status === 503 && text.includes(`"${check}"`);
  });

const isReady = (offset) => waitFor(async () => `/readyz at +${offset} is good: ${(await ready(offset)).text}`,
  async () => (await ready(offset)).status === 200);

/** As an ordinary client does: 503 says that nothing was stored, so the call is made again. */
const place = (terms) =>
  waitFor('an order is accepted', async () => {
    try {
      return await stack.place(user, terms);
    } catch (problem) {
      if (problem.status === 503) return false;
      throw problem;
    }
  });

/** The service logged something of the kind since `mark`. */
const logged = (name, mark, pattern) => waitFor(`${name} logs ${pattern}`,
  () => pattern.test(stack.log(name).slice(mark)));

test('PostgreSQL goes away', async () => {
  const before = await place();
  await stack.reaches(before.id, 'open');
  const marks = { executor: stack.log('executor').length, trigger: stack.log('trigger').length };
  await stack.down('pg');
  const since = Date.now();
  await saysUnready(0, 'postgres');
  await saysUnready(1, 'postgres');
  await logged('executor', marks.executor, /"level":"(warn|error)"/);
  await logged('trigger', marks.trigger, /"level":"(warn|error)"/);
  for (const offset of [0, 1])
    assert.equal((await stack.get(offset, '/metrics')).status, 200, 'metrics answer all the while');
  const refused = await user.send('GET', '/orders/history');
  assert.equal(refused.status, 503);
  await stack.devnet.price('SOL', 152);
  await pause(Math.max(0, outageMs - (Date.now() - since)));
  await stack.up('pg');
  await isReady(0);
  await isReady(1);
  await stack.filledOnce(before.id);
  const next = await place();
  await stack.filledOnce(next.id);
});

test('PostgreSQL goes away in the middle of an order', async () => {
  const order = await place();
  await stack.reaches(order.id, 'open');
  await stack.stand(order.id);
  await stack.devnet.price('SOL', 152);
  await stack.reaches(order.id, 'executing');
  await stack.down('pg');
  await pause(Math.min(outageMs, 3_000));
  await stack.up('pg');
  await stack.go();
  await stack.filledOnce(order.id);
});

test('both endpoints refuse', async () => {
  const order = await place();
  await stack.reaches(order.id, 'open');
  const mark = stack.log('executor').length;
  for (const target of ['rpc0', 'rpc1']) await stack.devnet.fault({ target, fault: 'refuse' });
  const since = Date.now();
  await stack.devnet.price('SOL', 152);
  await saysUnready(0, 'rpc');
  await logged('executor', mark, /rpc_endpoint_down|rpc/);
  await stack.reaches(order.id, ['ready_execute', 'executing']);
  // What was read a second ago is still good for a deposit; after that there is nothing to make one of.
  const craft = { inputMint: order.inputMint, outputMint: order.outputMint, userAddress: user.address,
    amount: '1000000000', orderType: 'price', orderSubType: 'single' };
  await waitFor('a craft is refused', async () =>
    (await user.send('POST', '/deposit/craft', { body: craft })).status === 503);
  await pause(Math.max(0, outageMs - (Date.now() - since)));
  const { attempts, state } = await stack.database.order(order.id);
  assert.ok(['ready_execute', 'executing'].includes(state), `nothing was given up: ${state}`);
  assert.ok(attempts <= 2);
  await stack.devnet.clearFaults();
  await isReady(0);
  await stack.filledOnce(order.id);
});

test('the fee payer runs dry', async () => {
  const order = await place();
  await stack.reaches(order.id, 'open');
  const payer = web3.Keypair.fromSecretKey(
    Uint8Array.from(JSON.parse(readFileSync(join(stack.folder, 'keys', 'fee-payer.json'), 'utf8'))));
  await drain(payer, 2_000_000n);
  const mark = stack.log('executor').length;
  await saysUnready(0, 'fee_payer');
  await stack.devnet.price('SOL', 152);
  await stack.reaches(order.id, ['ready_execute', 'executing']);
  await logged('executor', mark, /fee_payer/);
  const { text } = await stack.get(0, '/metrics');
  const lamports = Number(/^landfall_executor_fee_payer_lamports(?:\{[^}]*\})? ([0-9.e+]+)$/m.exec(text)?.[1]);
  assert.ok(lamports <= 2_000_000, `the metric shows ${lamports} lamports`);
  assert.equal((await stack.database.attempts(order.id)).filter((a) => a.kind === 'swap').length, 0,
    'nothing new is signed');
  await stack.devnet.airdrop(payer.publicKey.toBase58(), 10_000_000_000n);
  await isReady(0);
  await stack.filledOnce(order.id);
});

/** Leaves `rest` lamports with the payer. */
async function drain(payer, rest) {
  const address = payer.publicKey.toBase58();
  const held = await stack.devnet.lamports(address);
  const { value } = await stack.devnet.rpc('getLatestBlockhash', [{ commitment: 'confirmed' }]);
  const transfer = new web3.Transaction({ feePayer: payer.publicKey, recentBlockhash: value.blockhash }).add(
    web3.SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: web3.Keypair.generate().publicKey,
      lamports: held - rest - 5_000n }),
  );
  transfer.sign(payer);
  await stack.devnet.declare(encodeBase58(transfer.signature));
  await stack.devnet.rpc('sendTransaction',
    [transfer.serialize().toString('base64'), { encoding: 'base64', preflightCommitment: 'confirmed' }]);
  await waitFor('the payer is drained', async () => (await stack.devnet.lamports(address)) <= rest);
}
