// A second PostgreSQL beside a stack's own: a streaming standby of it, which can take its place.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from './database.mjs';
import { waitFor } from './wait.mjs';

const portOffset = 5;

export class Standby {
  #stack;
  port;

  /**
   * A copy of the stack's PostgreSQL that follows it, synchronously unless told otherwise: a commit is answered when it
   * is applied here.
   */
  static async start(stack, { synchronous = true } = {}) {
    const standby = new Standby();
    standby.#stack = stack;
    standby.port = stack.portBase + portOffset;
    await stack.shell(`
      mkdir -p "$LANDFALL_VAR/standby" && home="$(postgres_home "$LANDFALL_VAR/standby")"
      as_postgres "$POSTGRES_BIN/pg_basebackup" --pgdata="$home/data" --write-recovery-conf \\
        --wal-method=stream --checkpoint=fast \\
        --dbname="host=127.0.0.1 port=$((PORT_BASE + 2)) user=postgres application_name=standby"
      as_postgres "$POSTGRES_BIN/pg_ctl" start --pgdata="$home/data" --log="$home/postgresql.log" \\
        --wait --timeout=60 --silent \\
        --options="-c port=${standby.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200" >/dev/null </dev/null`);
    process.once('exit', () => standby.stopNow());
    stack.ending.push(() => standby.stopNow());
    if (synchronous) {
      await stack.sql("alter system set synchronous_standby_names = 'standby'");
      await stack.sql("alter database landfall set synchronous_commit = 'remote_apply'");
      await stack.sql('select pg_reload_conf()');
      await waitFor('the standby is synchronous', async () =>
        (await stack.database.rows(
        "select from pg_stat_replication where application_name = 'standby' and sync_state = 'sync'")).length === 1);
    }
    return standby;
  }

  /** Takes the place of the first, which must be gone for good. */
  promote() {
    return this.#stack.shell(
      'as_postgres "$POSTGRES_BIN/pg_ctl" promote --pgdata="$(readlink -f "$LANDFALL_VAR/standby")/data" ' +
        '--wait --timeout=60 --silent');
  }

  /** What it knows so far. */
  database() {
    return new Database(this.port - 2);
  }

  /** From now on it hears no more of the first. */
  async cutOff() {
    await this.#stack.shell(
      `run_sql ${this.port} postgres "alter system set primary_conninfo = ''" && ` +
        `run_sql ${this.port} postgres 'select pg_reload_conf()'`);
    await waitFor('nobody follows the first any more',
      async () => (await this.#stack.database.rows('select from pg_stat_replication')).length === 0);
  }

  stop() {
    return this.#stack.shell('postgres_remove "$LANDFALL_VAR/standby"');
  }

  /** For the end of the process. */
  stopNow() {
    spawnSync('bash',
      ['-c', this.#stack.shellText('[[ ! -e "$LANDFALL_VAR/standby" ]] || postgres_remove "$LANDFALL_VAR/standby"')],
      { cwd: this.#stack.root, env: this.#stack.env, stdio: 'ignore' });
  }
}

/** Where a stack keeps its PostgreSQL, made to lie on a file system of its own that is this small. Only for root. */
export function smallDisk(stack, size) {
  const folder = mkdtempSync(join(tmpdir(), 'landfall-disk-'));
  const run = (command, ...args) => {
    const { status, stderr } = spawnSync(command, args);
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  };
  run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=755`, 'landfall-test', folder);
  const unmount = () => {
    if (existsSync(folder) && spawnSync('umount', ['--lazy', folder]).status === 0) rmdirSync(folder);
  };
  process.once('exit', unmount);
  run('mkdir', join(folder, 'pg'));
  run('ln', '-s', join(folder, 'pg'), join(stack.folder, 'pg'));
  return {
    /** Until nothing more fits. */
    fill: () => spawnSync('dd', ['if=/dev/zero', `of=${join(folder, 'filler')}`, 'bs=64k']),
    free: () => run('rm', '-f', join(folder, 'filler')),
    unmount,
  };
}
