// One case of the Sweep: one order, one fault point that fires on its way, and the judgement by the chain's own book.
import { readFileSync } from 'node:fs';
import { judgeOrder } from './chaos_judge.mjs';
import { pause, waitFor } from './wait.mjs';

const finalMs = 180_000;
const firedMs = 30_000;
const takenOverMs = 120_000;
const ends = new Set(['fill_success', 'expired', 'deposit_failed']);

/**
 * The flows that a point can lie on, each as an order that comes by. `begins` waits until the flow is about to begin,
 * `goes` lets it begin; the order ends in `ends`. A flow of its own is one entry here.
 */
export const flows = {
  deposit: { terms: { price: 149 }, ends: 'fill_success' },
  fill: { terms: { price: 151 }, ends: 'fill_success', begins: reaches('open'),
    goes: (lane) => lane.stack.devnet.price('SOL', 152) },
  // Filled by a market maker, who offers more than the router.
  rfq: { makers: true, terms: { price: 151 }, ends: 'fill_success', begins: reaches('open'),
    goes: (lane) => lane.stack.devnet.price('SOL', 152) },
  payout: { terms: { price: 149 }, ends: 'fill_success',
    begins: reaches('execute_success', 'ready_withdraw_output', 'withdrawing') },
  // A refund of SOL closes the account it lay in; one of a token leaves that to a close.
  // An attempt of the point's kind that never lands, is proven dead, and tried again.
  retry: { of: (point) => ({ ready_execute: 'swap' })[kindOf(point)] ?? kindOf(point), terms: { price: 151 },
    ends: 'fill_success', goes: (lane) => lane.stack.devnet.price('SOL', 152), begins: reaches('open') },
  refund: { terms: { price: 200, lifeMs: 1_500 }, closing: { input: 'USDC', output: 'SOL', amount: '100' },
    ends: 'expired', begins: reaches('open') },
};

/**
 * What has to go wrong on the chain for a point to be passed: the first sends that are lost, from the moment given on.
 */
const lostSends = {
  'deposit_sent_again': { of: 'deposit', count: 1 },
  'broadcast.deposit': { of: 'deposit', count: 1 },
  'commit_broadcast_note.deposit': { of: 'deposit', count: 1 },
  'rebroadcast.deposit': { of: 'deposit', count: 2 },
  'handed_over_again': { of: 'swap', count: 1, byMaker: true },
  'rebroadcast.swap': { of: 'swap', count: 1 },
  'rebroadcast.payout': { of: 'payout', count: 1 },
  'rebroadcast.refund': { of: 'refund', count: 1 },
  'rebroadcast.close': { of: 'close', count: 1 },
};
const before = {
  swap: reaches('open'),
  payout: reaches('execute_success'),
  refund: reaches('open'),
  close: (lane, requestId) =>
    waitFor('a payout or refund on its way', async () =>
      (await lane.rows(
      "select 1 from attempt a join price_order o on o.id = a.order_id where o.deposit_request_id = $1 and a.kind in ('payout', 'refund') and a.confirmed_slot is not null", [requestId])).length > 0, { everyMs: 5 }),
};

function reaches(...states) {
  return (lane, requestId) => waitFor(`the order is ${states.join(' or ')}`,
    async () => states.includes((await lane.order(requestId))?.state), { everyMs: 5 });
}

/**
 * The claim of an executor that was not there when the order was opened: it finds work as soon as it starts, so it
 * starts armed.
 */
const comesLate = (point, flow) => point.startsWith('claim.') && flow === 'deposit';
const closes = (point) => point.includes('.close.');
/** The last word of EFFECT.KIND.before: what the point is for. */
const kindOf = (point) => nameOf(point).split('.')[1];
const nameOf = (point) => point.replace(/\.(before|after)$/, '');


