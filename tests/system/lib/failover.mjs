// A system whose services know two PostgreSQL servers, the second a standby of the first that can take its place.
import { Database } from './database.mjs';
import { Proxy } from './proxy.mjs';
import { SystemFixture } from './system_fixture.mjs';
import { Standby } from './standby.mjs';

const patient = '--lease-ms 3000 --poll-ms 200 --status-poll-ms 100 --requests-per-minute 100000';
const lostPortOffset = 6;

export class Failover {
  #proxy;
  #lost = null;
  stack;
  standby;
  user;

  /**
   * Services with both servers in their connection string, the witness on a proxy that leads to whichever serves.
   * `options` as Standby.start takes them.
   */
  static async start(options) {
    const system = new Failover();
    system.stack = await SystemFixture.start({ parts: 'pg' });
    const { stack } = system;
    try {
      system.#proxy = await Proxy.start(stack.portBase + 2);
      const servers =
        `127.0.0.1:${stack.portBase + 2},127.0.0.1:${stack.portBase + 5}/landfall?target_session_attrs=read-write`;
      const url = (role) => `postgresql://landfall_${role}@${servers}`;
      stack.env.DEVNET_ARGS += ` --witness 127.0.0.1:${system.#proxy.port}/landfall`;
      stack.env.EXECUTOR_ARGS =
        `${patient} --postgres-url ${url('executor')} --api-postgres-url ${url('api')} ` +
        `--verifier-postgres-url ${url('verifier')}`;
      stack.env.TRIGGER_ARGS = `--postgres-url ${url('trigger')}`;
      await stack.up('devnet,setup');
      system.standby = await Standby.start(stack, options);
      await stack.up('executor,trigger');
      system.user = await stack.user({ SOL: '1000' });
      return system;
    } catch (problem) {
      await system.#proxy?.stop();
      await stack.stop();
      throw problem;
    }
  }

  /** The first server is lost, and the standby serves. */
  async failOver() {
    await this.stack.shell('postgres_stop "$LANDFALL_VAR/pg" immediate');
    await this.standby.promote();
    this.#proxy.targetPort = this.standby.port;
    this.#proxy.end();
    this.stack.database.conninfo = `host=127.0.0.1 port=${this.standby.port} dbname=landfall user=postgres`;
  }

  /** What the lost server had acknowledged, for the judge alone: it answers on a port that no service knows. */
  async lostServer() {
    const port = this.stack.portBase + lostPortOffset;
    await this.stack.shell(`
      home="$(readlink -f "$LANDFALL_VAR/pg")"
      as_postgres "$POSTGRES_BIN/pg_ctl" start --pgdata="$home/data" --log="$home/postgresql.log" \\
        --wait --timeout=60 --silent \\
        --options="-c port=${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c default_transaction_read_only=on" >/dev/null </dev/null`);
    this.#lost = new Database(port - 2);
    return this.#lost;
  }

  async stop() {
    await this.stack.stop().finally(() => this.#proxy.stop());
  }
}
