// Carries a plan of chaos out on a stack of its own, and keeps count.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makerAway } from './chaos_plan.mjs';
import { decimals, mints, units } from './devnet.mjs';
import { signatureOf } from './solana.mjs';
import { SystemFixture } from './system_fixture.mjs';
import { pause, waitFor } from './wait.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const services = { executor: 0, trigger: 1 };
const money = { SOL: '1000', USDC: '200000', JUP: '200000' };
const craftPatienceMs = 20_000;
const retryMs = 250;

export class ChaosRun {
  #plan;
  #restarting = Promise.resolve();
  #supervising = false;
  #killed = new Set();
  #tasks = [];
  #episode = 0;
  placed = []; // {number, requestId?, id?, signature?, outcome, answers}
  users = [];
  /** What no fault explains: a service that ended by itself, an answer that is not documented. */
  findings = [];
  counts = { kills: { executor: 0, trigger: 0 }, starts: { executor: 0, trigger: 0 },
    postgres: { fast: 0, immediate: 0 }, forks: 0, undoneBlocks: 0, prices: 0, faults: {} };

  static async start({ plan, msPerSlot, users, env = {} }) {
    const run = new ChaosRun();
    run.#plan = plan;
    run.stack = await SystemFixture.start({
      parts: 'pg',
      msPerSlot,
      env: (portBase) => ({
        EXECUTOR_ARGS: `--lease-ms 2000 --status-poll-ms 100 --rebroadcast-ms 300 --poll-ms 100 --expiry-grace-ms 3000 --maker-urls http://127.0.0.1:${portBase + 14}`,
        TRIGGER_ARGS: '--poll-ms 200 --reconcile-ms 2000',
        ...env,
      }),
    });
    const { stack } = run;
    try {
      await stack.up('devnet,setup,executor,trigger');
      for (let i = 0; i < users; i++) run.users.push(await stack.user(money));
      run.had = await run.holdings();
    } catch (problem) {
      await stack.stop();
      throw problem;
    }
    return run;
  }

  /** wallet → {mint: units}. */
  async holdings() {
    const all = {};
    for (const { address } of this.users) {
      all[address] = { [mints.SOL]: await this.stack.devnet.lamports(address) };
      for (const symbol of ['USDC', 'JUP'])
        all[address][mints[symbol]] = await this.stack.devnet.tokens(address, mints[symbol]);
    }
    return all;
  }

  /** Until the last event of the plan has begun. */
  async play(endMs) {
    this.#supervising = true;
    const supervisors = Object.keys(services).map((name) => this.#supervise(name));
    await this.stack.devnet.fault(makerAway);
    const began = Date.now();
    for (const event of this.#plan) {
      await pause(Math.max(0, began + event.at - Date.now()));
      this.#begin(event);
    }
    await pause(Math.max(0, began + endMs - Date.now()));
    await this.#calm();
    this.#supervising = false;
    await Promise.all(supervisors);
    for (const name of Object.keys(services)) await this.stack.up(name);
    await Promise.all(this.#tasks);
  }

  /** A line for people who wait. */
  soFar() {
    const { kills, postgres, forks, faults } = this.counts;
    const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);
    return `${this.placed.length} orders placed, ${sum(faults)} faults, ${sum(kills)} kills, ${sum(postgres)} restarts of PostgreSQL, ${forks} forks`;
  }

  async #calm() {
    this.calm = true;
    await this.#restarting;
    await this.stack.up('pg');
    await this.stack.devnet.clearFaults();
  }

  #begin(event) {
    const { devnet } = this.stack;
    const failed = (problem) =>
      this.findings.push(`${event.what} at ${event.at} ms could not be done: ${problem.message}`);
    switch (event.what) {
      case 'price':
        this.counts.prices++;
        return devnet.price(event.symbol, event.priceUsd).catch(failed);
      case 'order':
        return this.#tasks.push(this.#place(event));
      case 'faults':
        for (const fault of event.faults) {
          const name = `${fault.target}.${fault.fault}`;
          this.counts.faults[name] = (this.counts.faults[name] ?? 0) + 1;
          devnet.fault(fault).catch(failed);
        }
        return undefined;
      case 'faults end':
        return devnet.clearFaults().then(() => devnet.fault(makerAway)).catch(failed);
      case 'fork':
        this.counts.forks++;
        return devnet.fault({ target: 'rpc0', fault: 'fork', blocks: event.blocks,
          replay: event.replay }).then(({ undone }) => (this.counts.undoneBlocks += undone ?? 0), failed);
      case 'kill':
        return this.#kill(event.service);
      case 'postgres':
        return (this.#restarting = this.#restarting.then(() => this.#restartPostgres(event)).catch(failed));
      default:
        throw new Error(`no such event: ${event.what}`);
    }
  }

