// Reads the operator's views through psql, as the operator does.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const psql = `${process.env.POSTGRES_BIN ?? '/usr/lib/postgresql/15/bin'}/psql`;

export class Database {
  constructor(portBase) {
    this.conninfo = `host=127.0.0.1 port=${portBase + 2} dbname=landfall user=postgres`;
  }

  /** One statement, for what it does. */
  async run(statement) {
    await run(psql, ['-XqAt', '-v', 'ON_ERROR_STOP=1', this.conninfo, '-c', statement]);
  }

  /** The rows of a query as objects; numbers beyond 2^53 come as PostgreSQL's JSON has them, so cast those to text. */
  async rows(sql) {
    const { stdout } = await run(psql, ['-XqAt', '-v', 'ON_ERROR_STOP=1', this.conninfo, '-c',
      `select coalesce(json_agg(t), '[]') from (${sql}) t`], { maxBuffer: 1 << 26 });
    return JSON.parse(stdout);
  }

  async order(id) {
    return (await this.rows(
      `select *, input_amount::text as input_amount, output_amount::text as output_amount, input_used::text as input_used from order_overview where order_id = '${id}'`))[0];
  }

  transitions(id) {
    return this.rows(`select *, extract(epoch from at) * 1000 as at_ms from order_history where order_id = '${id}'`);
  }

  attempts(id) {
    return this.rows(`select * from attempt_history where order_id = '${id}'`);
  }

  /** The last block that can take the attempt's transaction. */
  async lastValidHeight({ attempt_id: id }) {
    return (await this.rows(`select last_valid_block_height as height from attempt where id = '${id}'`))[0].height;
  }

  /** How many rows each table has: what a refused request must leave as it was. */
  async counts() {
    const tables = await this.rows("select tablename as name from pg_tables where schemaname = 'public' order by 1");
    const list = await this.rows(
      tables.map(({ name }) => `select '${name}' as name, count(*) as count from ${name}`).join(' union all '));
    return Object.fromEntries(list.map(({ name, count }) => [name, count]));
  }
}
