// A market maker beside the router: it fills where it pays more, and whatever it says or does not say, an order is
// filled once.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mints } from './lib/devnet.mjs';
import { maker, makerPays, MakerOrders, nothingLeftEarly, startWithMaker } from './lib/maker.mjs';
import { web3 } from './lib/solana.mjs';
import { waitFor } from './lib/wait.mjs';

let stack;
let user;
let orders;
let feePayer;
before(async () => {
  stack = await startWithMaker();
  user = await stack.user({ SOL: '1000', USDC: '1000' });
  orders = new MakerOrders(stack, user);
  feePayer = web3.Keypair.fromSecretKey(Uint8Array.from(
    JSON.parse(readFileSync(join(stack.folder, 'keys', 'fee-payer.json'), 'utf8')))).publicKey.toBase58();
});
after(() => stack?.stop());

async function quiet() {
  await stack.devnet.clearFaults();
  await stack.devnet.price('SOL', 150);
}

const makerCounts = async () => (await stack.devnet.state()).counters.maker;

test('a maker that pays more than the router fills: its price, its fee, exact balances', async () => {
  const order = await orders.open();
  const start = await stack.devnet.tokens(user.address, mints.USDC);
  await orders.fire();
  const { life, swaps } = await orders.filledByMaker(order.id);
  const paid = makerPays(order.lamports, 152);
  assert.equal(life.swaps[0].output, paid);
  assert.equal((await stack.devnet.tokens(user.address, mints.USDC)) - start, paid);
  const entry = (await stack.devnet.ledger()).find((e) => e.signature === life.swaps[0].signature);
  const lamports = (account) => BigInt(entry.lamportDeltas.find((d) => d.account === account)?.delta ?? 0);
  const tokens = Object.fromEntries(
    entry.tokenDeltas.filter((d) => d.owner === maker).map((d) => [d.mint, BigInt(d.delta)]));
  assert.deepEqual(tokens, { [mints.SOL]: order.lamports, [mints.USDC]: -paid });
  assert.equal(lamports(maker), -BigInt(entry.fee), 'the maker pays the fee, and nothing else');
  const row = await stack.database.order(order.id);
  assert.equal(lamports(feePayer), -lamports(row.output_account),
    'we pay the rent of the output account, and nothing else');
  await quiet();
});

test('quotes that are worse, wrong, impossible or no quotes: the router fills, and nothing is handed over',
  async () => {
  const { vaultPubkey: vault } = await user.vault();
  const wrong = (change) => [{ fault: 'quote_wrong', change }];
  const group = await orders.openAll({
    worse: wrong({ amountOut: '150000000' }),
    'another id': wrong({ quoteId: '00000000-0000-4000-8000-000000000000' }),
    'another request': wrong({ requestId: '00000000-0000-4000-8000-000000000000' }),
    'another token in': wrong({ tokenIn: mints.JUP }),
    'another token out': wrong({ tokenOut: mints.JUP }),
    'less taken': wrong({ amountIn: '1000000000' }),
    'more than there is': wrong({ amountOut: '18446744073709551615' }),
    'our fee payer as maker': wrong({ maker: feePayer }),
    "the order's vault as maker": wrong({ maker: vault }),
    'a stranger without money as maker': wrong({ maker: web3.Keypair.generate().publicKey.toBase58() }),
    garbage: [{ fault: 'quote_garbage' }],
    'more than it holds': [{ fault: 'underfund', method: '/quote' }],
  });
  const { accepted, rejected } = await makerCounts();
  await orders.fireAtOnce(group);
  for (const [name, { id }] of Object.entries(group)) {
    await assert.doesNotReject(orders.filledByRouter(id), name);
  }
  const now = await makerCounts();
  assert.deepEqual([now.accepted, now.rejected], [accepted, rejected]);
  await quiet();
});

