// The line between the executor and PostgreSQL breaks around COMMIT, with the commit done or not: whatever was being written (a claim, a
// signed swap, its confirmation, a payout, …), nothing is sent that is not durable, and nothing is done twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CommitProxy } from './lib/commit_proxy.mjs';
import { Stack } from './lib/stack.mjs';
import { waitFor } from './lib/wait.mjs';

const enough = 20;
let stack;
let proxy;
let user;
/** Its own small generator, so that the stack's seed repeats the decisions. */
let random;
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

before(async () => {
  stack = await Stack.start({ parts: 'pg,devnet,setup' });
  random = generator(stack.seed);
  proxy = await CommitProxy.start(stack.portBase + 4, stack.portBase + 2);
  stack.env.EXECUTOR_ARGS = `--lease-ms 1000 --poll-ms 200 --postgres-url postgresql://landfall_executor@127.0.0.1:${stack.portBase + 4}/landfall`;
  await stack.up('executor,trigger');
  user = await stack.user({ SOL: '1000', USDC: '100000', JUP: '1000' });
});
after(async () => {
  await proxy?.stop();
  await stack?.stop();
});

/** The writes of the money path: each kind has to be hit often enough. */
const watched = ['attempt', 'confirmation', 'outcome', 'move'];

for (const fate of ['lost', 'cut']) {
  test(`COMMITs are ${fate}, ${enough} of each kind: every order is filled exactly once`, async () => {
    const counts = proxy.counts[fate];
    const orders = [];
    for (let round = 0; watched.some((kind) => (counts[kind] ?? 0) < enough); round++) {
      assert.ok(round < 10, `after ${round} rounds only ${JSON.stringify(counts)} were ${fate}`);
      await stack.devnet.price('SOL', 150);
      const placed = [];
      for (const amount of ['1', '0.5', '0.2', '0.3', '0.4', '0.6']) placed.push(await stack.place(user, { amount }));
      for (const { id } of placed) await stack.reaches(id, 'open');
      proxy.decide = (writes) => (writes.some((kind) => watched.includes(kind)) && random() < 0.5 ? fate : 'passed');
      await stack.devnet.price('SOL', 152);
      for (const { id } of placed) await stack.reaches(id, 'fill_success', 180_000);
      proxy.decide = () => 'passed';
      orders.push(...placed);
    }
    console.log(`${orders.length} orders; ${fate}: ${JSON.stringify(counts)}; passed: ${JSON.stringify(proxy.counts.passed)}`);
    for (const { id } of orders) await stack.filledOnce(id);
    await waitFor('nothing is left unresolved', async () => {
      for (const { id } of orders) if ((await stack.database.attempts(id)).some((a) => a.outcome === null)) return false;
      return true;
    });
  });
}
