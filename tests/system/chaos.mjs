// tests/system/chaos.mjs --minutes N --seed S [--orders-per-minute K] [--ms-per-slot M] [--users U]
//
// Orders at random against a whole system under faults at random, all drawn from the seed: endpoints, router, maker and
// prices that fail, lag and lie, kill -9 of both services, restarts of PostgreSQL, forks. Then calm, and the judgement:
// every order is at its end, by the chain's own book each was swapped once and paid once or refunded once, each wallet
// holds what it should, the verifier agrees, and the chain has seen nothing that was not stored first. Prints a table
// and one JSON line; exit 0 if all is as it should be, else 1 with the story of each bad order, and logs kept. What the
// seed cannot fix is the order in which the machine runs things.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { faultsOfBalances, judgeOrder } from './lib/chaos_judge.mjs';
import { makePlan } from './lib/chaos_plan.mjs';
import { ChaosRun } from './lib/chaos_run.mjs';
import { pause } from './lib/wait.mjs';

const settings = readSettings();
process.env.LANDFALL_SEED = String(settings.seed);
// What an order needs after its expiry: a death certificate and a refund, each with its lease and its blocks.
const settleMs = 180_000;

const plan = makePlan(settings);
console.log(
  `chaos: seed ${settings.seed}, ${settings.minutes} minutes, ${plan.filter((e) => e.what === 'order').length} orders planned`);
const run = await ChaosRun.start({ plan, msPerSlot: settings.msPerSlot, users: settings.users });
let ok = false;
try {
  const began = Date.now();
  const progress = setInterval(() =>
    console.log(`[${Math.round((Date.now() - began) / 1000)} s] ${run.soFar()}`), 10_000);
  await run.play(settings.minutes * 60_000).finally(() => clearInterval(progress));
  console.log(`chaos: calm after ${Math.round((Date.now() - began) / 1000)} s`);
  ok = await judgeAll(began);
} finally {
  if (!ok) keepLogs();
  await run.stack.stop();
}
process.exit(ok ? 0 : 1);

function readSettings() {
  const number = { type: 'string' };
  const { values } = parseArgs({
    options: { minutes: number, seed: number, 'orders-per-minute': number, 'ms-per-slot': number, users: number } });
  const read = (name, fallback, whole) => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (!(value > 0) || (whole && !Number.isSafeInteger(value))) {
      console.error(`chaos: --${name} takes a ${whole ? 'whole ' : ''}number above 0, not ${values[name]}`);
      process.exit(2);
    }
    return value;
  };
  return {
    minutes: read('minutes', 2, false),
    seed: read('seed', randomInt(1, 2 ** 31), true),
    ordersPerMinute: read('orders-per-minute', 40, false),
    msPerSlot: read('ms-per-slot', 50, true),
    users: read('users', 4, true),
  };
}

async function judgeAll(began) {
  const { devnet, database } = run.stack;
  console.log(`chaos: waiting until every order has ended, at most ${settleMs / 1000} s`);
  const rows = await run.orders(settleMs);
  // So that the last close is final for every reader.
  await devnet.slots({ advance: 40 });
  await pause(500);
  const judged = [];
  for (const row of rows) judged.push(await judgeOrder(devnet, row));
  const bad = judged.filter(({ wrong }) => wrong.length > 0);
  const findings = [...run.findings, ...missing(rows)];
  findings.push(...(await balances(judged)));
  const verified = await run.verify();
  if (verified !== null) findings.push(`landfallctl verify: ${verified}`);
  findings.push(...(await run.stack.violations()));
  const state = await devnet.state();
  const { witness } = state;
  if (witness.checked === 0 && rows.length > 0) findings.push('the witness has checked nothing');
  const attempts = await database.rows(
    "select case when quote_id is null then kind else 'maker''s ' || kind end as kind, coalesce(outcome, 'unresolved') as outcome, count(*)::int as count from attempt_history group by 1, 2 order by 1, 2");

  for (const one of bad) console.log(await story(one));
  for (const finding of findings) console.log(`FINDING: ${finding}`);
  const figures = {
    chaos: bad.length + findings.length === 0 ? 'passed' : 'failed',
    seed: settings.seed,
    minutes: settings.minutes,
    seconds: Math.round((Date.now() - began) / 1000),
    orders: tally(rows.map((row) => row.state)),
    calls: tally(run.placed.map(({ outcome }) => outcome)),
    attempts: Object.fromEntries(attempts.map(({ kind, outcome, count }) => [`${kind}.${outcome}`, count])),
    kills: run.counts.kills,
    starts: run.counts.starts,
    postgresRestarts: run.counts.postgres,
    forks: { forks: run.counts.forks, undoneBlocks: run.counts.undoneBlocks },
    faultsSet: run.counts.faults,
    faultsStruck: state.counters.faults,
    witness: { arrived: witness.arrived, checked: witness.checked, checkedLate: witness.checkedLate,
      unchecked: witness.unchecked, ignored: witness.ignored, violations: witness.violationCount },
    blocks: state.blockHeight,
    badOrders: bad.length,
    findings: findings.length,
  };
  table(figures);
  console.log(JSON.stringify(figures));
  return figures.chaos === 'passed';
}

