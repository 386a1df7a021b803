// One system for the Sweep: PostgreSQL, devnet and services that are started by hand, so that each can be armed,
// killed, stopped and replaced.
import { execFileSync, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from './client.mjs';
import { mints, units } from './devnet.mjs';
import { SystemFixture } from './system_fixture.mjs';
import { waitFor } from './wait.mjs';

const require = createRequire(new URL('../../../devnet/package.json', import.meta.url));
const pg = require('pg');
const root = fileURLToPath(new URL('../../..', import.meta.url));
export const build = process.env.LANDFALL_BUILD_DIR ?? join(root, 'build', 'release');
const actions = { kill: 1, stall: 2, error: 3 };
const executorArgs = ['--lease-ms', '1000', '--status-poll-ms', '50', '--rebroadcast-ms', '200', '--poll-ms', '50',
  '--expiry-grace-ms', '60000', '--requests-per-minute', '1000000'];

/** A service's process. `events` are what it logged; `exited` is true once it is gone. */
class Service {
  events = [];
  exited = false;
  #watchers = new Set();

  constructor(lane, name, port, command, args, env) {
    this.name = name;
    this.port = port;
    this.fifo = join(lane.stack.folder, 'run', `${name}.fault`);
    this.child = spawn(command, args,
      { env: { ...lane.stack.env, LANDFALL_FAULT: '', LANDFALL_FAULT_FIFO: this.fifo, ...env },
      stdio: ['ignore', 'ignore', 'pipe'] });
    const log = createWriteStream(join(lane.stack.folder, 'log', `${name}.log`), { flags: 'a' });
    createInterface({ input: this.child.stderr }).on('line', (line) => {
      log.write(`${line}\n`);
      try {
        this.events.push(JSON.parse(line));
      } catch {
        this.events.push({ event: 'not json', line });
      }
      for (const watcher of this.#watchers) watcher();
    });
    this.gone = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.exited = true;
        this.code = code ?? signal;
        resolve();
        for (const watcher of this.#watchers) watcher();
      });
    });
  }

  /** Resolves to the first event that `match` accepts; to null when the process ends without it or the time is over. */
  event(match, timeoutMs, from = 0) {
    return new Promise((resolve) => {
      let next = from;
      const end = (event) => {
        clearTimeout(timer);
        this.#watchers.delete(scan);
        resolve(event);
      };
      const scan = () => {
        for (; next < this.events.length; next++) if (match(this.events[next])) return end(this.events[next]);
        return undefined;
      };
      const timer = setTimeout(() => end(null), timeoutMs);
      this.#watchers.add(scan);
      this.gone.then(() => setTimeout(() => this.#watchers.has(scan) && (scan() ?? end(null)), 20));
      scan();
    });
  }

  async ready() {
    await waitFor(`${this.name} is ready`, async () => this.exited ||
      (await fetch(`http://127.0.0.1:${this.port}/readyz`)).ok, { everyMs: 15 });
    if (this.exited) throw new Error(`${this.name} ended with ${this.code}: ${JSON.stringify(this.events.slice(-3))}`);
    return this;
  }

  /** Arms a fault point for its next hit, by libfiu's remote control. */
  arm(point, action) {
    writeFileSync(`${this.fifo}-${this.child.pid}.in`, `enable name=${point},onetime,failnum=${actions[action]}\n`);
    const answer = readFileSync(`${this.fifo}-${this.child.pid}.out`, 'utf8').trim();
    if (answer !== '0') throw new Error(`${point} was not armed: ${answer}`);
  }

  disarm(point) {
    if (this.exited) return;
    writeFileSync(`${this.fifo}-${this.child.pid}.in`, `disable name=${point}\n`);
    readFileSync(`${this.fifo}-${this.child.pid}.out`, 'utf8');
  }

  kill(signal = 'SIGKILL') {
    if (!this.exited) this.child.kill(signal);
  }
}

export class Lane {
  /** Whether executors that are started from now on ask the devnet's market maker. */
  asksMakers = false;
  #services = new Set();
  #starts = 0;
  #ports;

  static async start({ msPerSlot = 25 } = {}) {
    const lane = new Lane();
    lane.stack = await SystemFixture.start({ parts: 'pg', msPerSlot });
    const { stack } = lane;
    process.once('exit', () => lane.#services.forEach((service) => service.kill()));
    try {
      stack.env.DEVNET_ARGS += ` --finalize-depth 10`;
      await stack.up('devnet,setup');
      // Known from the beginning: what is sent before anything is stored counts too.
      lane.#ports = [3, 4, 5, 6, 7, 9].map((offset) => stack.portBase + offset);
      lane.database = new pg.Client({ host: '127.0.0.1', port: stack.portBase + 2, database: 'landfall',
        user: 'postgres' });
      lane.database.on('error', () => {});
      await lane.database.connect();
      [lane.api, lane.hasty, lane.executor, lane.trigger] =
        await Promise.all([lane.startApi(), lane.startHasty(), lane.startExecutor(), lane.startTrigger()]);
      lane.user = await stack.user({ SOL: '100000', USDC: '100000' });
    } catch (problem) {
      await lane.stop();
      throw problem;
    }
    return lane;
  }

  #start(name, binary, port, args, env = {}) {
    const service = new Service(this, `${name}-${++this.#starts}`, port, join(build, binary, binary), args, env);
    this.#services.add(service);
    service.gone.then(() => this.#services.delete(service));
    // One that is armed from its start may never get so far.
    return env.LANDFALL_FAULT ? service : service.ready();
  }

  #executorService(name, port, roles, more, env) {
    const { stack } = this;
    const at = (offset) => `http://127.0.0.1:${stack.portBase + offset}`;
    const database = (role) => `host=127.0.0.1 port=${stack.portBase + 2} dbname=landfall user=landfall_${role}`;
    return this.#start(name, 'executor-service', port, [
      '--port-base', port, '--roles', roles,
      '--fee-payer-key', join(stack.folder, 'keys', 'fee-payer.json'), '--master-secret',
      join(stack.folder, 'keys', 'master-secret'),
      '--postgres-url', database('executor'), '--api-postgres-url', database('api'), '--verifier-postgres-url',
      database('verifier'),
      '--rpc-urls', `${at(10)},${at(11)}`, '--router-url', at(12), '--hermes-http-url', at(13),
      ...executorArgs, ...more,
    ].map(String), env);
  }

  /** Waits for deposits on behalf of its callers, as an api does. */
  startApi() {
    return this.#executorService('api', this.stack.portBase, 'api', ['--confirm-wait-ms', '15000']);
  }

  /** Leaves deposits to the executor; carries the verifier too. */
  startHasty() {
    return this.#executorService('hasty', this.stack.portBase + 8, 'api,verifier', ['--confirm-wait-ms', '0']);
  }

  startExecutor(env) {
    this.#ports.push(this.#ports.shift());
    return this.#executorService('executor', this.#ports.at(-1), 'executor',
      this.asksMakers ? ['--maker-urls', `http://127.0.0.1:${this.stack.portBase + 14}`] : [], env);
  }

  startTrigger() {
    const { portBase } = this.stack;
    // Two of them share nothing but the database.
    const port = [...this.#services].some((service) => service.port === portBase + 1) ? portBase + 16 : portBase + 1;
    return this.#start('trigger', 'trigger-service', port, [
      '--port-base', port - 1,
      '--postgres-url', `host=127.0.0.1 port=${portBase + 2} dbname=landfall user=landfall_trigger`,
      '--hermes-ws-url', `ws://127.0.0.1:${portBase + 13}/ws`, '--hermes-http-url', `http://127.0.0.1:${portBase + 13}`,
      '--poll-ms', 50, '--reconcile-ms', 1000,
    ].map(String));
  }

  /** The same wallet at another api process. */
  at(service) {
    const client = new Client({ base: `http://127.0.0.1:${service.port}/trigger/v2`, keypair: this.user.keypair });
    return client;
  }

  async rows(sql, values = []) {
    return (await this.database.query(sql, values)).rows;
  }

  async order(requestId) {
    return (await this.rows(
      'select v.*, (select lease_epoch::int from price_order where id = v.order_id) as epoch from order_overview v where v.deposit_request_id = $1', [requestId]))[0];
  }

  terms({ price, input = 'SOL', output = 'USDC', amount = '1', lifeMs = 3_600_000 }) {
    return { inputMint: mints[input], outputMint: mints[output], triggerMint: mints.SOL, triggerCondition: 'above',
      triggerPriceUsd: price, amount: units(input, amount), slippageBps: 500, expiresAt: Date.now() + lifeMs };
  }

  /** What is wrong beside the orders: findings of the verifier, things sent before they were stored. */
  async violations() {
    const wrong = (await this.rows('select * from discrepancy')).map((row) => `discrepancy ${JSON.stringify(row)}`);
    const { witness } = await this.stack.devnet.state();
    for (const violation of witness.violations) wrong.push(`sent before it was stored: ${JSON.stringify(violation)}`);
    if (witness.checked === 0) wrong.push('the witness has checked nothing');
    return wrong;
  }

  /** landfallctl's comparison of all orders with the finalized chain: null where they agree. */
  verify() {
    try {
      execFileSync(join(build, 'landfallctl', 'landfallctl'),
        ['--port-base', String(this.stack.portBase), '--json', 'verify'],
        { env: this.stack.env, timeout: 60_000, stdio: 'pipe' });
      return null;
    } catch (problem) {
      return `${problem.stdout}${problem.stderr}`.trim() || problem.message;
    }
  }

  async stop() {
    for (const service of this.#services) service.kill();
    await Promise.all([...this.#services].map((service) => service.gone));
    await this.database?.end().catch(() => {});
    await this.stack.stop();
  }
}
