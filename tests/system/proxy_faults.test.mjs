// Every connection between the services and what they talk to, broken in every way a proxy can break it, in both
// directions, while orders are being placed and filled: each order is filled exactly once when the proxy is whole
// again, and no wait is without end. LANDFALL_PROXY_CELLS is how many of the broken proxies are drawn from the seed
// (default 35; 70 is all of them).
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Proxy, faultKinds, ways } from './lib/proxy.mjs';
import { Random } from '../../devnet/random.mjs';
import { SystemFixture } from './lib/system_fixture.mjs';
import { waitFor } from './lib/wait.mjs';

const wanted = Number(process.env.LANDFALL_PROXY_CELLS ?? 35);
/**
 * What only slows a connection lasts until the deposit of its time has arrived; what kills a connection has done enough
 * once.
 */
const slows = new Set(['latency', 'drip']);
let stack;
let user;
let random;
const proxies = {};

before(async () => {
  stack = await SystemFixture.start({ parts: 'pg,devnet,setup' });
  random = new Random(stack.seed);
  const targets = { pg_executor: 2, pg_api: 2, pg_trigger: 2, rpc0: 10, rpc1: 11, router: 12, prices: 13 };
  for (const [name, offset] of Object.entries(targets))
    proxies[name] = await Proxy.start(stack.portBase + offset, { seed: stack.seed + Object.keys(proxies).length });
  const postgres = (proxy, role) => `postgresql://landfall_${role}@127.0.0.1:${proxy.port}/landfall`;
  const http = (proxy) => `http://127.0.0.1:${proxy.port}`;
  stack.env.EXECUTOR_ARGS = [
    '--lease-ms 3000 --poll-ms 200 --status-poll-ms 100 --rebroadcast-ms 300 --requests-per-minute 100000',
    `--postgres-url ${postgres(proxies.pg_executor, 'executor')} --api-postgres-url ${postgres(proxies.pg_api, 'api')}`,
    `--rpc-urls ${http(proxies.rpc0)},${http(proxies.rpc1)} --router-url ${http(proxies.router)} --hermes-http-url ${http(proxies.prices)}`,
  ].join(' ');
  stack.env.TRIGGER_ARGS =
    `--postgres-url ${postgres(proxies.pg_trigger, 'trigger')} --hermes-ws-url ws://127.0.0.1:${proxies.prices.port}/ws --hermes-http-url ${http(proxies.prices)}`;
  await stack.up('executor,trigger');
  user = await stack.user({ SOL: '1000' });
  await stack.devnet.price('SOL', 152);
});
afterEach(() => Object.values(proxies).forEach((proxy) => proxy.mend()));
after(async () => {
  await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
  await stack?.stop();
});

const place = () => stack.placeUntilDeposited(user, { amount: '0.2' });

function drawn() {
  const cells = Object.keys(proxies).flatMap((name) =>
    faultKinds.flatMap((kind) => ways.map((way) => ({ name, kind, way }))));
  for (let i = cells.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [cells[i], cells[j]] = [cells[j], cells[i]];
  }
  return cells.slice(0, wanted);
}

test(`${wanted} broken proxies, with an order placed before and one during each`, async () => {
  const orders = [];
  const waits = [];
  for (const { name, kind, way } of drawn()) {
    const proxy = proxies[name];
    const struck = () => proxy.struck[`${way}.${kind}`] ?? 0;
    const [earlier, since] = [struck(), Date.now()];
    orders.push(place());
    proxy.break({ kind }, way);
    // The price stream says nothing upwards but when it is opened.
    if (name === 'prices' && way === 'up') proxy.end();
    const during = place();
    orders.push(during);
    await waitFor(`${name} is struck by ${kind} ${way}`, () => struck() > earlier, { everyMs: 20 });
    if (slows.has(kind)) await during;
    proxy.mend();
    waits.push({ cell: `${name} ${kind} ${way}`, ms: Date.now() - since });
  }
  const ids = await Promise.all(orders);
  for (const id of ids) await stack.filledOnce(id);
  waits.sort((a, b) => b.ms - a.ms);
  console.log(
    `${waits.length} broken proxies, ${ids.length} orders; broken longest: ${waits.slice(0, 5).map(({ cell, ms }) => `${cell} ${ms} ms`).join(', ')}`);
  console.log(JSON.stringify(Object.fromEntries(Object.entries(proxies).map(([name, { struck }]) => [name, struck]))));
});

for (const name of ['rpc0', 'rpc1']) {
  for (const kind of ['reset', 'swallow']) {
    test(`${name} broken all the while (${kind}): the order goes on by the other endpoint`, async () => {
      proxies[name].break({ kind });
      const id = await place();
      await stack.filledOnce(id);
      assert.ok((proxies[name].struck[`up.${kind}`] ?? 0) > 0, 'it was asked, and did not answer');
    });
  }
}