/** Orders that the API accepted and the database does not hold. */
function missing(rows) {
  const known = new Set(rows.map((row) => row.order_id));
  return run.placed.filter(({ id }) => id !== undefined && !known.has(id)).map(({ id, number }) =>
    `order ${number} was answered as ${id}, and is not in the database`);
}

async function balances(judged) {
  const has = await run.holdings();
  const deposits = new Set(run.placed.map(({ signature }) => signature));
  const wrong = [];
  for (const [wallet, had] of Object.entries(run.had)) {
    const paid = (await run.stack.devnet.ledger(wallet)).filter((entry) => deposits.has(entry.signature) &&
      entry.commitment !== 'undone');
    const fees = paid.reduce((sum, entry) => sum + BigInt(entry.fee), 0n);
    wrong.push(...faultsOfBalances(wallet, had, has[wallet], judged, fees));
  }
  return wrong;
}

/** All that is known of one bad order. */
async function story({ order, wrong }) {
  const { devnet, database } = run.stack;
  const placed = run.placed.find(({ requestId }) => requestId === order.deposit_request_id);
  const transitions = await database.rows(
    `select * from order_transition where order_id = '${order.order_id}' order by id`);
  const attempts = await database.rows(
    `select a.*, encode(transaction, 'base64') as transaction from attempt a
      where order_id = '${order.order_id}' order by signed_at`);
  const book = [...(await devnet.ledger(order.order_account)), ...(await devnet.ledger(order.output_account))];
  const entries = [...new Map(book.map((e) => [`${e.signature} ${e.slot}`, e])).values()].sort((a, b) =>
    a.slot - b.slot);
  return [
    `BAD ORDER ${order.order_id} (${order.state}): ${wrong.join('; ')}`,
    `  row ${JSON.stringify(order)}`,
    `  placed ${JSON.stringify(placed)}`,
    ...transitions.map((m) =>
      `  transition ${m.at} ${m.from_state} -> ${m.to_state} by ${m.role} ${m.instance ?? ''} ` +
        `epoch ${m.lease_epoch ?? '-'}: ${m.reason ?? ''} ${m.detail ?? ''}`),
    ...attempts.map((a) => `  attempt ${JSON.stringify(a)}`),
    ...entries.map((e) => `  ledger ${JSON.stringify(e)}`),
  ].join('\n');
}

function tally(list) {
  const counts = {};
  for (const name of list) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function table(figures) {
  for (const [name, value] of Object.entries(figures)) {
    if (value === null || typeof value !== 'object') {
      console.log(`${name.padEnd(18)} ${value}`);
      continue;
    }
    const parts = Object.entries(value).map(([key, count]) => `${key} ${count}`);
    parts.forEach((part, i) => console.log(`${(i === 0 ? name : '').padEnd(18)} ${part}`));
  }
}

function keepLogs() {
  const folder = join(tmpdir(), `landfall-chaos-${settings.seed}-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    cpSync(join(run.stack.folder, 'log'), join(folder, 'log'), { recursive: true });
    writeFileSync(join(folder, 'placed.json'), JSON.stringify(run.placed, null, 1));
    writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan, null, 1));
  } catch (problem) {
    console.error(`chaos: the logs could not be kept: ${problem.message}`);
  }
  console.log(`chaos: logs kept in ${folder}`);
}
