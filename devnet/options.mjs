import { randomInt } from 'node:crypto';

const table = [
  { name: 'port-base', fallback: 18000, min: 1, max: 65000, help: 'ports are this plus 10 to 19' },
  { name: 'ms-per-slot', fallback: 400, min: 0, max: 3_600_000, help: 'pace of the chain; 0 = paused' },
  { name: 'seed', fallback: null, min: 0, max: 0xffffffff,
    help: 'all randomness comes from it; default: drawn and printed' },
  { name: 'confirm-depth', fallback: 1, min: 0, max: 150, help: 'blocks from the tip to the newest confirmed one' },
  { name: 'finalize-depth', fallback: 31, min: 1, max: 250, help: 'blocks from the tip to the newest finalized one' },
  { name: 'skip-every', fallback: 20, min: 0, max: 1_000_000, help: 'one slot in about so many is skipped; 0 = none' },
  { name: 'price-interval-ms', fallback: 400, min: 1, max: 3_600_000, help: 'how often the price stream publishes' },
  { name: 'fee-bps', fallback: 10, min: 0, max: 9999, help: "the router's fee" },
  { name: 'depth-usd', fallback: 5_000_000, min: 1, max: 1_000_000_000_000,
    help: 'depth of a pool, each side, in USD' },
  { name: 'maker-spread-bps', fallback: 5, min: 0, max: 9999, help: "the maker's spread" },
  { name: 'stop-with-stdin', fallback: 0, min: 0, max: 1,
    help: '1 = stop when standard input closes, so as not to outlive a killed test' },
  { name: 'witness', fallback: null, text: true,
    help: 'database (host:port/name or URL): watch that what arrives was stored there first' },
  { name: 'witness-fee-payer', fallback: null, text: true,
    help: 'whose transactions must be stored; learned from the database if not given' },
  { name: 'witness-timeout-ms', fallback: 2000, min: 1, max: 3_600_000,
    help: 'how long the witness waits for the database, and a send for the witness' },
  { name: 'keepalive-ms', fallback: 30_000, min: 10, max: 3_600_000,
    help: 'pings and SSE comments of the price stream' },
];

export function usage() {
  const lines = table.map((o) =>
    `  --${o.name.padEnd(20)} ${o.help}${o.fallback === null ? '' : ` (default ${o.fallback})`}`);
  return `Usage: devnet/run [options]\n\nA development chain with RPC, swap router, price stream, market maker and control, on loopback.\n\n${lines.join('\n')}\n`;
}

/** Throws an Error with one clear sentence for a bad setting. */
export function parseOptions(argv) {
  const options = Object.fromEntries(table.map((o) => [camel(o.name), o.fallback]));
  for (let i = 0; i < argv.length; i++) {
    const [flag, inline] = /^([^=]*)(?:=(.*))?$/s.exec(argv[i]).slice(1);
    const option = table.find((o) => `--${o.name}` === flag);
    if (!option) throw new Error(`unknown option ${argv[i]}; see --help`);
    const text = inline ?? argv[++i];
    if (option.text && text) {
      options[camel(option.name)] = text;
      continue;
    }
    if (option.text) throw new Error(`${flag} takes a text; see --help`);
    const value = Number(text);
    if (text === undefined || text === '' || !Number.isInteger(value) || value < option.min || value > option.max) {
      throw new Error(`${flag} takes a whole number from ${option.min} to ${option.max}, not ${text}`);
    }
    options[camel(option.name)] = value;
  }
  options.seed ??= randomInt(2 ** 31);
  return options;
}

function camel(name) {
  return name.replace(/-(.)/g, (_all, c) => c.toUpperCase());
}
