import { Call, requireAddress, requireCommitment, requireSignature } from './call.mjs';
import { encodeAccount } from './encoding.mjs';
import { invalidParams, RpcError } from './errors.mjs';

let nextSubscription = 1;
const maxSubscriptions = 10_000;

/** The subscriptions of one WebSocket connection. `notify(method, subscription, result)` sends one event. */
export class Subscriptions {
  #chain;
  #world;
  #notify;
  #active = new Map();
  #listeners;

  constructor({ world, notify }) {
    this.#chain = world.chain;
    this.#world = world;
    this.#notify = notify;
    this.#listeners = {
      block: (block) => this.#each((s) => s.onBlock?.(block)),
      fork: (fork) => this.#each((s) => s.onFork?.(fork)),
      received: (transaction) => this.#each((s) => s.onReceived?.(transaction)),
    };
    for (const [event, listener] of Object.entries(this.#listeners)) this.#chain.on(event, listener);
  }

  close() {
    for (const [event, listener] of Object.entries(this.#listeners)) this.#chain.off(event, listener);
    this.#active.clear();
  }

  /**
   * Answers a request; the answer has to be on its way before the first event, so `after` is run by the caller once it
   * is.
   */
  handle(method, params) {
    if (method.endsWith('Unsubscribe')) {
      if (!this.#active.delete(params[0])) throw invalidParams('Invalid subscription id.');
      return { result: true };
    }
    const make = makers[method];
    if (!make) throw new RpcError(-32601, 'Method not found');
    if (this.#active.size >= maxSubscriptions) throw new RpcError(-32603, 'too many subscriptions on this connection');
    const id = nextSubscription++;
    const event = method.replace('Subscribe', 'Notification');
    const subscription = make(this.#world, params, {
      send: (result) => this.#notify(event, id, result),
      end: () => this.#active.delete(id),
    });
    this.#active.set(id, subscription);
    return { result: id, after: () => subscription.onStart?.() };
  }

  #each(act) {
    for (const subscription of [...this.#active.values()]) act(subscription);
  }
}

/** What this endpoint sees right now, through the faults that stand on it. */
function look(world, method) {
  return new Call({ ...world, method, params: [] });
}

const makers = {
  signatureSubscribe(world, params, { send, end }) {
    const signature = requireSignature(params[0]);
    const commitment = requireCommitment(params[1]?.commitment, 'finalized');
    const check = () => {
      const call = look(world, 'signatureSubscribe');
      const record = call.record(signature);
      const bank = world.chain.at(commitment, call.lagSlots);
      if (!record || record.height > bank.height || call.denies(signature)) return;
      end();
      send({ context: { slot: bank.slot }, value: { err: record.err } });
    };
    const onReceived = (transaction) => {
      if (transaction.signature === signature)
        send({ context: { slot: world.chain.tip.slot }, value: 'receivedSignature' });
    };
    return { onStart: check, onBlock: check, onReceived: params[1]?.enableReceivedNotification ? onReceived
      : undefined };
  },

  accountSubscribe(world, params, { send }) {
    const address = requireAddress(params[0]);
    const config = { encoding: 'binary', ...params[1] };
    const commitment = requireCommitment(config.commitment, 'finalized');
    return watcher(world, commitment, 'accountSubscribe', (bank, changed) => {
      if (!changed(address)) return;
      const account = world.chain.account(address, bank.height) ?? gone;
      send({ context: { slot: bank.slot },
        value: encodeAccount(account, config, (mint) => world.chain.account(mint, bank.height)) });
    });
  },

  programSubscribe(world, params, { send }) {
    const program = requireAddress(params[0]);
    const config = { encoding: 'binary', ...params[1] };
    const commitment = requireCommitment(config.commitment, 'finalized');
    return watcher(world, commitment, 'programSubscribe', (bank, _changed, addresses) => {
      for (const pubkey of addresses()) {
        const account = world.chain.account(pubkey, bank.height);
        if (account?.owner !== program) continue;
        send({ context: { slot: bank.slot }, value: {
          pubkey, account: encodeAccount(account, config, (mint) => world.chain.account(mint, bank.height)) } });
      }
    });
  },

  logsSubscribe(world, params, { send }) {
    const mentions = params[0]?.mentions?.map(requireAddress);
    if (!mentions && params[0] !== 'all' && params[0] !== 'allWithVotes')
      throw invalidParams('Invalid params: the filter must be all, allWithVotes or mentions');
    const commitment = requireCommitment(params[1]?.commitment, 'finalized');
    let reached = world.chain.at(commitment).height;
    return {
      onBlock() {
        const bank = world.chain.at(commitment, look(world, 'logsSubscribe').lagSlots);
        for (; reached < bank.height; reached++) {
          const block = world.chain.block(reached + 1);
          for (const record of block.records) {
            if (mentions && !mentions.some((m) => record.keys.includes(m))) continue;
            send({ context: { slot: block.slot },
              value: { signature: record.signature, err: record.err, logs: record.logs } });
          }
        }
      },
      onFork() {
        reached = Math.min(reached, world.chain.at(commitment).height);
      },
    };
  },

  slotSubscribe(world, _params, { send }) {
    return { onBlock: (block) =>
      send({ parent: block.parentSlot, root: world.chain.at('finalized').slot, slot: block.slot }) };
  },

  rootSubscribe(world, _params, { send }) {
    let reached = world.chain.at('finalized').height;
    return {
      onBlock() {
        for (const root = world.chain.at('finalized').height; reached < root; reached++)
          send(world.chain.block(reached + 1).slot);
      },
    };
  },
};

const gone = { lamports: 0n, data: new Uint8Array(), owner: '11111111111111111111111111111111', executable: false };

/** Follows one commitment block by block; `report(bank, changed, addresses)` asks what changed since the last time. */
function watcher(world, commitment, method, report) {
  let reached = world.chain.at(commitment).height;
  return {
    onBlock() {
      const bank = world.chain.at(commitment, look(world, method).lagSlots);
      if (bank.height <= reached) return;
      const from = reached;
      reached = bank.height;
      const addresses = () => {
        const found = new Set();
        for (let height = from + 1; height <= bank.height; height++)
          for (const a of world.chain.accountsChangedIn(height)) found.add(a);
        return found;
      };
      report(bank, (address) => world.chain.accountChanged(address, from, bank.height), addresses);
    },
    onFork({ addresses }) {
      const bank = world.chain.at(commitment);
      if (bank.height >= reached) return;
      reached = bank.height;
      report(bank, (address) => addresses.has(address), () => addresses);
    },
  };
}

