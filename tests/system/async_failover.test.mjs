// The server is lost, and a standby takes its place that had stopped to hear of it: commits that were acknowledged are
// gone. What they had sent is on chain, or still on its way there. Nothing is swapped or paid twice, and an operator is
// told of every order that the database no longer knows the truth about. The services run on all the while, as no
// operator should let them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mints, units } from './lib/devnet.mjs';
import { Failover } from './lib/failover.mjs';
import { judge } from './lib/judge.mjs';
import { waitFor } from './lib/wait.mjs';

const amount = '0.2';
const fastMs = 40;
let system;
let stack;
let devnet;
let user;
before(async () => {
  system = await Failover.start({ synchronous: false });
  ({ stack, user } = system);
  devnet = stack.devnet;
});
after(() => system?.stop());

const attemptsOf = async (id, kind, database = stack.database) =>
  (await database.attempts(id)).filter((a) => a.kind === kind);
const stateOf = async (id) => (await stack.database.order(id))?.state;
const each = (ids, check) => Promise.all(Object.values(ids).map(check));

/** Each order's newest attempt of a kind is stored and sent, its fate unknown. */
const underWay = (ids, kind) =>
  each(ids, (id) =>
    waitFor(
      async () => `a ${kind} of ${id} that is under way\n${await stack.describe(id)}`,
      async () => {
        const attempt = (await attemptsOf(id, kind)).at(-1);
        return attempt && attempt.broadcast_at && !attempt.outcome ? attempt : false;
      },
      { everyMs: 20 },
    ),
  );

/** The chain stands; it moves on so far that their swaps are confirmed. */
async function allConfirmed(ids) {
  for (const id of Object.values(ids)) await stack.swapped(id);
}

/** What is sent is taken and never included, until the faults are cleared. */
const sendsAreDropped = () =>
  Promise.all(['rpc0', 'rpc1'].map((target) => devnet.fault({ target, fault: 'drop', method: 'sendTransaction' })));

/** How many sends have arrived, less those that were dropped. */
async function sendsTaken() {
  const { witness, counters } = await devnet.state();
  return witness.arrived - (counters.faults['rpc0.drop'] ?? 0) - (counters.faults['rpc1.drop'] ?? 0);
}

/** Stored bytes, sent by the test itself: those of rows that are gone, too. */
async function send({ signature, bytes }, { forgotten }) {
  if (forgotten) await devnet.declare(signature);
  await devnet.rpc('sendTransaction', [bytes, { encoding: 'base64', skipPreflight: true }]);
}

/** A signed deposit that nobody has taken yet. */
async function signedDeposit() {
  const terms = { ...stack.terms({ amount, price: 170 }), expiresAt: Date.now() + 3_600_000, slippageBps: 300 };
  const crafted = await user.craft(terms);
  return { account: crafted.inputTokenAccount, body: user.orderBody({ crafted, ...terms }) };
}

function landfallctl(...args) {
  const program = join(process.env.LANDFALL_BUILD_DIR ?? join(stack.root, 'build', 'release'), 'landfallctl',
    'landfallctl');
  const operator = `host=127.0.0.1 port=${system.standby.port} dbname=landfall user=landfall_operator`;
  return new Promise((resolve) => {
    execFile(program, ['--port-base', String(stack.portBase), '--postgres-url', operator, '--json', ...args],
      { env: stack.env, timeout: 60_000 }, (problem, stdout, stderr) =>
      resolve({ code: problem ? problem.code : 0, stdout, stderr }),
    );
  });
}

const attemptRows =
  "select id, order_id, kind, signature, outcome, replace(encode(transaction, 'base64'), E'\\n', '') as bytes " +
  'from attempt';

