#!/usr/bin/env node
// A client of the Trigger V2 API, written as an integrator would write it: it knows the published interface, a base
// address and a wallet, and nothing of this project. What it uses from elsewhere is @solana/web3.js, found beside the
// devnet.
//
//   integrator.mjs --base http://127.0.0.1:18000/trigger/v2 --key wallet.json COMMAND [options]
//
//   new-key                                            writes a fresh wallet to --key, prints its address
//   vault                                              registers the vault where there is none
//   create --input-mint M --output-mint M --amount RAW --trigger-mint M --condition above|below --price USD
//          [--slippage-bps N] [--expires-in-s N] [--idempotency-key K]
//   show ID | by-key K | history [--state active|past] [--limit N] [--offset N] [--sort F] [--dir D] [--mint M]
//   wait ID --states filled,failed [--timeout-s N]     polls until orderState is one of them
//
// Each prints one JSON object; an answer that is not 2xx is printed as {"status":…,"body":…} with exit code 1. As a
// module it exports `Integrator`, `ApiError` and `readKey`. --api-key adds x-api-key; --hardware signs in with a
// transaction.
import { createPrivateKey, sign as signBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const require = createRequire(new URL('../../../devnet/package.json', import.meta.url));
const { Keypair, VersionedTransaction } = require('@solana/web3.js');
const bs58 = createRequire(require.resolve('@solana/web3.js'))('bs58');
const base58 = (bytes) => (bs58.default ?? bs58).encode(bytes);

export class ApiError extends Error {
  constructor(status, body, headers) {
    super(`${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export function readKey(path) {
  return Keypair.fromSecretKey(Uint8Array.from(JSON.parse(readFileSync(path, 'utf8'))));
}

/** Ed25519 as node:crypto does it, over exactly these bytes. */
function signMessage(keypair, bytes) {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), keypair.secretKey.slice(0, 32)]);
  return signBytes(null, bytes, createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
}

export class Integrator {
  #token;

  /** onExchange({method, path, status, body}) is told of every answer. */
  constructor({ base, keypair, apiKey, hardware = false, onExchange = () => {} }) {
    this.base = base.replace(/\/$/, '');
    this.keypair = keypair;
    this.wallet = keypair.publicKey.toBase58();
    this.apiKey = apiKey;
    this.hardware = hardware;
    this.onExchange = onExchange;
  }

  async request(method, path, body, headers = {}) {
    const response = await fetch(this.base + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.apiKey ? { 'x-api-key': this.apiKey } : {}),
        ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    let parsed;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = text;
    }
    this.onExchange({ method, path, status: response.status, body: parsed });
    if (!response.ok) throw new ApiError(response.status, parsed, response.headers);
    return parsed;
  }

  async authenticate() {
    this.#token = undefined;
    const type = this.hardware ? 'transaction' : 'message';
    const asked = await this.request('POST', '/auth/challenge', { walletPubkey: this.wallet, type });
    const proof =
      type === 'message'
        ? { signature: base58(signMessage(this.keypair, new TextEncoder().encode(asked.challenge))) }
        : { signedTransaction: this.sign(asked.transaction) };
    const { token } = await this.request('POST', '/auth/verify', { type, walletPubkey: this.wallet, ...proof });
    this.#token = token;
  }

  /** One call with a session; signs in again where the session has ended. */
  async call(method, path, body, headers) {
    if (!this.#token) await this.authenticate();
    try {
      return await this.request(method, path, body, headers);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      await this.authenticate();
      return this.request(method, path, body, headers);
    }
  }

  /** Base64 in, base64 out. */
  sign(transaction) {
    const tx = VersionedTransaction.deserialize(Buffer.from(transaction, 'base64'));
    tx.sign([this.keypair]);
    return Buffer.from(tx.serialize()).toString('base64');
  }

  async vault() {
    try {
      return await this.call('GET', '/vault');
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      return this.call('GET', '/vault/register');
    }
  }

  craft({ inputMint, outputMint, amount }, headers) {
    return this.call(
      'POST',
      '/deposit/craft',
      { inputMint, outputMint, userAddress: this.wallet, amount, orderType: 'price', orderSubType: 'single' },
      headers,
    );
  }

  /** The body of POST /orders/price for a crafted deposit; posting it again is safe. */
  createBody(deposit, { inputMint, outputMint, amount, triggerMint, triggerCondition, triggerPriceUsd, slippageBps,
    expiresAt }) {
    return {
      orderType: 'single',
      depositRequestId: deposit.requestId,
      depositSignedTx: this.sign(deposit.transaction),
      userPubkey: this.wallet,
      inputMint,
      inputAmount: amount,
      outputMint,
      triggerMint,
      triggerCondition,
      triggerPriceUsd,
      ...(slippageBps === undefined ? {} : { slippageBps }),
      expiresAt,
    };
  }

  create(body, headers) {
    return this.call('POST', '/orders/price', body, headers);
  }

  /** Vault, deposit and order in one. */
  async placeOrder(terms, headers) {
    await this.vault();
    return this.create(this.createBody(await this.craft(terms), terms), headers);
  }

  order(id) {
    return this.call('GET', `/orders/price/${encodeURIComponent(id)}`);
  }

  orderByKey(key) {
    return this.call('GET', `/orders/price/by-key/${encodeURIComponent(key)}`);
  }

  history(query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    return this.call('GET', `/orders/history?${new URLSearchParams(given)}`);
  }

  /** Polls until orderState is one of `states`; the order as it is then. Throws where the time is over. */
  async waitFor(id, states, timeoutMs = 60_000, pollMs = 250) {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const order = await this.order(id);
      if (states.includes(order.orderState)) return order;
      if (Date.now() > until) throw new Error(`order ${id} is ${order.rawState} after ${timeoutMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}

async function main() {
  const text = { type: 'string' };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      base: text, key: text, 'api-key': text, hardware: { type: 'boolean' }, 'input-mint': text, 'output-mint': text,
      amount: text, 'trigger-mint': text, condition: text, price: text, 'slippage-bps': text, 'expires-in-s': text,
      'idempotency-key': text, state: text, states: text, limit: text, offset: text, sort: text, dir: text, mint: text,
      'timeout-s': text,
    },
  });
  const [command, argument] = positionals;
  if (command === 'new-key') {
    const fresh = Keypair.generate();
    writeFileSync(values.key, JSON.stringify([...fresh.secretKey]), { mode: 0o600, flag: 'wx' });
    return { wallet: fresh.publicKey.toBase58() };
  }
  const client = new Integrator({
    base: values.base,
    keypair: readKey(values.key),
    apiKey: values['api-key'],
    hardware: values.hardware,
  });
  switch (command) {
    case 'vault':
      return client.vault();
    case 'create':
      return client.placeOrder(
        {
          inputMint: values['input-mint'],
          outputMint: values['output-mint'],
          amount: values.amount,
          triggerMint: values['trigger-mint'],
          triggerCondition: values.condition,
          triggerPriceUsd: Number(values.price),
          slippageBps: values['slippage-bps'] === undefined ? undefined : Number(values['slippage-bps']),
          expiresAt: Date.now() + 1000 * Number(values['expires-in-s'] ?? 3600),
        },
        values['idempotency-key'] ? { 'idempotency-key': values['idempotency-key'] } : {},
      );
    case 'show':
      return client.order(argument);
    case 'by-key':
      return client.orderByKey(argument);
    case 'history': {
      const { state, limit, offset, sort, dir, mint } = values;
      return client.history({ state, limit, offset, sort, dir, mint });
    }
    case 'wait':
      return client.waitFor(argument, values.states.split(','), 1000 * Number(values['timeout-s'] ?? 60));
    default:
      throw new Error(`no such command: ${command}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(JSON.stringify(await main()));
  } catch (error) {
    console.log(JSON.stringify(error instanceof ApiError ? { status: error.status, body: error.body }
      : { error: error.message }));
    process.exitCode = 1;
  }
}