/** Runs one case. Returns {fired, order, wrong}: what is wrong is empty if all is well. */
export async function runCase(lane, { point, role, alsoOn, flow, action }) {
  const never = flows[flow].of?.(point);
  const way = never === 'refund' ? { ...flows.retry, ...flows.refund } : flows[flow];
  const late = comesLate(point, flow);
  const run = { point, fired: false, wrong: [], began: Date.now(), zombies: [], expected: new Set() };
  run.givenUp = new Promise((resolve) => (run.giveUp = resolve));
  const lost = lostSends[nameOf(point)];
  const { devnet } = lane.stack;
  try {
    if (Boolean(way.makers) !== lane.asksMakers) {
      await end(lane.executor, run);
      lane.asksMakers = Boolean(way.makers);
      lane.executor = await lane.startExecutor();
    }
    // Of an api that does not wait, the executor has to open the order; of the one that waits, the executor must not be
    // first.
    const alone = role === 'api' || late;
    let target = lane[role];
    if (alone) await end(lane.executor, run);
    const service = alone ? lane.api : lane.hasty;
    const client = lane.at(service);
    await client.login();
    const terms = lane.terms({ ...way.terms, ...(closes(point) ? way.closing : {}), ...(late ? { price: 151 } : {}) });
    const craftBegan = Date.now();
    const crafted = await client.craft(terms);
    // The create call must not come after its time, however slow the machine.
    if (way.terms.lifeMs) terms.expiresAt = Date.now() + way.terms.lifeMs + 5 * (Date.now() - craftBegan);
    const body = client.orderBody({ crafted, ...terms });
    let seen = target.events.length;
    run.requestId = crafted.requestId;

    const arm = () => {
      run.armedAt = Date.now() - run.began;
      target.arm(point, action);
    };
    if (lost?.of === 'deposit') await loseSends(devnet, lost.count);
    // A point of one kind is armed at once; one that others pass too, when its flow begins.
    const early = !late && (alsoOn.length === 0 || closes(point) || !way.begins);
    if (early) arm();
    const created = create(lane, client, body, run);
    const losing = lost && lost.of !== 'deposit'
      ? before[lost.of](lane, run.requestId).then(() =>
      (lost.byMaker ? devnet.fault({ target: 'maker', fault: 'error', status: 500, method: '/swap', count: lost.count })
      : loseSends(devnet, lost.count))) : null;
    if (way.begins) await Promise.race([way.begins(lane, run.requestId), firing(target, point, seen, firedMs)]);
    if (late) {
      await reaches('open')(lane, run.requestId);
      lane.executor = target = await lane.startExecutor({ LANDFALL_FAULT: `${point}=${action}` });
      seen = 0;
    } else if (!early) arm();
    const dying = never ? die(lane, run.requestId, never) : null;
    if (losing && lost.of !== 'close') await losing;
    await way.goes?.(lane);

    const fired = await firing(target, point, seen, firedMs);
    run.fired = fired !== null;
    run.firedAfterMs = Date.now() - run.began;
    if (!run.fired) target.disarm(point);
    else await react[action](lane, run, role, target, body);
    await losing;
    await dying;
    if (late) await devnet.price('SOL', 152);
    if (alone && lane.executor.exited) lane.executor = await lane.startExecutor();
    run.answer = await created;
    await waitFor(async () => `the order at its end: ${JSON.stringify(await lane.order(run.requestId))}`,
      async () => ends.has((await lane.order(run.requestId))?.state), { timeoutMs: finalMs, everyMs: 10 });
    run.order = await lane.order(run.requestId);
    run.zombieEvents = run.zombies.flatMap(({ events }) =>
      events.slice(1 + events.findIndex((e) => e.event === 'fault_point_left')));
    await judged(lane, run, way);
  } catch (problem) {
    run.wrong.push(problem.stack ?? problem.message);
  } finally {
    await devnet.clearFaults();
    await devnet.price('SOL', 150);
    for (const service of run.zombies) await end(service, run);
    for (const name of ['executor', 'api', 'hasty', 'trigger']) await replaceIfGone(lane, name, run);
  }
  if (!run.fired) run.wrong.push('the point did not fire');
  run.ms = Date.now() - run.began;
  return run;
}

const firing = (service, point, from, timeoutMs) => service.event((e) => e.event === 'fault_point' && e.name === point,
  timeoutMs, from);

/** Whatever is sent from the next attempt of this kind on is lost, until that attempt is proven dead. */
async function die(lane, requestId, kind) {
  const { devnet } = lane.stack;
  await before[kind](lane, requestId);
  for (const target of ['rpc0', 'rpc1']) await devnet.fault({ target, fault: 'drop', method: 'sendTransaction' });
  const attempts = (which) =>
    lane.rows(`select 1 from attempt a join price_order o on o.id = a.order_id where o.deposit_request_id = $1 and a.kind = $2 and ${which}`, [requestId, kind]);
  const patience = { timeoutMs: finalMs, everyMs: 5 };
  await waitFor(`a ${kind} that never lands`, async () => (await attempts('a.broadcast_at is not null')).length > 0,
    patience);
  await devnet.slots({ advance: 200 });
  await waitFor(`its death`, async () => (await attempts("a.outcome = 'dead'")).length > 0, patience);
  await devnet.clearFaults();
}

async function loseSends(devnet, count) {
  for (const target of ['rpc0', 'rpc1'])
    await devnet.fault({ target, fault: 'drop', method: 'sendTransaction', count });
}

