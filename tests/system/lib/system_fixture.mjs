// A whole Landfall of its own for one test file: PostgreSQL, devnet, both services, on ports and in a folder of its
// own.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reservePorts } from '../../support/ports.mjs';
import { checkAnswer } from './schema.mjs';
import { Client } from './client.mjs';
import { Database } from './database.mjs';
import { Devnet, mints, units } from './devnet.mjs';
import { faultsOfFill, faultsOfRefund, judge } from './judge.mjs';
import { waitFor } from './wait.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
export const final = new Set(['fill_success', 'cancelled', 'oco_cancelled', 'expired', 'deposit_failed',
  'fill_failed']);

/** Whether a create call was refused because the order's time was over. */
const cameAfterItsTime = (problem) => problem.status === 400 &&
  JSON.stringify(problem.body).includes('Must be in the future');

export class SystemFixture {
  #running = true;
  root = root;
  /**
   * Signature → bytes of what was stored before it was sent, on a server that was lost with the row: the witness may
   * object to those.
   */
  forgotten = new Map();
  /** What else a test started in the stack's folder: ended before that is removed. */
  ending = [];

  /** `parts` as scripts/up takes them; `env` further environment of scripts/up, or what gives it for a port base. */
  static async start({ parts = 'pg,devnet,setup,executor,trigger',
    msPerSlot = Number(process.env.DEVNET_MS_PER_SLOT ?? 40), env = {} } = {}) {
    const stack = new SystemFixture();
    stack.seed = Number(process.env.LANDFALL_SEED ?? randomInt(2 ** 31));
    stack.portBase = await reservePorts();
    stack.folder = mkdtempSync(join(tmpdir(), 'landfall-system-'));
    // PostgreSQL does not run as root: its user has to get in.
    chmodSync(stack.folder, 0o755);
    stack.env = {
      ...process.env,
      PORT_BASE: String(stack.portBase),
      LANDFALL_VAR: stack.folder,
      DEVNET_MS_PER_SLOT: String(msPerSlot),
      DEVNET_ARGS: `--seed ${stack.seed} --price-interval-ms 100`,
      UP_DEADLINE_S: '300',
      ...(typeof env === 'function' ? env(stack.portBase) : env),
    };
    stack.msPerSlot = msPerSlot;
    stack.devnet = new Devnet(stack.portBase);
    stack.database = new Database(stack.portBase);
    // Whatever ends this process takes the system down with it.
    process.once('exit', () => stack.#running &&
      spawnSync(join(root, 'scripts', 'down'), ['--remove'], { env: stack.env }));
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(signal, () => process.exit(1));
    console.log(`seed ${stack.seed} (LANDFALL_SEED), port base ${stack.portBase}, ${stack.folder}`);
    try {
      if (parts !== '') await stack.up(parts);
    } catch (problem) {
      await stack.#end();
      throw problem;
    }
    return stack;
  }

