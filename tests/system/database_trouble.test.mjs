// PostgreSQL in trouble that is more than a restart: slow commits, conflicts, a full disk, the loss of the server with
// a standby in its place. Each order is filled exactly once, and the witness holds all the while.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Random } from '../../devnet/random.mjs';
import { commitProxy } from './lib/commit_proxy.mjs';
import { Failover } from './lib/failover.mjs';
import { SystemFixture } from './lib/system_fixture.mjs';
import { smallDisk } from './lib/standby.mjs';
import { waitFor } from './lib/wait.mjs';

const pg = createRequire(new URL('../../devnet/package.json', import.meta.url))('pg');
const patient = '--lease-ms 3000 --poll-ms 200 --status-poll-ms 100 --requests-per-minute 100000';
const amount = '0.2';
const times = (count, make) => Promise.all(Array.from({ length: count }, (_none, i) => make(i)));
const filledAll = async (stack, ids) => {
  for (const id of ids) await stack.filledOnce(id);
};
const serverLog = (stack) => readFileSync(join(stack.folder, 'pg', 'postgresql.log'), 'utf8');
const howOften = (text, pattern) => text.split(pattern).length - 1;

describe('a server that is slow or at odds', () => {
  const heldMs = 1_000;
  let stack;
  let user;
  let random;
  let fate = () => undefined;
  const proxies = {};
  before(async () => {
    stack = await SystemFixture.start({ parts: 'pg,devnet,setup' });
    random = new Random(stack.seed);
    for (const role of ['executor', 'api', 'trigger'])
      proxies[role] = await commitProxy(stack.portBase + 2, () => fate());
    const url = (role) => `postgresql://landfall_${role}@127.0.0.1:${proxies[role].port}/landfall`;
    stack.env.EXECUTOR_ARGS = `${patient} --postgres-url ${url('executor')} --api-postgres-url ${url('api')}`;
    stack.env.TRIGGER_ARGS = `--postgres-url ${url('trigger')}`;
    await stack.up('executor,trigger');
    user = await stack.user({ SOL: '1000' });
    await stack.devnet.price('SOL', 152);
  });
  after(async () => {
    await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
    await stack?.stop();
  });

  test('every third COMMIT takes a second', async () => {
    let held = 0;
    fate = () => (random.next() < 0.33 ? (held++, heldMs) : undefined);
    const ids = await times(6, () => stack.placeUntilDeposited(user, { amount }));
    await filledAll(stack, ids);
    fate = () => undefined;
    assert.ok(held >= 10, `${held} were held`);
    console.log(`${held} COMMITs held for ${heldMs} ms, ${ids.length} orders`);
  });

  test('deadlocks and serialization failures, forced by a session that locks the same rows in another order',
    async () => {
    for (const role of ['executor', 'api', 'trigger'])
      await stack.sql(`alter role landfall_${role} set default_transaction_isolation = 'serializable'`);
    for (const name of ['executor', 'trigger']) {
      stack.kill(name);
      await stack.restart(name);
    }
    const before = serverLog(stack).length;
    const orders = [];
    const rival = await Rival.start(stack, random);
    try {
      await waitFor('conflicts of both kinds', async () => {
        const [{ unfinished }] = await stack.database.rows(
          "select count(*)::int as unfinished from price_order where state not in ('fill_success', 'deposit_failed')");
        if (unfinished < 40) orders.push(await stack.placeUntilDeposited(user, { amount }));
        const log = serverLog(stack).slice(before);
        return howOften(log, 'deadlock detected') >= 3 && howOften(log, 'could not serialize access') >= 10;
      }, { timeoutMs: 600_000 });
    } finally {
      await rival.stop();
    }
    await filledAll(stack, orders);
    const log = serverLog(stack).slice(before);
    console.log(
      `${howOften(log, 'deadlock detected')} deadlocks, ${howOften(log, 'could not serialize access')} serialization ` +
        `failures, ${orders.length} orders`);
    for (const role of ['executor', 'api', 'trigger'])
      await stack.sql(`alter role landfall_${role} reset default_transaction_isolation`);
  });
});

/**
 * Locks the rows of unfinished orders two by two, in either order; never the victim itself, as it waits longer than the
 * others look.
 */
class Rival {
  #client;
  #running = true;
  #done;