test('a maker that is away, slow, silent, broken or talks nonsense: the router fills, without waiting for it',
  async () => {
  const faults = [
    { fault: 'refuse' }, { fault: 'delay_ms', ms: 600_000, method: '/quote' }, { fault: 'timeout', method: '/quote' },
    { fault: 'error', status: 500, method: '/quote' }, { fault: 'error', status: 404, method: '/quote' },
    { fault: 'garbage', method: '/quote' }, { fault: 'drop', method: '/quote' },
  ];
  const group = [];
  for (const i of faults.keys()) group.push(await orders.open({ price: 151 + i }));
  for (const [i, fault] of faults.entries()) {
    await stack.devnet.fault({ target: 'maker', ...fault });
    await orders.fire(151.5 + i);
    await stack.passes(group[i].id, 'execute_success');
    // Back at once: what is cleared is not what let the order go on.
    await stack.devnet.clearFaults();
  }
  for (const [i, { id }] of group.entries())
    await assert.doesNotReject(orders.filledByRouter(id), JSON.stringify(faults[i]));
  await quiet();
});

// --- what a maker may do with what it was handed; all these orders are under way at once ---

const misdeeds = {
  reject_after_signing: 'maker',
  double_answer: 'maker',
  late_fill: 'maker',
  signed_twice: 'maker',
  silent: 'maker',
  lie_filled: 'dead',
  fill_less: 'dead',
  no_fill: 'dead',
  silent_too: 'dead',
  underfund: 'landed_failed',
};
let doubtful;

test('misdeeds: orders under way', async () => {
  const faultOf = { silent_too: { fault: 'silent', broadcast: false },
    underfund: { fault: 'underfund', method: '/swap' } };
  doubtful = await orders.openAll(
    Object.fromEntries(Object.keys(misdeeds).map((name) => [name, [faultOf[name] ?? { fault: name }]])));
  // The chain stands until the maker has each of them and has been asked again: on a busy machine, too, he gets them
  // while their blockhashes live.
  await stack.stand(...Object.values(doubtful).map(({ id }) => id));
  const { askedAgain } = await makerCounts();
  await orders.fire();
  for (const { id } of Object.values(doubtful)) await orders.handedOver(id);
  await waitFor('the maker has them', async () =>
    (await stack.devnet.state()).faults.every(({ triggered }) => triggered > 0));
  await waitFor('he is asked again', async () => (await makerCounts()).askedAgain > askedAgain);
  await stack.go();
});

for (const [name, end] of Object.entries(misdeeds)) {
  test(`${name}: ${end === 'maker' ? 'filled by the maker' : `the attempt is ${end}, then the router fills`}`,
    async () => {
    const { id } = doubtful[name];
    const { swaps } = end === 'maker' ? await orders.filledByMaker(id) : await orders.filledByRouter(id, 1);
    if (end !== 'maker') assert.equal(swaps[0].outcome, end);
    if (end === 'dead') {
      const { rule, observations } = swaps[0].certificate;
      assert.equal(rule, 'finalized_history');
      assert.ok(observations.length >= 2);
    }
    // The maker's word alone moves nothing: what moved the order on is the attempt that landed, and only that.
    const moves = await stack.database.transitions(id);
    const on = moves.filter((m) => m.from_state === 'executing' && m.to_state === 'execute_success');
    assert.deepEqual(on.map((m) => m.attempt_id), [swaps.at(-1).attempt_id]);
    const failed = moves.filter((m) => m.from_state === 'executing' && m.to_state === 'execute_failed');
    assert.deepEqual(failed.map((m) => m.attempt_id), swaps.slice(0, -1).map((s) => s.attempt_id));
    if (name === 'late_fill') {
      const entry = (await stack.devnet.ledger()).find((e) => e.signature === swaps[0].signature);
      assert.equal(entry.blockHeight, (await stack.database.lastValidHeight(swaps[0])) + 1,
        'in the last block that could take it');
    }
  });
}

test('all was asked again with the same bytes, none of it stored late', async () => {
  const counts = await makerCounts();
  assert.ok(counts.askedAgain > 0);
  await nothingLeftEarly(stack);
  await waitFor('no discrepancy', async () =>
    (await stack.database.rows("select * from discrepancy where order_id is not null")).length === 0);
});
