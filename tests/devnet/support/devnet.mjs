import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { web3, spl } from '../../../devnet/clients.mjs';
import { reservePorts } from '../../support/ports.mjs';

const main = fileURLToPath(new URL('../../../devnet/main.mjs', import.meta.url));
// Files run side by side, tests in a file one after the other.
const base = await reservePorts();

export const mints = {
  SOL: 'So11111111111111111111111111111111111111112',
  USDC: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
  JUP: 'JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN',
};
export const feeds = {
  SOL: 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d',
  USDC: 'eaa020c61cc479712813461ce153894a96a6c00b21ed0cfc2798d1f9a9e9c94a',
};

/** Starts a devnet of the test's own and stops it when the test ends. */
export async function startDevnet(t, args = []) {
  const child = spawn(process.execPath, [main, '--port-base', String(base), '--seed', '1', '--stop-with-stdin', '1',
    ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const devnet = new Devnet(base);
  devnet.stop = async () => {
    await devnet.stand();
    devnet.closeConnections();
    child.kill('SIGTERM');
    await ended;
  };
  t.after(devnet.stop);
  await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        output += data;
        if (stream === child.stderr) process.stderr.write(data);
        if (/^devnet ready on /m.test(output)) resolve();
      });
    }
    child.on('exit', (code) => reject(new Error(`devnet ended with ${code}: ${output}`)));
  });
  return devnet;
}

/**
 * As `startDevnet`; a block comes whenever this process gets round to it, so that on a slow machine a blockhash lives
 * as long as on a fast one.
 */
export async function startMovingDevnet(t) {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  devnet.move();
  return devnet;
}

export class Devnet {
  #connections = [];
  #moves = false;
  #moving = null;

  constructor(base) {
    this.base = base;
    this.connection = this.connectionTo(0);
  }

  url(offset, path = '') {
    return `http://127.0.0.1:${this.base + offset}${path}`;
  }

  ws(offset, path = '') {
    return `ws://127.0.0.1:${this.base + offset}${path}`;
  }

  connectionTo(node, commitment = 'confirmed') {
    const connection = new web3.Connection(this.url(10 + node),
      { commitment, wsEndpoint: this.ws(10 + node), disableRetryOnRateLimit: true });
    this.#connections.push(connection);
    return connection;
  }

  /** Once it has subscribed, a Connection keeps trying to reach its endpoint for as long as the process lives. */
  closeConnections() {
    for (const { _rpcWebSocket: socket } of this.#connections) {
      socket.setAutoReconnect?.(false);
      socket.reconnect = false;
      socket.close();
    }
  }

  /** Raw JSON-RPC, the whole answer. */
  async rpc(method, params = [], node = 0) {
    const response = await fetch(this.url(10 + node),
      { method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
    return response.json();
  }

  async result(method, params = [], node = 0) {
    const answer = await this.rpc(method, params, node);
    if (answer.error) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
    return answer.result;
  }

  async control(path, body) {
    const response = await fetch(this.url(19, path), body === undefined ? {}
      : { method: 'POST', body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Block after block from now on, until it shall stand. */
  move() {
    this.#moves = true;
    const blocks = async () => {
      while (this.#moves) {
        await this.advance(1);
        await pause(10);
      }
    };
    // What ends the devnet ends the test by itself.
    this.#moving = blocks().catch(() => {});
  }

  async stand() {
    this.#moves = false;
    await this.#moving;
  }

  advance(blocks) {
    return this.control('/slots', { advance: blocks });
  }

  fault(target, fault, more = {}) {
    return this.control('/faults', { target, fault, ...more });
  }

  async clearFaults() {
    await fetch(this.url(19, '/faults'), { method: 'DELETE' });
  }

  async fundedKey(lamports = 10_000_000_000) {
    const key = web3.Keypair.generate();
    await this.control('/airdrop', { to: key.publicKey.toBase58(), lamports });
    return key;
  }

  async status(signature, node = 0, search = false) {
    return (await this.result('getSignatureStatuses', [[signature], { searchTransactionHistory: search }], node)).value[
      0];
  }

  /** A signed transfer over the newest blockhash; `lamports` tells transfers apart. */
  async transfer(from, lamports = 1_000_000, to = web3.Keypair.generate().publicKey, commitment = 'processed') {
    const { blockhash, lastValidBlockHeight } = (await this.result('getLatestBlockhash', [{ commitment }])).value;
    const transaction = sign([from], blockhash,
      [web3.SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: to, lamports })]);
    return { ...transaction, to, blockhash, lastValidBlockHeight };
  }

  /** The answer of sendTransaction, without preflight unless asked for. */
  async send(bytes, config = {}, node = 0) {
    return this.rpc('sendTransaction',
      [Buffer.from(bytes).toString('base64'), { encoding: 'base64', skipPreflight: true, ...config }], node);
  }

  async tokenAmount(owner, mint, commitment = 'processed') {
    const account = spl.getAssociatedTokenAddressSync(new web3.PublicKey(mint), new web3.PublicKey(owner), true);
    const answer = await this.rpc('getTokenAccountBalance', [account.toBase58(), { commitment }]);
    return answer.error ? null : BigInt(answer.result.value.amount);
  }
}

export function sign(signers, blockhash, instructions) {
  const message = new web3.TransactionMessage({ payerKey: signers[0].publicKey, recentBlockhash: blockhash,
    instructions }).compileToV0Message();
  const transaction = new web3.VersionedTransaction(message);
  transaction.sign(signers);
  return { bytes: transaction.serialize(), signature: base58(transaction.signatures[0]) };
}

function base58(bytes) {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (; value > 0n; value /= 58n) text = alphabet[Number(value % 58n)] + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = `1${text}`;
  }
  return text;
}

/** `call(signal)` is carried out, as `done` sees, and is not answered even then. */
export async function unanswered(devnet, call, done) {
  const end = new AbortController();
  const answer = call(end.signal);
  answer.catch(() => {});
  await until('it is done', done);
  // Whatever was answered together with what `done` has seen is here before this.
  await devnet.control('/state');
  end.abort();
  await assert.rejects(answer, { name: 'AbortError' });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until `probe` gives something. The deadline only ends a hang. */
export async function until(what, probe, deadlineMs = 60_000) {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await pause(5);
  }
}
