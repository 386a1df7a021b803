// tests/system/sweep.mjs [--points REGEX] [--flows A,B] [--actions kill,stall,error] [--lanes N] [--list]
//
// The Sweep: every fault point of the services × {kill, stall past the lease, error} × every flow that it lies on, with
// real services, PostgreSQL and devnet. After each the order is judged by the chain's own book: at its end, swapped and
// paid or refunded at most once, its accounts closed; at the end the verifier has to agree and the chain to have seen
// nothing that was not stored before. A point that does not fire is a failure. Lanes are whole systems side by side.
// Prints a line a case, a table and one line of JSON; exit 0 if all is as it should be.
import { parseArgs } from 'node:util';
import { flows } from './lib/sweep_case.mjs';
import { actions, allPoints, casesOf, lineOf, sweep } from './lib/sweep_plan.mjs';

const text = { type: 'string' };
const { values } = parseArgs({
  options: { points: text, flows: text, actions: text, lanes: text, list: { type: 'boolean' } } });
const among = (name, known) => {
  const chosen = values[name]?.split(',') ?? known;
  const strange = chosen.find((one) => !known.includes(one));
  if (strange !== undefined) {
    console.error(`sweep: --${name} takes some of ${known.join(',')}, not ${strange}`);
    process.exit(2);
  }
  return chosen;
};
const wanted = new RegExp(values.points ?? '');
const cases = casesOf(
  allPoints().filter(({ point }) => wanted.test(point)),
  { flowNames: among('flows', Object.keys(flows)), actionNames: among('actions', actions) },
);
if (cases.length === 0) {
  console.error('sweep: no such cases');
  process.exit(2);
}
if (values.list) {
  for (const { point, action, flow } of cases) console.log(point, action, flow);
  process.exit(0);
}
const figures = await sweep(cases, {
  lanes: Number(values.lanes ?? 2),
  seen(result, done) {
    console.log(`[${done}/${cases.length}] ${lineOf(result)}`);
    if (result.story) console.log(result.story);
  },
});
const { wrong, failed, ...numbers } = figures;
for (const one of failed) console.log(`BAD: ${lineOf(one)}`);
for (const one of wrong) console.log(`FINDING: ${one}`);
for (const [name, value] of Object.entries(numbers)) console.log(`${name.padEnd(12)} ${value}`);
const passed = figures.violations === 0 && figures.run === figures.cases;
console.log(JSON.stringify({ sweep: passed ? 'passed' : 'failed', ...numbers }));
process.exit(passed ? 0 : 1);
