// A TCP proxy between a service and what it talks to, on a port of its own, that breaks in the ways a connection can
// break.
import { connect, createServer } from 'node:net';
import { Random } from '../../../devnet/random.mjs';

/** The directions of a proxy: `up` is what the service sends, `down` what it is answered. */
export const ways = ['up', 'down'];

/**
 * What a fault does with the bytes of a way that it holds for:
 *   latency  each piece comes later by `ms` and up to `jitterMs` more, drawn from the seed
 *   reset    the next piece ends the connection with RST, at both ends
 *   swallow  taken and acknowledged, never delivered, and no sign of it: half-open, and dead for good
 *   cut      each connection carries so many bytes more, 0 to `maxBytes`, drawn from the seed, and ends
 *   drip     `bytes` at a time, every `everyMs`
 */
const faults = {
  latency: { ms: 150, jitterMs: 150 },
  reset: {},
  swallow: {},
  cut: { maxBytes: 1500 },
  drip: { bytes: 64, everyMs: 10 },
};
export const faultKinds = Object.keys(faults);

/** Bytes under way in one direction of one connection; in order, whatever delays them. */
class Pipe {
  #to;
  #ending;
  #queue = [];
  #sending = false;
  /** Swallowed once: what is missing makes the rest worthless. */
  dead = false;
  /** The bytes that a cut still lets through; drawn at the first piece that it meets. */
  allowance = null;

  constructor(to) {
    this.#to = to;
  }

  /** Delivers in pieces of `size`, each `delayMs` after the one before. */
  async send(data, delayMs = 0, size = data.length) {
    for (let at = 0; at < data.length; at += size) this.#queue.push({ bytes: data.subarray(at, at + size), delayMs });
    if (this.#sending) return;
    this.#sending = true;
    while (this.#queue.length > 0) {
      const next = this.#queue.shift();
      if (next.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, next.delayMs));
      if (this.#to.destroyed) break;
      this.#to.write(next.bytes);
    }
    this.#sending = false;
    this.#ending?.();
  }

  /** The sender is done: so is the receiver, after what is under way. */
  end() {
    if (this.dead) return;
    this.#ending = () => this.#to.end();
    if (!this.#sending) this.#ending();
  }
}

export class Proxy {
  /** Where new connections go; may be set to another port at any time. */
  targetPort;
  port;
  /** How often each fault did something, `way.kind` → count. */
  struck = {};
  #faults = { up: null, down: null };
  #server;
  #connections = new Set();
  #random;
  #inspect;

  /**
   * `inspect(connection)` may return a function that cuts what is sent up into [{bytes, fate}]: fate is nothing, or
   * 'cut' (it never arrives, the connection ends), 'lost' (it arrives, its answer never does, the connection ends) or a
   * number (it arrives so many ms later).
   */
  static async start(targetPort, { seed = 1, inspect = () => null } = {}) {
    const proxy = new Proxy();
    proxy.targetPort = targetPort;
    proxy.#random = new Random(seed);
    proxy.#inspect = inspect;
    proxy.#server = createServer({ allowHalfOpen: true }, (client) => proxy.#serve(client));
    await new Promise((resolve, reject) => proxy.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
    proxy.port = proxy.#server.address().port;
    return proxy;
  }

  stop() {
    this.end();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  /** `fault` is {kind, …} with the numbers of `faults` unless given; `over` the way, or both. */
  break(fault, over = ways) {
    for (const way of [].concat(over)) this.#faults[way] = { ...faults[fault.kind], ...fault };
    for (const { pipes } of this.#connections) for (const way of ways) pipes[way].allowance = null;
  }

  /** Whole again. Connections that were swallowed into stay as dead as they are. */
  mend() {
    this.#faults = { up: null, down: null };
  }

  /** Ends every connection there is. */
  end() {
    for (const connection of this.#connections) connection.end();
  }

  get connections() {
    return this.#connections.size;
  }

  #serve(client) {
    const server = connect({ port: this.targetPort, host: '127.0.0.1', allowHalfOpen: true });
    const pipes = { up: new Pipe(server), down: new Pipe(client) };
    const close = (how) => {
      client[how]();
      server[how]();
      this.#connections.delete(connection);
    };
    const connection = { pipes, losing: false, end: () => close('destroy'), reset: () => close('resetAndDestroy') };
    this.#connections.add(connection);
    const pieces = this.#inspect(connection) ?? ((bytes) => [{ bytes }]);
    for (const [socket, pipe] of [[client, pipes.up], [server, pipes.down]]) {
      // A proxy that has swallowed something reports the end of one side to the other no more.
      socket.setNoDelay(true).on('error', () => {}).on('end', () => pipe.end()).on('close',
        () => pipes.up.dead || pipes.down.dead || connection.end());
    }
    client.on('data', (data) => {
      for (const { bytes, fate } of pieces(data)) {
        if (fate === 'cut') return connection.end();
        connection.losing ||= fate === 'lost';
        this.#carry(connection, 'up', bytes, typeof fate === 'number' ? fate : 0);
      }
    });
    server.on('data', (data) => (connection.losing ? connection.end() : this.#carry(connection, 'down', data, 0)));
  }

  #carry(connection, way, data, delayMs) {
    const pipe = connection.pipes[way];
    if (pipe.dead) return;
    const fault = this.#faults[way];
    if (fault) this.struck[`${way}.${fault.kind}`] = (this.struck[`${way}.${fault.kind}`] ?? 0) + 1;
    switch (fault?.kind) {
      case undefined:
        return void pipe.send(data, delayMs);
      case 'latency':
        return void pipe.send(data, delayMs + fault.ms + this.#random.next() * fault.jitterMs);
      case 'reset':
        return connection.reset();
      case 'swallow':
        pipe.dead = true;
        return;
      case 'cut':
        pipe.allowance ??= Math.floor(this.#random.next() * (fault.maxBytes + 1));
        if (data.length < pipe.allowance) {
          pipe.allowance -= data.length;
          return void pipe.send(data, delayMs);
        }
        pipe.send(data.subarray(0, pipe.allowance), delayMs).then(() => connection.end());
        return;
      case 'drip':
        return void pipe.send(data, fault.everyMs, fault.bytes);
      default:
        throw new Error(`no such fault of a proxy: ${fault.kind}`);
    }
  }
}
