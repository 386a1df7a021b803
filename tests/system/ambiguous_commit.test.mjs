// The proxies between the services and PostgreSQL break around COMMIT, with the commit done or not: whatever was being
// written (a deposit, a decision, a claim, a signed swap, a death certificate, …), nothing is sent that is not durable,
// and nothing is done twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Random } from '../../devnet/random.mjs';
import { commitProxy } from './lib/commit_proxy.mjs';
import { SystemFixture } from './lib/system_fixture.mjs';
import { waitFor } from './lib/wait.mjs';

const enough = 20;
const ordersARound = 12;
const maxRounds = 12;
const fastMs = 40;
const slowMs = 400;
/** Each kind of write has to be lost (done, without an answer) and cut (not done) often enough. */
const watched = ['deposit_request', 'deposit', 'open', 'decision', 'claim', 'release', 'swap', 'payout', 'refund',
  'close', 'confirmation', 'outcome', 'certificate', 'fill', 'move'];
const fates = ['lost', 'cut'];
const counts = Object.fromEntries(['passed', ...fates].map((fate) =>
  [fate, Object.fromEntries(watched.map((kind) => [kind, 0]))]));
let stack;
let user;
let random;
const proxies = {};

/** Whatever there are too few of, nine times of ten; the rest passes. */
function decide(writes) {
  const kinds = writes.filter((kind) => watched.includes(kind));
  const lacking = fates.filter((fate) => kinds.some((kind) => counts[fate][kind] < enough));
  const fate = lacking.length > 0 && random.next() < 0.9 ? lacking[Math.floor(random.next() * lacking.length)]
    : 'passed';
  for (const kind of kinds) counts[fate][kind]++;
  return fate === 'passed' ? undefined : fate;
}
const isEnough = () => fates.every((fate) => watched.every((kind) => counts[fate][kind] >= enough));

before(async () => {
  stack = await SystemFixture.start({ parts: 'pg,devnet,setup' });
  random = new Random(stack.seed);
  for (const role of ['executor', 'api', 'trigger']) proxies[role] = await commitProxy(stack.portBase + 2, decide);
  const url = (role) => `postgresql://landfall_${role}@127.0.0.1:${proxies[role].port}/landfall`;
  stack.env.EXECUTOR_ARGS =
    `--lease-ms 1000 --poll-ms 100 --status-poll-ms 100 --requests-per-minute 100000 --postgres-url ${url('executor')} --api-postgres-url ${url('api')}`;
  stack.env.TRIGGER_ARGS = `--poll-ms 200 --postgres-url ${url('trigger')}`;
  await stack.up('executor,trigger');
  user = await stack.patientUser({ SOL: '1000' });
});
after(async () => {
  await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
  await stack?.stop();
});

const sendsAreDropped = () =>
  Promise.all(['rpc0', 'rpc1'].map((target) =>
  stack.devnet.fault({ target, fault: 'drop', method: 'sendTransaction' })));
const eachHas = (ids, what, check) => waitFor(`each order ${what}`,
  async () => (await Promise.all(ids.map(check))).every(Boolean));
const swaps = async (id) => (await stack.database.attempts(id)).filter((a) => a.kind === 'swap');

/**
 * Some orders that are filled, each after a swap that died, and as many that expire. The chain moves on between the
 * swaps, and then past the end of one after another, so that their death certificates are commits of their own.
 */
async function round() {
  await stack.devnet.price('SOL', 150);
  const each = (make) => Promise.all(Array.from({ length: ordersARound }, (_none, i) => make(i)));
  const filling = await each((i) => stack.placeUntilDeposited(user, { amount: '0.2', price: 151 + i / 10 }));
  await eachHas(filling, 'is open', async (id) => (await stack.database.order(id)).state === 'open');
  await sendsAreDropped();
  for (let i = 0; i < ordersARound; i++) {
    await stack.devnet.price('SOL', 151 + i / 10);
    await eachHas([filling[i]], 'has signed a swap', async (id) => (await swaps(id)).length > 0);
    await stack.devnet.slots({ advance: 5, msPerSlot: slowMs });
  }
  for (const id of filling) {
    await stack.devnet.finalizePast(await stack.database.lastValidHeight((await swaps(id))[0]));
    await eachHas([id], 'has a swap that died', async () => (await swaps(id))[0].outcome === 'dead');
  }
  await stack.devnet.clearFaults();
  await stack.devnet.slots({ msPerSlot: fastMs });
  const expiring = await each((i) => stack.placeExpiring(user,
    { amount: '0.2', price: 100_000, lifeMs: 5_000 + 200 * i }));
  for (const id of filling) await stack.reaches(id, 'fill_success');
  for (const id of expiring) await stack.reaches(id, 'expired');
  return { filling, expiring };
}

test(`COMMITs are lost or cut, ${enough} of each kind of write: every order is filled or refunded exactly once`,
  async () => {
  const rounds = [];
  while (!isEnough()) {
    assert.ok(rounds.length < maxRounds, `after ${rounds.length} rounds only ${JSON.stringify(counts)}`);
    rounds.push(await round());
    for (const fate of Object.keys(counts))
      console.log(`after ${2 * ordersARound * rounds.length} orders ${fate}: ${JSON.stringify(counts[fate])}`);
  }
  for (const { filling, expiring } of rounds) {
    for (const id of filling) await stack.filledOnce(id);
    for (const id of expiring) await stack.refundedOnce(id);
  }
  await waitFor('nothing is left unresolved', async () =>
    (await stack.database.rows('select attempt_id from attempt_history where outcome is null')).length === 0);
});
