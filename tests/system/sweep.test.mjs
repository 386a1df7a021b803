// A small part of the Sweep (tests/system/sweep.mjs): every flow under every action, the point of each drawn from the seed.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { flows } from './lib/sweep_case.mjs';
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
  const cases = Object.keys(flows).flatMap((flow) => actions.map((action) => drawn(all.filter((one) => one.flow === flow && one.action === action))));
  const figures = await sweep(cases, { seen: (result) => console.log(lineOf(result) + (result.story ? `\n${result.story}` : '')) });
  assert.deepEqual([...figures.failed.map(lineOf), ...figures.wrong], []);
  assert.equal(figures.fired, cases.length);
});