  #script(name, args, env = {}) {
    return new Promise((resolve, reject) => {
      execFile(join(root, 'scripts', name), args, { env: { ...this.env, ...env }, maxBuffer: 1 << 24 },
        (problem, stdout, stderr) =>
        (problem ? reject(new Error(`scripts/${name} ${args.join(' ')}: ${stderr || stdout}`)) : resolve(stdout)));
    });
  }

  up(parts, env) {
    return this.#script('up', ['--only', parts], env);
  }

  down(parts) {
    return this.#script('down', ['--only', parts]);
  }

  /** Bash with what scripts/ has at hand for processes and PostgreSQL. */
  shellText(text) {
    return `set -euo pipefail; source scripts/lib/common.sh; source scripts/lib/process.sh; source scripts/lib/postgres.sh; ${text}`;
  }

  shell(text) {
    return new Promise((resolve, reject) => {
      // Whatever it leaves running must not hold our pipes: its output goes to a file.
      const log = openSync(join(this.folder, 'shell.log'), 'a');
      const child = spawn('bash', ['-c', this.shellText(text)],
        { cwd: root, env: this.env, stdio: ['ignore', log, log] });
      closeSync(log);
      child.once('error', reject).once('exit',
        (code) => (code === 0 ? resolve()
        : reject(new Error(
        `${text}: exit ${code}: ${readFileSync(join(this.folder, 'shell.log'), 'utf8').slice(-2000)}`))));
    });
  }

  /** One statement as the superuser. */
  sql(statement) {
    return this.database.run(statement);
  }

  pid(name) {
    return Number(readFileSync(join(this.folder, 'run', `${name}.pid`), 'utf8').split(' ')[0]);
  }

  /** As a power cut would: no handler runs. */
  kill(name) {
    process.kill(this.pid(name), 'SIGKILL');
  }

  async restart(name) {
    await waitFor(`${name} is gone`, async () => !(await this.alive(name)), { everyMs: 10 });
    await this.up(name);
  }

  async alive(name) {
    try {
      const stat = readFileSync(`/proc/${this.pid(name)}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
    } catch {
      return false;
    }
  }

  log(name) {
    return readFileSync(join(this.folder, 'log', `${name}.log`), 'utf8');
  }

  async get(offset, path) {
    const response = await fetch(`http://127.0.0.1:${this.portBase + offset}${path}`,
      { signal: AbortSignal.timeout(60_000) });
    return { status: response.status, text: await response.text() };
  }

  /**
   * A logged-in client with a vault and money of every kind. All its answers are held against the documented schema.
   */
  async user(money = { SOL: '100', USDC: '10000', JUP: '10000' }) {
    const client = new Client({ base: `http://127.0.0.1:${this.portBase}/trigger/v2`, seen: checkAnswer });
    for (const [symbol, amount] of Object.entries(money)) {
      if (symbol === 'SOL') await this.devnet.airdrop(client.address, units('SOL', amount));
      else await this.devnet.mint(client.address, mints[symbol], units(symbol, amount));
    }
    await client.login();
    await client.registerVault();
    return client;
  }

  /**
   * Sell SOL above 151 unless told otherwise; SOL stands at 150. As `placeUntilDeposited`, and returns all that the
   * client knows of it.
   */
  place(client, terms) {
    return this.#untilDeposited(terms, (now) => client.place(this.terms(now)));
  }


  /** What `place` makes of its terms. */
  terms({ amount = '1', price = 151, condition = 'above', input = 'SOL', output = 'USDC', trigger = 'SOL',
    ...rest } = {}) {
    return { inputMint: mints[input], outputMint: mints[output], triggerMint: mints[trigger],
      triggerCondition: condition, triggerPriceUsd: price, amount: units(input, amount), ...rest };
  }

  /** As `user`, while calls may fail: each is made again until it is answered. */
  patientUser(money) {
    return waitFor('a user is there', () => this.user(money));
  }

  /**
   * By a client that calls again what was not answered, or answered with 5xx; what is signed stays the same. Returns
   * the id.
   */
  async placePatiently(client, terms) {
    const answered = async (what, call) => {
      const { answer, refused } = await waitFor(what, () =>
        call().then(
          (answer) => ({ answer }),
          (problem) => problem.status !== undefined && problem.status < 500 && { refused: problem },
        ),
      );
      if (refused) throw refused;
      return answer;
    };
    const order = { expiresAt: Date.now() + 3_600_000, slippageBps: 300, ...this.terms(terms) };
    const crafted = await answered('a deposit is crafted', () => client.craft(order));
    const body = client.orderBody({ crafted, ...order });
    return (await answered('an order is created', () => client.create(body))).id;
  }

  /**
   * As `placePatiently`, by a user who places again when a deposit came too late for its blockhash. Returns the id of
   * the one that arrived.
   */
  async placeUntilDeposited(client, terms) {
    return (await this.#untilDeposited(terms, async (now) => ({ id: await this.placePatiently(client, now) }))).id;
  }

  /** An order that expires soon, but not before it is placed, however slow the machine. As `placeUntilDeposited`. */
  async placeExpiring(client, { lifeMs, ...terms }) {
    for (let life = lifeMs; ; life *= 2) {
      try {
        return await this.placeUntilDeposited(client, () => ({ ...terms, expiresAt: Date.now() + life }));
      } catch (problem) {
        if (!cameAfterItsTime(problem) || life > 32 * lifeMs) throw problem;
        console.log(`an order of ${life} ms came after its time`);
      }
    }
  }

  /** `terms` may be what gives them for each try. */
  async #untilDeposited(terms, make) {
    const deadline = Date.now() + 300_000;
    for (;;) {
      const placed = await make(typeof terms === 'function' ? terms() : terms);
      if (placed.depositConfirmed) return placed;
      const { id } = placed;
      const order = await waitFor(`the deposit of order ${id} is decided`, async () =>
        [await this.database.order(id)].find(({ state }) => !['pending_deposit', 'depositing'].includes(state)));
      if (order.state !== 'deposit_failed') return placed;
      const { deposits } = await judge(this.devnet, order);
      if (deposits.length > 0)
        throw new Error(`order ${id} failed, and yet its deposit landed\n${await this.describe(id)}`);
      console.log(`order ${id}: its deposit came too late`);
      if (Date.now() > deadline) throw new Error('every deposit of an order came too late for its blockhash');
    }
  }

  async describe(id) {
    const [transitions, attempts] = [await this.database.transitions(id), await this.database.attempts(id)];
    return [
      ...transitions.map((m) => `  ${m.at} ${m.from_state} -> ${m.to_state} ${m.role} ${m.reason ?? ''}`),
      ...attempts.map((a) => `  ${a.kind} ${a.signature} ${a.outcome ?? 'unresolved'}`),
    ].join('\n');
  }

  /**
   * Its deposit is final, and the chain stands from now on: what is signed neither lands nor dies, however long all
   * else takes.
   */
  async stand(...ids) {
    const landed = async (id) => (await this.database.attempts(id)).some(({ kind, outcome }) => kind === 'deposit' &&
      outcome === 'landed');
    for (const id of ids) await waitFor(`the deposit of order ${id} is final`, () => landed(id));
    await this.devnet.slots({ msPerSlot: 0 });
  }

  /** The chain goes on. */
  go() {
    return this.devnet.slots({ msPerSlot: this.msPerSlot });
  }

  /** The chain stands, and what is sent is there to be in its next block. */
  sent() {
    return waitFor('what is sent waits for a block', async () => (await this.devnet.state()).counters.pending > 0,
      { everyMs: 20 });
  }

  /** The chain stands; it moves on until so many transactions of the account are confirmed, and no further. */
  async confirmed(account, count) {
    const landed = async () => (await this.devnet.ledger(account)).filter((entry) => entry.err === null &&
      entry.commitment !== 'undone').length >= count;
    await waitFor(`${count} transactions of ${account}`, async () => {
      // What waits may be something else that was sent once more.
      if (!(await landed()) && (await this.devnet.state()).counters.pending > 0)
        await this.devnet.slots({ advance: 1 });
      return landed();
    }, { everyMs: 20 });
    await this.devnet.slots({ advance: 1 });
  }

  /**
   * Of an order about to be swapped while the chain stands: the swap is confirmed, and not final as long as the chain
   * stands.
   */
  async swapped(id) {
    const { order_account: account } = await this.database.order(id);
    await this.confirmed(account, 2);
    await this.reaches(id, 'execute_success');
  }

  /** The order has been in the state, and may have left it. */
  passes(id, state) {
    return waitFor(
      async () => `order ${id} has been ${state}\n${await this.describe(id)}`,
      async () => (await this.database.transitions(id)).some(({ to_state: to }) => to === state),
      { everyMs: 50 },
    );
  }

  /**
   * Waits until the order is in one of the states, and returns its row. Only for states that it does not leave by
   * itself.
   */
  reaches(id, states, timeoutMs = 240_000) {
    const wanted = [].concat(states);
    return waitFor(
      async () => `order ${id} in ${wanted.join(' or ')}\n${await this.describe(id)}`,
      async () => {
        const order = await this.database.order(id);
        if (wanted.includes(order?.state)) return order;
        if (order && final.has(order.state)) throw new Error(`it ended in ${order.state}`);
        return false;
      },
      { timeoutMs, everyMs: 50 },
    );
  }

  /** Filled, and by the chain's own book exactly once. Returns {order, life}. */
  async filledOnce(id, timeoutMs) {
    const order = await this.reaches(id, 'fill_success', timeoutMs);
    const life = await judge(this.devnet, order);
    const wrong = faultsOfFill(order, life);
    if (wrong.length) throw new Error(`order ${id}: ${wrong.join('; ')}\n${await this.describe(id)}`);
    return { order, life };
  }

  async refundedOnce(id, timeoutMs) {
    const order = await this.reaches(id, 'expired', timeoutMs);
    const life = await judge(this.devnet, order);
    const wrong = faultsOfRefund(order, life);
    if (wrong.length) throw new Error(`order ${id}: ${wrong.join('; ')}\n${await this.describe(id)}`);
    return { order, life };
  }

  /** What the chain saw that was not stored first, each with its story; empty when all is as it should be. */
  async violations() {
    let report;
    try {
      await waitFor('the witness has checked all that arrived',
        async () => (report = await this.devnet.witness()).unchecked === 0);
    } catch (problem) {
      return [`${problem.message} ${JSON.stringify(report?.lastProblem ?? null)}`];
    }
    console.log(
      `witness: ${report.arrived} arrived, ${report.checked} checked (${report.checkedLate} of them later), ${report.declared} declared, ${report.violationCount} violations`);
    const violations = report.violations.filter(({ signature, sent }) => this.forgotten.get(signature) !== sent ||
      sent === undefined);
    if (violations.length < report.violations.length)
      console.log(
      `${report.violations.length - violations.length} violations are sends of what a lost server had stored`);
    return violations.map((violation) => `sent before it was stored: ${JSON.stringify(violation)}`);
  }

  /**
   * Ends all of it; keeps the folder where LANDFALL_KEEP is set. Throws where the chain saw something that was not
   * stored first.
   */
  async stop() {
    const violations = (await this.alive('devnet')) ? await this.violations() : [];
    await this.#end();
    if (violations.length > 0) throw new Error(violations.join('\n'));
  }

  async #end() {
    this.#running = false;
    if (process.env.LANDFALL_KEEP) {
      console.log(
        `kept running: LANDFALL_VAR=${this.folder} PORT_BASE=${this.portBase}; end it with LANDFALL_VAR=${this.folder} scripts/down`);
      return;
    }
    for (const end of this.ending) end();
    await this.#script('down', ['--remove']).catch((problem) => console.error(problem.message));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
