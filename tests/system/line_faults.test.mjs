// Every line between the services and what they talk to, broken in every way a line can break, in both directions, while orders are
// being placed and filled: each order is filled exactly once when the line is whole again, and no wait is without end.
// LANDFALL_LINE_CELLS is how many of the broken lines are drawn from the seed (default 35; 70 is all of them).
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Line, faultKinds, ways } from './lib/line.mjs';
import { Random } from '../../devnet/random.mjs';
import { Stack } from './lib/stack.mjs';
import { waitFor } from './lib/wait.mjs';

const wanted = Number(process.env.LANDFALL_LINE_CELLS ?? 35);
/** What only slows a line lasts until the deposit of its time has arrived; what kills a connection has done enough once. */
const slows = new Set(['latency', 'drip']);
let stack;
let user;
let random;
const lines = {};

before(async () => {
  stack = await Stack.start({ parts: 'pg,devnet,setup' });
  random = new Random(stack.seed);
  const targets = { pg_executor: 2, pg_api: 2, pg_trigger: 2, rpc0: 10, rpc1: 11, router: 12, prices: 13 };
  for (const [name, offset] of Object.entries(targets)) lines[name] = await Line.start(stack.portBase + offset, { seed: stack.seed + Object.keys(lines).length });
  const postgres = (line, role) => `postgresql://landfall_${role}@127.0.0.1:${line.port}/landfall`;
  const http = (line) => `http://127.0.0.1:${line.port}`;
  stack.env.EXECUTOR_ARGS = [
    '--lease-ms 3000 --poll-ms 200 --status-poll-ms 100 --rebroadcast-ms 300 --requests-per-minute 100000',
    `--postgres-url ${postgres(lines.pg_executor, 'executor')} --api-postgres-url ${postgres(lines.pg_api, 'api')}`,
    `--rpc-urls ${http(lines.rpc0)},${http(lines.rpc1)} --router-url ${http(lines.router)} --hermes-http-url ${http(lines.prices)}`,
  ].join(' ');
  stack.env.TRIGGER_ARGS = `--postgres-url ${postgres(lines.pg_trigger, 'trigger')} --hermes-ws-url ws://127.0.0.1:${lines.prices.port}/ws --hermes-http-url ${http(lines.prices)}`;
  await stack.up('executor,trigger');
  user = await stack.user({ SOL: '1000' });
  await stack.devnet.price('SOL', 152);
});
afterEach(() => Object.values(lines).forEach((line) => line.mend()));
after(async () => {
  await Promise.all(Object.values(lines).map((line) => line.stop()));
  await stack?.stop();
});

const place = () => stack.placeUntilDeposited(user, { amount: '0.2' });

function drawn() {
  const cells = Object.keys(lines).flatMap((name) => faultKinds.flatMap((kind) => ways.map((way) => ({ name, kind, way }))));
  for (let i = cells.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [cells[i], cells[j]] = [cells[j], cells[i]];
  }
  return cells.slice(0, wanted);
}

test(`${wanted} broken lines, with an order placed before and one during each`, async () => {
  const orders = [];
  const waits = [];
  for (const { name, kind, way } of drawn()) {
    const line = lines[name];
    const struck = () => line.struck[`${way}.${kind}`] ?? 0;
    const [earlier, since] = [struck(), Date.now()];
    orders.push(place());
    line.break({ kind }, way);
    // The price stream says nothing upwards but when it is opened.
    if (name === 'prices' && way === 'up') line.end();
    const during = place();
    orders.push(during);
    await waitFor(`${name} is struck by ${kind} ${way}`, () => struck() > earlier, { everyMs: 20 });
    if (slows.has(kind)) await during;
    line.mend();
    waits.push({ cell: `${name} ${kind} ${way}`, ms: Date.now() - since });
  }
  const ids = await Promise.all(orders);
  for (const id of ids) await stack.filledOnce(id);
  waits.sort((a, b) => b.ms - a.ms);
  console.log(`${waits.length} broken lines, ${ids.length} orders; broken longest: ${waits.slice(0, 5).map(({ cell, ms }) => `${cell} ${ms} ms`).join(', ')}`);
  console.log(JSON.stringify(Object.fromEntries(Object.entries(lines).map(([name, { struck }]) => [name, struck]))));
});

for (const name of ['rpc0', 'rpc1']) {
  for (const kind of ['reset', 'swallow']) {
    test(`${name} broken all the while (${kind}): the order goes on by the other endpoint`, async () => {
      lines[name].break({ kind });
      const id = await place();
      await stack.filledOnce(id);
      assert.ok((lines[name].struck[`up.${kind}`] ?? 0) > 0, 'it was asked, and did not answer');
    });
  }
}