  static async start(stack, random) {
    const rival = new Rival();
    rival.#client = new pg.Client({ host: '127.0.0.1', port: stack.portBase + 2, user: 'postgres',
      database: 'landfall' });
    await rival.#client.connect();
    await rival.#client.query("set deadlock_timeout = '20s'");
    rival.#done = rival.#run(random);
    return rival;
  }

  async #run(random) {
    const lock = 'select from price_order where id = $1 for update';
    while (this.#running) {
      const { rows } = await this.#client.query(
        "select id from price_order where state not in ('fill_success', 'expired') order by random() limit 6");
      await this.#client.query('begin');
      for (const { id } of rows) {
        await this.#client.query(lock, [id]);
        // Long enough for a service to come and wait, each time another while.
        await this.#client.query('select pg_sleep($1)', [0.2 * random.next()]);
      }
      await this.#client.query('update price_order set next_attempt_at = next_attempt_at where id = any($1::uuid[])',
        [rows.map(({ id }) => id)]).catch(() => {});
      await this.#client.query('rollback');
    }
  }

  async stop() {
    this.#running = false;
    await this.#done;
    await this.#client.end();
  }
}

describe('a disk that is full',
  { skip: process.getuid() === 0 ? false : 'a small file system can be mounted by root alone' }, () => {
  let stack;
  let user;
  let disk;
  before(async () => {
    stack = await SystemFixture.start({ parts: '' });
    disk = smallDisk(stack, '160m');
    stack.env.EXECUTOR_ARGS = patient;
    await stack.up('pg,devnet,setup,executor,trigger');
    user = await stack.user({ SOL: '1000' });
  });
  after(async () => {
    disk?.free();
    await stack?.stop();
    disk?.unmount();
  });

  test('nothing is sent that could not be stored, and all goes on when there is room again', async () => {
    const placed = await times(8, () => stack.placeUntilDeposited(user, { amount }));
    for (const id of placed) await stack.reaches(id, 'open');
    disk.fill();
    await stack.devnet.price('SOL', 152);
    const later = times(4, () => stack.placeUntilDeposited(user, { amount }));
    await waitFor('PostgreSQL has no room', () => /No space left on device/.test(serverLog(stack)));
    await waitFor('a service says so',
      () => ['executor', 'trigger'].some((name) => /53100|"kind":"unavailable"|database_down/.test(stack.log(name))));
    disk.free();
    // It may have gone down: a log that cannot be written ends the server.
    await stack.up('pg');
    const ids = [...placed, ...(await later)];
    await filledAll(stack, ids);
    console.log(
      `${ids.length} orders; ${howOften(serverLog(stack), 'No space left on device')} times no room, ` +
        `${howOften(serverLog(stack), 'PANIC')} times the server went down`);
  });
});

describe('the server is lost', () => {
  test('a synchronous standby takes its place: no committed row is lost, and every order goes on', async () => {
    const system = await Failover.start({ synchronous: true });
    const { stack, user } = system;
    try {
      const waiting = await times(3, () => stack.placeUntilDeposited(user, { amount, price: 160 }));
      const running = await times(5, () => stack.placeUntilDeposited(user, { amount }));
      // Under way, all of them, for as long as the chain stands.
      await stack.stand(...running);
      await stack.devnet.price('SOL', 152);
      for (const id of running) await stack.reaches(id, 'executing');
      await stack.sent();
      await stack.go();
      const later = times(3, () => stack.placeUntilDeposited(user, { amount }));
      await system.failOver();
      const ids = [...running, ...(await later)];
      await filledAll(stack, ids);
      await stack.devnet.price('SOL', 161);
      await filledAll(stack, waiting);
      const known = new Set((await stack.database.rows('select signature from attempt_history')).map((row) =>
        row.signature));
      const payer = (await stack.devnet.witness()).feePayers[0];
      const ours = (await stack.devnet.ledger(payer)).filter((entry) =>
        entry.lamportDeltas.some(({ account, delta }) => account === payer && BigInt(delta) < 0n));
      assert.ok(ours.length >= 2 * (ids.length + waiting.length), `${ours.length} transactions`);
      assert.deepEqual(ours.filter((entry) => !known.has(entry.signature)).map((entry) => entry.signature), [],
        'the promoted server knows all that ever landed');
      console.log(
        `${ids.length + waiting.length} orders, ${ours.length} transactions of the fee payer, all stored on the promoted server`);
    } finally {
      await system.stop();
    }
  });
});