/** As an integrator does: the same call again until it is answered; elsewhere when there is another api. */
async function create(lane, client, body, run) {
  const deadline = Date.now() + finalMs;
  for (;;) {
    try {
      const answer = await Promise.race([client.send('POST', '/orders/price', { body, timeoutMs: 20_000 }),
        run.givenUp]);
      if (answer === undefined) throw new Error('no answer of an api that is stopped');
      if (answer.status >= 500 || answer.status === 429) throw new Error(`answered ${answer.status}`);
      if (answer.status >= 400) run.wrong.push(`create answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer;
    } catch (problem) {
      if (Date.now() > deadline) throw new Error(`no answer to create: ${problem.message}`);
      // A login holds for every api process of one secret.
      client.base = `http://127.0.0.1:${lane.hasty.port}/trigger/v2`;
      run.givenUp = new Promise(() => {});
      await pause(20);
    }
  }
}

async function end(service, run) {
  run.expected.add(service);
  service.kill();
  await service.gone;
}

const starts = { executor: 'startExecutor', api: 'startApi', hasty: 'startHasty', trigger: 'startTrigger' };

async function replaceIfGone(lane, name, run) {
  if (!lane[name].exited) return;
  if (!run.expected.has(lane[name]))
    run.wrong.push(
    `${lane[name].name} ended by itself with ${lane[name].code}: ${JSON.stringify(lane[name].events.slice(-3))}`);
  lane[name] = await lane[starts[name]]();
}

/** What is done when the point has fired. */
const react = {
  async kill(lane, run, role, target) {
    run.expected.add(target);
    await target.gone;
    lane[role] = await lane[starts[role]]();
  },

  /** Another instance takes over; only then the stopped one goes on, and has to find out by itself. */
  async stall(lane, run, role, target) {
    await waitFor(`${target.name} is stopped`, () => stopped(target), { everyMs: 5 });
    run.zombies.push(target);
    const { epoch = 0 } = (await lane.order(run.requestId)) ?? {};
    const successor = role === 'api' ? 'executor' : role;
    lane[successor] = await lane[starts[successor]]();
    // The caller of a stopped api turns to the other one.
    if (role === 'api') run.giveUp();
    const past = {
      executor: (order) => order.epoch > epoch,
      api: (order) => !['pending_deposit', 'depositing'].includes(order.state),
      trigger: (order) => order.state !== 'open',
    };
    await waitFor(
      `${lane[successor].name} goes on with the order`,
      async () => {
        const order = await lane.order(run.requestId);
        return order && (ends.has(order.state) || past[role](order));
      },
      { timeoutMs: takenOverMs, everyMs: 5 },
    );
    target.kill('SIGCONT');
    if ((await target.event((e) => e.event === 'fault_point_left', takenOverMs)) === null)
      run.wrong.push('the stopped process did not go on');
  },

  async error() {},
};

function stopped({ child }) {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  return stat[stat.lastIndexOf(')') + 2] === 'T';
}

/** Executors' writes in the order of time: none under an epoch that another has left behind. */
async function writtenLate(lane, id) {
  const writes = await lane.rows(
    `select epoch::int, what, at from (
       select lease_epoch, from_state || ' -> ' || to_state || ' by ' || instance, at
         from order_transition where order_id = $1 and role = 'executor'
       union all select lease_epoch, kind || ' signed by ' || instance, signed_at
         from attempt where order_id = $1 and kind <> 'deposit'
       union all select write_epoch, kind || ' ' || outcome, resolved_at from attempt where order_id = $1 and resolved_at is not null and write_epoch is not null
     ) as w (epoch, what, at) order by at, epoch`,
    [id],
  );
  return writes.filter((write, i) => writes.slice(0, i).some((earlier) => earlier.epoch > write.epoch)).map((write) =>
    `written under an epoch left behind: ${JSON.stringify(write)}`);
}

async function judged(lane, run, way) {
  const { order } = run;
  // What a maker did not quote goes by the router; whatever else happens, he fills.
  if (way.makers && !/^maker_(offers|quote)\./.test(run.point)) {
    const handed = await lane.rows(
      "select 1 from attempt where order_id = $1 and kind = 'swap' and quote_id is not null", [order.order_id]);
    if (handed.length === 0) run.wrong.push('no maker was asked to fill it');
  }
  if (order.state !== way.ends) run.wrong.push(`it ended in ${order.state}, not ${way.ends}`);
  const { wrong } = await judgeOrder(lane.stack.devnet, order);
  run.wrong.push(...wrong);
  run.wrong.push(...(await writtenLate(lane, order.order_id)));
  run.wrong.push(...(await lane.violations()));
}
