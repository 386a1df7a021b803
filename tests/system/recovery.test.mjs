// Many orders in flight when the executor is killed, while one endpoint denies what landed and both leave questions
// unanswered. New orders arrive meanwhile. Every order ends exactly once, new ones do not wait for the end of the
// backlog, and the endpoints are not flooded.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SystemFixture } from './lib/system_fixture.mjs';
import { waitFor } from './lib/wait.mjs';

const inFlight = 150;
const newOrders = 8;
const wallets = 10;
const placedAtOnce = 10;
const maxInFlight = 40;
// About 18 are needed from a kill to the close of an order's accounts, lies and silence included about 30.
const maxRequestsAnOrder = 60;
// What is asked at both endpoints in every round, five a second, whatever there is to do: on a slow machine there are
// more rounds.
const requestsASecond = 40;

const options =
  '--lease-ms 5000 --status-poll-ms 200 --poll-ms 100 --requests-per-minute 100000 --rpc-requests-per-window 100000 --log-level warn';
let stack;
let users;

before(async () => {
  stack = await SystemFixture.start({
    msPerSlot: 40, env: { EXECUTOR_ARGS: `${options} --max-in-flight 2000 --rebroadcast-ms 60000` } });
  users = await Promise.all(Array.from({ length: wallets }, () => stack.user({ SOL: '100' })));
});
after(() => stack.stop());

async function placeMany(count) {
  const placed = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(placedAtOnce, count) }, async () => {
      while (next < count) {
        const user = users[next++ % users.length];
        placed.push(await stack.place(user, { amount: '0.1', slippageBps: 1000 }));
      }
    }),
  );
  return placed.map(({ id }) => id);
}

const value = async (sql) => Number((await stack.database.rows(`select (${sql}) as n`))[0].n);

test('many in flight at a kill: all end once, new orders do not wait for them', async () => {
  const backlog = await placeMany(inFlight);
  await waitFor('final deposits', async () =>
    (await value('select count(*) from attempt where outcome is null')) === 0);

  // The chain stands still while all swaps are signed; half of them are swallowed, half wait for the next block.
  await stack.devnet.slots({ msPerSlot: 0 });
  await stack.devnet.fault({ target: 'rpc0', fault: 'drop', method: 'sendTransaction' });
  await stack.devnet.fault({ target: 'rpc1', fault: 'drop', method: 'sendTransaction', probability: 0.5 });
  await stack.devnet.price('SOL', 152);
  await waitFor('stored swaps', async () =>
    (await value(
    "select count(*) from attempt where kind = 'swap' and outcome is null and broadcast_at is not null")) === inFlight,
    { timeoutMs: 360_000 });
  stack.kill('executor');

  await stack.devnet.clearFaults();
  await stack.devnet.slots({ advance: 35, msPerSlot: 40 });
  // Only one denies: when all endpoints deny what is stored as landed, the verifier holds the order, and rightly so.
  await stack.devnet.fault({ target: 'rpc0', fault: 'null_status', count: 400 });
  for (const target of ['rpc0', 'rpc1'])
    await stack.devnet.fault({ target, fault: 'timeout', method: 'getSignatureStatuses', probability: 0.2, count: 10 });
  const began = Date.now();
  const requestsBefore = (await stack.devnet.state()).counters.requests;
  stack.env.EXECUTOR_ARGS = `${options} --max-in-flight ${maxInFlight}`;
  await stack.restart('executor');

  const arrived = await placeMany(newOrders);
  for (const id of [...arrived, ...backlog]) await stack.reaches(id, 'fill_success', 480_000);
  const requests = (await stack.devnet.state()).counters.requests;
  const seconds = (Date.now() - began) / 1000;

  for (const id of [...arrived, ...backlog]) await stack.filledOnce(id);
  assert.equal(await value("select count(*) from attempt where outcome is null"), 0);

  // By the order of the audit rows: when the last of the new orders was swapped, many of the backlog had not been moved
  // yet.
  const list = (ids) => ids.map((id) => `'${id}'`).join(',');
  const swapped = await value(
    `select max(id) from order_transition where order_id in (${list(arrived)}) and to_state = 'execute_success'`);
  const waiting = await value(
    `select count(*) from (select order_id, min(id) filter (where to_state = 'execute_success') as moved from order_transition where order_id in (${list(backlog)}) group by order_id) b where moved > ${swapped}`);
  console.log(
    `${waiting} of ${inFlight} were still to be recovered when the last of ${newOrders} new orders was swapped`);
  assert.ok(waiting > 0, 'new orders waited for the end of the backlog');

  const made = requests.rpc0 + requests.rpc1 - requestsBefore.rpc0 - requestsBefore.rpc1;
  console.log(`${made} requests for ${inFlight + newOrders} orders in ${Math.round(seconds)} s`);
  assert.ok(made < maxRequestsAnOrder * (inFlight + newOrders) + requestsASecond * seconds, `${made} requests`);
});
