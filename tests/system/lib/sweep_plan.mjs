// Which cases the Sweep has, and its run over one or several lanes.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { flows, runCase } from './sweep_case.mjs';
import { build, Lane } from './sweep_lane.mjs';

export const actions = ['kill', 'stall', 'error'];
const tries = 3;

/** Every point there is, as the services themselves tell. */
export function allPoints() {
  const text = execFileSync(join(build, 'executor-service', 'executor-service'), ['--list-fault-points'],
    { encoding: 'utf8' });
  const points = text.trim().split('\n').map((line) => JSON.parse(line));
  if (points.length === 0) throw new Error(`${build} has no fault points`);
  return points;
}

/** Each point × each flow it lies on × each action that makes sense there. */
export function casesOf(points, { flowNames = Object.keys(flows), actionNames = actions } = {}) {
  return points.flatMap(({ point, role, flows: on, error }) =>
    on
      .filter((flow) => flowNames.includes(flow))
      .flatMap((flow) =>
        actionNames.filter((action) => action !== 'error' ||
          error).map((action) => ({ point, role, flow, action, alsoOn: on.filter((other) => other !== flow) })),
      ),
  );
}

/** Runs the cases and tells `seen(result, done)` of each. Returns the figures. */
export async function sweep(cases, { lanes = 1, seen = () => {} } = {}) {
  const began = Date.now();
  const results = [];
  const wrong = [];
  let next = 0;
  async function work() {
    const lane = await Lane.start();
    try {
      while (next < cases.length) {
        const one = cases[next++];
        let run;
        for (let attempt = 1; attempt <= tries; attempt++) {
          run = await runCase(lane, one);
          // What the machine was too slow or too fast for is tried again; whatever else is wrong stands.
          if (run.fired || run.wrong.length > 1) break;
        }
        results.push({ ...one, ...run });
        if (run.wrong.length > 0) run.story = await story(lane, run);
        seen({ ...one, ...run }, results.length);
      }
      const verified = lane.verify();
      if (verified !== null) wrong.push(`landfallctl verify: ${verified}`);
      wrong.push(...(await lane.violations()));
      return { orders: Number((await lane.rows('select count(*) from price_order'))[0].count),
        witness: (await lane.stack.devnet.state()).witness };
    } finally {
      await lane.stop();
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: Math.min(lanes, cases.length) }, work));
  for (const { reason } of ended) if (reason) wrong.push(reason.stack ?? String(reason));
  const sum = (of) => ended.reduce((total, { value }) => total + (value ? of(value) : 0), 0);
  const fired = (action) => results.filter((r) => r.fired && r.action === action).length;
  return {
    cases: cases.length,
    run: results.length,
    points: new Set(results.filter((r) => r.fired).map((r) => r.point)).size,
    fired: results.filter((r) => r.fired).length,
    kills: fired('kill'),
    stalls: fired('stall'),
    errors: fired('error'),
    orders: sum((value) => value.orders),
    witnessed: sum((value) => value.witness.checked),
    bad: results.filter((r) => r.wrong.length > 0).length,
    violations: wrong.length + results.reduce((total, r) => total + r.wrong.length, 0),
    seconds: Math.round((Date.now() - began) / 1000),
    wrong,
    failed: results.filter((r) => r.wrong.length > 0),
  };
}

/** All that is known of the order of a bad case. */
async function story(lane, { requestId, order }) {
  const id = order?.order_id ?? (await lane.order(requestId))?.order_id;
  if (!id) return '  no order';
  const transitions = await lane.rows(
    "select to_char(at, 'HH24:MI:SS.MS') as at, from_state, to_state, role, instance, lease_epoch, reason, detail from order_transition where order_id = $1 order by id", [id]);
  const attempts = await lane.rows(
    "select to_char(signed_at, 'HH24:MI:SS.MS') as at, kind, signature, outcome, confirmed_slot from attempt where order_id = $1 order by signed_at", [id]);
  return [
    ...transitions.map((m) =>
      `  ${m.at} ${m.from_state} -> ${m.to_state} by ${m.role} ${m.instance} epoch ${m.lease_epoch ?? '-'}: ${m.reason ?? ''} ${m.detail ?? ''}`),
    ...attempts.map((a) => `  ${a.at} ${a.kind} ${a.signature} ${a.outcome ?? 'unresolved'}`),
  ].join('\n');
}

export function lineOf({ point, action, flow, wrong, ms, firedAfterMs }) {
  return `${point} ${action} ${flow}: ${wrong.length === 0 ? 'good' : wrong.join('; ')} ` +
    `(fired after ${firedAfterMs} ms, ${ms} ms)`;
}