  #kill(service) {
    try {
      const pid = this.stack.pid(service);
      this.#killed.add(pid);
      process.kill(pid, 'SIGKILL');
      this.counts.kills[service]++;
    } catch {
      // It was dead already.
    }
  }

  async #restartPostgres({ mode, downMs }) {
    this.counts.postgres[mode]++;
    await this.stack.shell(`postgres_stop "$LANDFALL_VAR/pg" ${mode}`);
    await pause(downMs);
    await this.stack.up('pg');
  }

  /** Starts a service again as soon as it is gone; tells whoever ended without being killed. */
  async #supervise(name) {
    while (this.#supervising) {
      if (!(await this.stack.alive(name))) {
        const pid = this.#pidOf(name);
        if (pid !== null && !this.#killed.has(pid)) {
          this.#killed.add(pid);
          this.findings.push(
            `${name} (pid ${pid}) ended by itself; the end of its log:\n${this.stack.log(name).split('\n').slice(-8).join('\n')}`);
        }
        this.counts.starts[name]++;
        // Whether it is ready depends on what else is down; it has to stay, and to get there by itself.
        await this.stack.up(name, { UP_DEADLINE_S: '1' }).catch(() => {});
      }
      await pause(100);
    }
  }

  #pidOf(name) {
    try {
      return this.stack.pid(name);
    } catch {
      return null;
    }
  }

  /** As an integrator does: calls again until the API answers; gives up only what it has not sent yet. */
  async #place(event) {
    const order = { number: event.number, outcome: 'crafting', answers: [] };
    this.placed.push(order);
    const user = this.users[event.user];
    const terms = {
      inputMint: mints[event.input],
      outputMint: mints[event.output],
      triggerMint: mints[event.trigger],
      triggerCondition: event.condition,
      triggerPriceUsd: event.price,
      amount: units(event.input, Number(event.amount).toFixed(Math.min(4, decimals[event.input]))),
      slippageBps: event.slippageBps,
      expiresAt: Date.now() + event.lifeMs,
    };
    const deadline = Date.now() + craftPatienceMs;
    const crafted = await this.#answered(order, () => user.craft(terms), () => Date.now() < deadline && !this.calm);
    if (!crafted) return;
    order.requestId = crafted.requestId;
    const body = user.orderBody({ crafted, ...terms });
    order.signature = signatureOf(body.depositSignedTx);
    order.outcome = 'creating';
    const created = await this.#answered(order, () => user.create(body), () => true);
    if (!created) return;
    order.id = created.id;
    order.outcome = 'created';
  }

  async #answered(order, call, goOn) {
    for (;;) {
      try {
        return await call();
      } catch (problem) {
        order.answers.push(problem.message.slice(0, 200));
        if (/not documented|with a body that is no/.test(problem.message))
          this.findings.push(`order ${order.number}: ${problem.message}`);
        if (problem.status !== undefined && problem.status < 500 && problem.status !== 429) {
          order.outcome = `${order.outcome} refused`;
          return null;
        }
      }
      if (!goOn()) {
        order.outcome = 'given up before it was sent';
        return null;
      }
      await pause(retryMs);
    }
  }

  /** What Landfall's own verifier says: null where it agrees with the chain, else its words. */
  verify() {
    const build = process.env.LANDFALL_BUILD_DIR ?? join(root, 'build', 'release');
    const args = ['--port-base', String(this.stack.portBase), '--json', 'verify'];
    return new Promise((resolve) => {
      execFile(join(build, 'landfallctl', 'landfallctl'), args, { env: this.stack.env, timeout: 60_000 },
        (problem, stdout, stderr) => resolve(problem ? `${stdout}${stderr}`.trim() || problem.message : null));
    });
  }

  /** All orders of the database, when each has reached its end or the deadline has come. */
  async orders(timeoutMs) {
    const ended = async () => {
      const rows = await this.stack.database.rows(
        'select *, input_amount::text as input_amount, output_amount::text as output_amount from order_overview order by created_at');
      this.rows = rows;
      return rows.every((row) => ['fill_success', 'expired', 'deposit_failed'].includes(row.state));
    };
    await waitFor('every order is at its end', ended, { timeoutMs, everyMs: 500 }).catch((problem) =>
      this.findings.push(problem.message));
    return this.rows;
  }
}