test('what an asynchronous standby forgot is neither swapped nor paid again, and is told', async () => {
  // --- what the standby hears of: open orders, and three whose swap is confirmed, not final yet ---
  const named = async (prices) =>
    Object.fromEntries(
    await Promise.all(Object.entries(prices).map(async ([name, price]) =>
    [name, await stack.placeUntilDeposited(user, { amount, price })])));
  const paying = await named({ oldPayoutFirst: 150.5, newPayoutFirst: 150.5, newPayoutNever: 150.5 });
  const { paidOut } = await named({ paidOut: 151.5 });
  const { swapped } = await named({ swapped: 152.5 });
  const swapping = await named({ oldSwapFirst: 153.5, newSwapFirst: 153.5, newSwapNever: 153.5 });
  const { untouched } = await named({ untouched: 170 });
  const all = { ...paying, paidOut, swapped, ...swapping, untouched };
  await each(all, (id) => stack.reaches(id, 'open'));
  await waitFor('every deposit is final', async () =>
    (await stack.database.rows("select from attempt where kind = 'deposit' and outcome is null")).length === 0);
  await devnet.slots({ msPerSlot: 0 });
  const [repeated, abandoned] = [await signedDeposit(), await signedDeposit()];
  await devnet.price('SOL', 150.6);
  await underWay(paying, 'swap');
  await allConfirmed(paying);
  const followed = system.standby.database();
  await waitFor('the standby knows of them', async () =>
    (await each(paying, (id) => followed.order(id))).every(({ state }) => state === 'execute_success'));
  await system.standby.cutOff();

  // --- what only the first server hears of: deposits, swaps that land, payouts and swaps that are on their way ---
  const unheardOf = await signedDeposit();
  for (const { account, body } of [repeated, abandoned, unheardOf]) {
    const created = user.create(body);
    await Promise.all([created, stack.confirmed(account, 1)]);
    assert.equal((await created).depositConfirmed, true);
  }
  await devnet.price('SOL', 151.6);
  await underWay({ paidOut }, 'swap');
  await allConfirmed({ paidOut });
  const { blockHeight: paidOutAt } = await devnet.state();
  await devnet.slots({ advance: 10 });
  await devnet.price('SOL', 152.6);
  await underWay({ swapped }, 'swap');
  await allConfirmed({ swapped });
  const taken = await sendsTaken();
  await sendsAreDropped();
  // All but the last swap are final now.
  await devnet.finalizePast(paidOutAt);
  await underWay({ ...paying, paidOut }, 'payout');
  await devnet.price('SOL', 153.6);
  await underWay(swapping, 'swap');
  // A new process has no blockhash yet: what is signed from here on has another one, and so is another transaction.
  await devnet.slots({ advance: 3 });
  const holders = await stack.database.rows('select lease_holder from price_order where lease_holder is not null');
  stack.kill('executor');
  await stack.restart('executor');
  await waitFor('it has taken over what is under way', async () => {
    const leases = await stack.database.rows(
      "select o.lease_holder from price_order o join attempt a on a.order_id = o.id where a.outcome is null and a.kind <> 'deposit'");
    return leases.every(({ lease_holder: now }) => now !== null &&
      !holders.some(({ lease_holder: then }) => then === now));
  });
  assert.equal(await stateOf(swapped), 'execute_success');

  // --- the first is lost; what it had acknowledged, the second does not know ---
  await system.failOver();
  const kept = new Set((await stack.database.rows(attemptRows)).map(({ id }) => id));
  const forgotten = (await (await system.lostServer()).rows(attemptRows)).filter(({ id }) => !kept.has(id));
  stack.forgotten = new Map(forgotten.map(({ signature, bytes }) => [signature, bytes]));
  assert.deepEqual(
    forgotten.map(({ kind, order_id }) => `${kind} ${order_id}`).filter((line) => !line.startsWith('deposit')).sort(),
    [...Object.values({ ...paying, paidOut }).map((id) => `payout ${id}`),
      ...Object.values({ paidOut, swapped, ...swapping }).map((id) => `swap ${id}`)].sort(),
  );
  assert.equal(forgotten.filter(({ kind }) => kind === 'deposit').length, 3);

  // --- the services sign anew, and what is on its way races what was before it ---
  await underWay(paying, 'payout');
  await underWay(swapping, 'swap');
  const stored = await stack.database.rows(attemptRows);
  const old = (id) => forgotten.find(({ order_id, kind }) => order_id === id && kind !== 'deposit' &&
    (kind === 'payout' || id !== paidOut));
  const anew = (id) => stored.filter(({ order_id }) => order_id === id).find(({ kind, outcome }) => outcome === null &&
    kind !== 'deposit');
  for (const id of Object.values({ ...paying, ...swapping })) assert.notEqual(anew(id).signature, old(id).signature);
  process.kill(stack.pid('executor'), 'SIGSTOP');
  await waitFor('each send of it has been dropped', async () => (await sendsTaken()) === taken);
  await devnet.clearFaults();
  const { oldPayoutFirst, newPayoutFirst, newPayoutNever } = paying;
  const { oldSwapFirst, newSwapFirst, newSwapNever } = swapping;
  for (const id of [paidOut, oldPayoutFirst, oldSwapFirst, newPayoutNever, newSwapNever])
    await send(old(id), { forgotten: true });
  for (const id of [oldPayoutFirst, oldSwapFirst, newPayoutFirst, newSwapFirst])
    await send(anew(id), { forgotten: false });
  for (const id of [newPayoutFirst, newSwapFirst]) await send(old(id), { forgotten: true });
  await sendsAreDropped();
  process.kill(stack.pid('executor'), 'SIGCONT');
  await devnet.slots({ advance: 1 });
  // Past the life of all that was signed before.
  for (const id of Object.values({ ...paying, ...swapping }))
    await devnet.finalizePast(1 + (await stack.database.lastValidHeight({ attempt_id: anew(id).id })));
  await devnet.clearFaults();
  await devnet.slots({ msPerSlot: fastMs });

  // --- an operator is told of each order whose truth is lost, and of deposits without one ---
  const again = await user.create(repeated.body);
  assert.equal(again.depositConfirmed, true);
  await assert.rejects(user.create(unheardOf.body), (problem) => problem.status === 400 &&
    /craft a new deposit/.test(problem.message));
  // Two minutes pass for the craft that nobody asks about again.
  await stack.sql(
    `set session_replication_role = replica; update deposit_request set expires_at = now() where id = '${abandoned.body.depositRequestId}'`);
  const expected = {
    [paidOut]: 'order_account_short',
    [swapped]: 'order_account_short',
    [oldSwapFirst]: 'order_account_short',
    [newSwapNever]: 'neither_landed_nor_dead',
    [oldPayoutFirst]: 'output_account_short',
    [newPayoutNever]: 'neither_landed_nor_dead',
  };
  const found = () => stack.database.rows('select kind, subject, order_id from discrepancy where closed_at is null');
  await waitFor(
    async () => `each of them held: ${JSON.stringify(await found())}\n${(await each(all, async (id) => `${id}\n${await stack.describe(id)}`)).join('\n')}`,
    async () => (await each(Object.keys(expected), (id) => stack.database.order(id))).every(({ held }) => held),
  );
  await waitFor('the deposit without an order is told',
    async () => (await found()).some(({ kind, subject }) => kind === 'deposit_without_order' &&
    subject === abandoned.body.depositRequestId));
  await waitFor('what is missing halts all signing',
    async () => (await stack.database.rows('select from signing_halt where released_at is null')).length === 1);
  assert.deepEqual(Object.fromEntries((await found()).filter(({ order_id }) => order_id).map(({ order_id, kind }) =>
    [order_id, kind])), expected);
  const once = await landfallctl('verify');
  assert.equal(once.code, 1, once.stderr);
  const { findings } = JSON.parse(once.stdout);
  assert.deepEqual(Object.fromEntries(
    findings.filter(({ orderId }) => orderId).map(({ orderId, kind }) => [orderId, kind])), expected);
  assert.ok(findings.some(({ kind, subject }) => kind === 'deposit_without_order' &&
    subject === abandoned.body.depositRequestId));

  // --- a deposit that was found makes its order when its owner asks again, however late; one that nobody found does
  // not ---
  const late = await user.create(abandoned.body);
  assert.equal(late.depositConfirmed, true);
  await waitFor('the deposit has its order', async () =>
    !(await found()).some(({ kind }) => kind === 'deposit_without_order'));

  // --- all others go on when the operator lets them ---
  await devnet.price('SOL', 171);
  const good = { newPayoutFirst, newSwapFirst, untouched, repeated: again.id, late: late.id };
  await waitFor(
    'the others are filled',
    async () => {
      if ((await stack.database.rows('select from signing_halt where released_at is null')).length > 0)
        assert.equal((await landfallctl('halts', 'release', '--by', 'test')).code, 0);
      return (await each(good, stateOf)).every((state) => state === 'fill_success');
    },
    { everyMs: 500 },
  );

  // --- by the chain's own book: one swap of each deposit at most, and one payout of what it brought ---
  for (const id of Object.values(good)) await stack.filledOnce(id);
  const lives = Object.fromEntries(
    await Promise.all([...Object.values(all), again.id, late.id].map(
    async (id) => [id, await judge(devnet, await stack.database.order(id))])));
  for (const [id, life] of Object.entries(lives)) {
    const paid = ![swapped, oldSwapFirst, newSwapNever].includes(id);
    assert.deepEqual([life.deposits.length, life.swaps.length, life.payouts.length, life.refunds.length],
      [1, 1, paid ? 1 : 0, 0], id);
    assert.equal(life.swaps[0].input, -units('SOL', amount));
    if (paid) assert.equal(life.payouts[0].received, life.swaps[0].output);
  }
  const payouts = Object.values(lives).flatMap((life) => life.payouts);
  assert.equal(await devnet.tokens(user.address, mints.USDC),
    payouts.reduce((sum, { received }) => sum + received, 0n));
  const book = new Map((await devnet.ledger()).map((entry) => [entry.signature, entry]));
  const succeeded = (attempt) => book.get(attempt.signature) && book.get(attempt.signature).err === null;
  for (const id of [paidOut, oldPayoutFirst, oldSwapFirst, newPayoutNever, newSwapNever])
    assert.ok(succeeded(old(id)), id);
  for (const id of [oldPayoutFirst, oldSwapFirst])
    assert.notEqual(book.get(anew(id).signature).err, null, 'the one signed later failed on chain');
  for (const id of [newPayoutFirst, newSwapFirst])
    assert.notEqual(book.get(old(id).signature).err, null, 'the one signed earlier failed on chain');
  for (const id of [newPayoutNever, newSwapNever]) assert.equal(book.get(anew(id).signature), undefined);
  console.log(
    `${forgotten.length} acknowledged attempts forgotten, ${Object.keys(expected).length} orders held, ${Object.keys(good).length} filled`);
});
