// Both endpoints and the router take only so much a second. Orders fill all the same, and hardly anything is refused:
// by the devnet's own count, not by clocks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemFixture } from './lib/system_fixture.mjs';
import { waitFor } from './lib/wait.mjs';

const orders = 6;
const limits = { rpc0: 20, rpc1: 20, router: 4 };

/** Fills `orders` orders while the limits hold; answers what the devnet counted meanwhile. */
async function fillUnderLimits(stack) {
  const user = await stack.user();
  const before = (await stack.devnet.state()).counters;
  for (const [target, per_second] of Object.entries(limits))
    await stack.devnet.fault({ target, fault: 'rate_limit', per_second, retry_after_s: 1 });
  const placed = [];
  for (let i = 0; i < orders; i++)
    placed.push(
      await waitFor('an order is accepted', () =>
        stack.place(user).catch((problem) => {
          if (problem.status === 503 || problem.status === 429) return false;
          throw problem;
        }),
      ),
    );
  for (const { id } of placed) await stack.reaches(id, ['open', 'ready_execute', 'executing', 'execute_success']);
  await stack.devnet.price('SOL', 152);
  for (const { id } of placed) await stack.reaches(id, 'fill_success', 480_000);
  const after = (await stack.devnet.state()).counters;
  await stack.devnet.clearFaults();
  for (const { id } of placed) await stack.filledOnce(id);
  const grown = (name) =>
    ({ asked: after.requests[name] - before.requests[name], refused: after.faults[`${name}.rate_limit`] ?? 0 });
  return Object.fromEntries(Object.keys(limits).map((name) => [name, grown(name)]));
}

/** Sum of a metric's series whose labels contain `labels`. */
async function metric(stack, name, ...labels) {
  const { text } = await stack.get(0, '/metrics');
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

test('limits that are known are kept: next to nothing is refused', async (t) => {
  const stack = await SystemFixture.start({
    env: { EXECUTOR_ARGS: `--rpc-requests-per-window ${limits.rpc0} --rpc-window-ms 1000 --router-requests-per-window ${limits.router} --router-window-ms 1000` },
  });
  t.after(() => stack.stop());
  const counted = await fillUnderLimits(stack);
  console.log(JSON.stringify(counted));
  for (const [name, { asked, refused }] of Object.entries(counted)) {
    assert.ok(asked > orders, `${name} was asked ${asked} times`);
    assert.ok(refused <= 2, `${name} refused ${refused} of ${asked}`);
  }
  const granted = await metric(stack, 'landfall_rate_limit_permits_total',
    'purpose="confirmation"', 'result="granted"');
  assert.ok(granted > 0);
  assert.ok((await metric(stack, 'landfall_rate_limit_permits_total', 'purpose="broadcast"', 'result="granted"')) > 0);
});

test('limits that nobody told are found out, at the cost of few refusals', async (t) => {
  const stack = await SystemFixture.start();
  t.after(() => stack.stop());
  const counted = await fillUnderLimits(stack);
  console.log(JSON.stringify(counted));
  for (const [name, { asked, refused }] of Object.entries(counted)) {
    assert.ok(asked > orders, `${name} was asked ${asked} times`);
    // The burst that finds it out may be as large as the limit itself.
    assert.ok(refused <= limits[name] + asked / 10, `${name} refused ${refused} of ${asked}`);
  }
});
