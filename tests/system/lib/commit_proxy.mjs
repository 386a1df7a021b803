// A line to PostgreSQL that can break around a COMMIT: before the server hears of it, or before its answer comes back. To the client
// both look the same.
import { connect, createServer } from 'node:net';

const sslRequest = 80877103;
const gssRequest = 80877104;

/** What a statement of the executor writes; nothing for what only reads. */
const kinds = [
  ['attempt', /insert into attempt/],
  ['outcome', /set outcome = /],
  ['confirmation', /set confirmed_slot = /],
  ['fill', /set input_used = /],
  ['move', /set state = /],
  ['claim', /set lease_epoch = /],
  ['renewal', /set lease_until = /],
  ['release', /set lease_holder = null/],
];
const kindOf = (sql) => kinds.find(([, pattern]) => pattern.test(sql))?.[0];

/** Cuts a byte stream of the frontend into messages, and tells which of them are a COMMIT and what it would make durable. */
class FrontendMessages {
  #rest = Buffer.alloc(0);
  #started = false;
  #prepared = new Map();
  #writes = new Set();

  /** Whole messages in `data` and what was kept of earlier data: [{bytes, isCommit}]. */
  push(data) {
    this.#rest = Buffer.concat([this.#rest, data]);
    const messages = [];
    for (;;) {
      const message = this.#started ? this.#typed() : this.#startup();
      if (!message) return messages;
      messages.push(message);
    }
  }

  #take(length) {
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return bytes;
  }

  #startup() {
    if (this.#rest.length < 8 || this.#rest.length < this.#rest.readUInt32BE(0)) return undefined;
    const code = this.#rest.readUInt32BE(4);
    this.#started = code !== sslRequest && code !== gssRequest;
    return { bytes: this.#take(this.#rest.readUInt32BE(0)), isCommit: false };
  }

  #typed() {
    if (this.#rest.length < 5 || this.#rest.length < 1 + this.#rest.readUInt32BE(1)) return undefined;
    const bytes = this.#take(1 + this.#rest.readUInt32BE(1));
    const [first, second] = bytes.toString('latin1', 5).split('\0');
    switch (String.fromCharCode(bytes[0])) {
      case 'P':
        this.#prepared.set(first, kindOf(second));
        break;
      case 'B':
        if (this.#prepared.get(second)) this.#writes.add(this.#prepared.get(second));
        break;
      case 'Q':
        if (/^\s*commit/i.test(first)) {
          const writes = [...this.#writes];
          this.#writes.clear();
          return { bytes, isCommit: true, writes };
        }
        if (/^\s*(begin|rollback)\b(?! *to)/i.test(first)) this.#writes.clear();
    }
    return { bytes, isCommit: false };
  }
}

export class CommitProxy {
  /** How often each kind of write was in a COMMIT that was {passed, lost, cut}: lost was committed without an answer, cut never arrived. */
  counts = { passed: {}, lost: {}, cut: {} };
  /** What becomes of the next COMMIT of these writes: 'passed' | 'lost' | 'cut'. */
  decide = () => 'passed';
  #server;
  #sockets = new Set();

  static async start(port, serverPort) {
    const proxy = new CommitProxy();
    proxy.#server = createServer((client) => proxy.#serve(client, serverPort));
    await new Promise((resolve, reject) => proxy.#server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return proxy;
  }

  stop() {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(client, serverPort) {
    const server = connect(serverPort, '127.0.0.1');
    const messages = new FrontendMessages();
    let losing = false;
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end).on('close', () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    client.on('data', (data) => {
      for (const { bytes, isCommit, writes } of messages.push(data)) {
        if (isCommit) {
          const fate = this.decide(writes);
          for (const kind of writes) this.counts[fate][kind] = (this.counts[fate][kind] ?? 0) + 1;
          if (fate === 'cut') return end();
          losing = fate === 'lost';
        }
        server.write(bytes);
      }
    });
    server.on('data', (data) => {
      if (losing) return end();
      client.write(data);
    });
  }
}
