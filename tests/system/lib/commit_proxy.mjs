// A proxy of PostgreSQL that knows what each COMMIT would make durable, so that it can break around those of a kind. To
// the client it looks the same whether the server never heard of it or its answer got lost.
import { Proxy } from './proxy.mjs';

const sslRequest = 80877103;
const gssRequest = 80877104;

/** What a statement of the services writes, from its text and its parameters; nothing for what only reads. */
const kinds = [
  [/insert into attempt [^]*'deposit'/, () => 'deposit'],
  [/insert into attempt /, (p) => p[3]],
  [/insert into deposit_request/, () => 'deposit_request'],
  [/insert into evidence/, () => 'decision'],
  [/set outcome = /, (p) => (p[1] === 'dead' ? 'certificate' : 'outcome')],
  [/set confirmed_slot = /, () => 'confirmation'],
  [/set input_used = /, () => 'fill'],
  [/set state = 'open'/, () => 'open'],
  [/set state = 'depositing'/, () => null],
  [/set state = /, () => 'move'],
  [/set lease_epoch = /, () => 'claim'],
  [/set lease_until = /, () => 'renewal'],
  [/set lease_holder = null/, () => 'release'],
];

/**
 * Cuts a byte stream of the frontend into messages, and tells which of them are a COMMIT and what it would make
 * durable.
 */
class FrontendMessages {
  #rest = Buffer.alloc(0);
  #started = false;
  #prepared = new Map();
  #writes = new Set();

  /**
   * Whole messages in `data` and what was kept of earlier data: [{bytes, writes}], `writes` only where it is a COMMIT.
   */
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
    return { bytes: this.#take(this.#rest.readUInt32BE(0)) };
  }

  #typed() {
    if (this.#rest.length < 5 || this.#rest.length < 1 + this.#rest.readUInt32BE(1)) return undefined;
    const bytes = this.#take(1 + this.#rest.readUInt32BE(1));
    const [first, second] = bytes.toString('latin1', 5).split('\0');
    switch (String.fromCharCode(bytes[0])) {
      case 'P':
        this.#prepared.set(first, kinds.find(([pattern]) => pattern.test(second))?.[1]);
        break;
      case 'B': {
        const kind = this.#prepared.get(second)?.(parametersOf(bytes, 5 + first.length + 1 + second.length + 1));
        if (kind) this.#writes.add(kind);
        break;
      }
      case 'Q':
        if (/^\s*commit/i.test(first)) {
          const writes = [...this.#writes];
          this.#writes.clear();
          return { bytes, writes };
        }
        if (/^\s*(begin|rollback)\b(?! *to)/i.test(first)) this.#writes.clear();
    }
    return { bytes };
  }
}

/** The parameters of a Bind message as text. */
function parametersOf(bytes, at) {
  at += 2 + 2 * bytes.readUInt16BE(at);
  const count = bytes.readUInt16BE(at);
  at += 2;
  return Array.from({ length: count }, () => {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return bytes.toString('latin1', at - length, at);
  });
}

/** As `Proxy.start`, with the fate of each COMMIT that writes something decided by `decide(writes)`. */
export function commitProxy(targetPort, decide, options = {}) {
  return Proxy.start(targetPort, {
    ...options,
    inspect: () => {
      const messages = new FrontendMessages();
      return (data) => messages.push(data).map(({ bytes, writes = [] }) =>
        ({ bytes, fate: writes.length > 0 ? decide(writes) : undefined }));
    },
  });
}
