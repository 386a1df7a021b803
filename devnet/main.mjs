import { Chain } from './chain/chain.mjs';
import { History } from './chain/history.mjs';
import { Treasury } from './chain/treasury.mjs';
import { Control } from './control/control.mjs';
import { Faults } from './faults.mjs';
import { Hermes } from './market/hermes.mjs';
import { Maker } from './market/maker.mjs';
import { Pool } from './market/pool.mjs';
import { Prices } from './market/prices.mjs';
import { Router } from './market/router.mjs';
import { placeMarketTable, placeTokens } from './market/tokens.mjs';
import { parseOptions, usage } from './options.mjs';
import { RpcEndpoint } from './rpc/endpoint.mjs';
import { createVenue } from './venue.mjs';
import { Witness } from './witness.mjs';

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  process.stdout.write(usage());
  process.exit(0);
}

let options;
try {
  options = parseOptions(process.argv.slice(2));
} catch (problem) {
  console.error(`devnet: ${problem.message}`);
  process.exit(2);
}

const port = (offset) => options.portBase + offset;
const faults = new Faults(options.seed);
const chain = new Chain(options);
const history = new History(chain);
const treasury = new Treasury(chain);
placeTokens(chain);
placeMarketTable(chain);
// So that there is a finalized block beyond genesis for the first caller.
chain.advance(options.finalizeDepth + 2);

const prices = new Prices();
const pool = new Pool({ chain, prices, feeBps: options.feeBps, depthUsd: options.depthUsd });
const witness = options.witness === null ? null
  : new Witness({ database: options.witness, feePayer: options.witnessFeePayer, timeoutMs: options.witnessTimeoutMs });
const maker = new Maker({ port: port(14), chain, prices, faults, spreadBps: options.makerSpreadBps, witness });
const hermes = new Hermes({ port: port(13), chain, prices, faults, intervalMs: options.priceIntervalMs,
  keepAliveMs: options.keepaliveMs });
const services = {
  rpc0: new RpcEndpoint({ node: 'rpc0', port: port(10), chain, history, treasury, faults, witness }).service,
  rpc1: new RpcEndpoint({ node: 'rpc1', port: port(11), chain, history, treasury, faults, witness }).service,
  router: new Router({ port: port(12), chain, pool, prices, faults }).service,
  prices: hermes.service,
  maker: maker.service,
  venue: createVenue({ port: port(15), faults }),
};
services.control = new Control({ port: port(19),
  devnet: { chain, history, treasury, prices, pool, maker, faults, services, options, witness } }).service;

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => process.exit(0));
}
if (options.stopWithStdin === 1) process.stdin.on('close', () => process.exit(0)).resume();

try {
  await Promise.all(Object.values(services).map((service) => service.listen()));
} catch (problem) {
  console.error(`devnet: ${problem.message}`);
  process.exit(1);
}
chain.start();
console.log(`devnet ready on 127.0.0.1:${port(10)}-${port(19)} (seed ${options.seed})`);
