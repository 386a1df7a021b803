// A small part of the Sweep (tests/system/sweep.mjs): every flow under every action, the point of each drawn from the
// seed.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { flows, runCase } from './lib/sweep_case.mjs';
import { Lane } from './lib/sweep_lane.mjs';
import { actions, allPoints, casesOf, lineOf, sweep } from './lib/sweep_plan.mjs';

test('a fault point in every flow, under every action: each order moves once and ends', async () => {
  const seed = Number(process.env.LANDFALL_SEED ?? randomInt(2 ** 31));
  console.log(`seed of the points ${seed} (LANDFALL_SEED)`);
  let state = seed >>> 0;
  const drawn = (list) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return list[Math.floor((state / 2 ** 32) * list.length)];
  };
  const all = casesOf(allPoints());
  const cases = Object.keys(flows).flatMap((flow) =>
    actions.map((action) => drawn(all.filter((one) => one.flow === flow && one.action === action))));
  const figures = await sweep(cases,
    { seen: (result) => console.log(lineOf(result) + (result.story ? `\n${result.story}` : '')) });
  assert.deepEqual([...figures.failed.map(lineOf), ...figures.wrong], []);
  assert.equal(figures.fired, cases.length);
});

test('an executor that was stopped past its lease writes nothing when it goes on, and sends at most what is stored',
  async () => {
  // Slowly: what is signed lives until another executor has taken over.
  const lane = await Lane.start({ msPerSlot: 200 });
  try {
    const stopped = (point, flow) => runCase(lane, { point, role: 'executor', flow, action: 'stall', alsoOn: [] });
    // About to store what it signed.
    const unstored = await stopped('commit_attempt.swap.before', 'fill');
    assert.deepEqual(unstored.wrong, []);
    assert.ok(unstored.zombieEvents.some((e) => e.event === 'lease_lost'), 'PostgreSQL refuses its write');
    assert.ok(!unstored.zombieEvents.some((e) => e.event === 'attempt_stored'));
    // About to send what is stored: the same bytes again do no harm, and the devnet's witness knows every byte.
    const unsent = await stopped('broadcast.swap.before', 'fill');
    assert.deepEqual(unsent.wrong, []);
    const attempts = await lane.rows("select signature from attempt where order_id = $1 and kind = 'swap'",
      [unsent.order.order_id]);
    assert.equal(attempts.length, 1, 'whoever takes over sends the stored bytes');
    assert.equal(lane.verify(), null);
  } finally {
    await lane.stop();
  }
});
