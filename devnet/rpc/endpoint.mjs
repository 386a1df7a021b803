import { WebSocketServer } from 'ws';
import { numberParam } from '../faults.mjs';
import { Service, send } from '../http.mjs';
import { parseJson, stringifyJson } from '../json.mjs';
import { FaultyStream } from '../stream-faults.mjs';
import { accountMethods } from './accounts.mjs';
import { Call } from './call.mjs';
import { clusterMethods } from './cluster.mjs';
import { RpcError } from './errors.mjs';
import { Subscriptions } from './subscriptions.mjs';
import { decodeTransaction, transactionMethods } from './transactions.mjs';

const methods = { ...clusterMethods, ...accountMethods, ...transactionMethods };
const maxBatch = 1000;
const maxSocketMessageBytes = 1 << 20;

/**
 * One Solana JSON-RPC endpoint, HTTP and WebSocket on the same port. Several may stand over one chain, each with its
 * own faults.
 */
export class RpcEndpoint {
  #world;
  #faults;
  #node;
  #witness;
  #sockets = new WebSocketServer({ noServer: true, maxPayload: maxSocketMessageBytes });
  service;

  constructor({ node, port, chain, history, treasury, faults, witness = null }) {
    this.#node = node;
    this.#witness = witness;
    this.#faults = faults;
    this.#world = { node, chain, history, treasury, faults };
    this.service = new Service({
      port,
      target: node,
      faults,
      methodOf: (request) => methodIn(request.text) ?? request.path,
      handle: (request) => this.#answer(request),
      arrived: witness && ((text) => this.#showWitness(text)),
      onUpgrade: (request, socket, head) => this.#sockets.handleUpgrade(request, socket, head,
        (ws) => this.#connected(ws)),
    });
    faults.onSet((fault) => this.#faultSet(fault));
  }

  #faultSet(fault) {
    if (fault.target !== this.#node) return;
    if (fault.fault === 'forget') fault.params.upToHeight ??= this.#world.chain.tip.height;
    if (fault.fault === 'fork') {
      const undone = this.#world.chain.fork(numberParam(fault, ['blocks', 'n'], 1),
        { replay: fault.params.replay === true });
      fault.params.undone = undone.length;
      this.#faults.use(fault);
      this.#faults.remove(fault);
    }
    // Closing what is open is all of it, unless it sets how often to close what comes later.
    if (fault.fault === 'disconnect' && fault.remaining === null && fault.probability === 1) {
      this.#faults.use(fault);
      this.#faults.remove(fault);
    }
  }

  /** What is sent, to the witness, before anything else is done with it. */
  async #showWitness(text) {
    if (!text.includes('sendTransaction')) return;
    let request;
    try {
      request = parseJson(text);
    } catch {
      return;
    }
    const transactions = [request].flat().map(transactionIn).filter(Boolean);
    await Promise.all(transactions.map((transaction) => this.#witness.arrives(transaction, this.#node)));
  }

  async #answer({ method, path, text, response }) {
    if (method === 'GET' && path === '/health') {
      response.end('ok');
      return undefined;
    }
    if (method !== 'POST') {
      send(response, 405, { error: 'Used HTTP Method is not allowed. POST or OPTIONS is required' });
      return undefined;
    }
    let request;
    try {
      request = parseJson(text);
    } catch {
      return failure(null, -32700, 'Parse error');
    }
    if (!Array.isArray(request)) return this.#one(request);
    if (request.length === 0 || request.length > maxBatch) return failure(null, -32600, 'Invalid request');
    return Promise.all(request.map((item) => this.#one(item)));
  }

  async #one(request) {
    const id = request?.id ?? null;
    if (typeof request?.method !== 'string' || (request.params !== undefined && !Array.isArray(request.params)))
      return failure(id, -32600, 'Invalid request');
    const fault = this.#faults.strikes(this.#node, 'error', request.method, (f) => f.params.code !== undefined);
    if (fault) return failure(id, numberParam(fault, ['code'], -32603), fault.params.message ?? 'fault set by control',
      fault.params.data);
    const act = Object.hasOwn(methods, request.method) ? methods[request.method] : null;
    if (!act) return failure(id, -32601, 'Method not found');
    try {
      const call = new Call({ ...this.#world, method: request.method, params: request.params ?? [] });
      return { jsonrpc: '2.0', result: await act(call), id };
    } catch (problem) {
      return this.#problem(id, problem, request.method);
    }
  }

  #problem(id, problem, method) {
    if (problem instanceof RpcError) return failure(id, problem.code, problem.message, problem.data);
    console.error(`devnet: ${this.#node} ${method}: ${problem.stack}`);
    return failure(id, -32603, `Internal error: ${problem.message}`);
  }

  #connected(ws) {
    const stream = new FaultyStream({ faults: this.#faults, target: this.#node, write: (text) => ws.send(text),
      close: () => ws.terminate() });
    const subscriptions = new Subscriptions({
      world: this.#world,
      notify: (method, subscription, result) =>
        stream.send(stringifyJson({ jsonrpc: '2.0', method, params: { result, subscription } }), method),
    });
    ws.on('close', () => subscriptions.close());
    ws.on('error', () => ws.terminate());
    ws.on('message', async (data) => {
      if (this.#witness) await this.#showWitness(data.toString());
      let request;
      try {
        request = parseJson(data.toString());
      } catch {
        return ws.send(stringifyJson(failure(null, -32700, 'Parse error')));
      }
      const answer = await this.#socketAnswer(subscriptions, request);
      if (ws.readyState !== ws.OPEN || this.#faults.standing(this.#node, 'silent')) return undefined;
      ws.send(stringifyJson(answer.body));
      return answer.after?.();
    });
  }

  async #socketAnswer(subscriptions, request) {
    const id = request?.id ?? null;
    if (typeof request?.method !== 'string') return { body: failure(id, -32600, 'Invalid request') };
    if (!/(Subscribe|Unsubscribe)$/.test(request.method)) return { body: await this.#one(request) };
    try {
      const { result, after } = subscriptions.handle(request.method, request.params ?? []);
      return { body: { jsonrpc: '2.0', result, id }, after };
    } catch (problem) {
      return { body: this.#problem(id, problem, request.method) };
    }
  }
}

function failure(id, code, message, data) {
  return { jsonrpc: '2.0', error: data === undefined ? { code, message } : { code, message, data }, id };
}

/** The transaction that a request sends; undefined where it sends none that can be read. */
function transactionIn(request) {
  if (request?.method !== 'sendTransaction' || !Array.isArray(request.params)) return undefined;
  try {
    return decodeTransaction(request.params[0], request.params[1]?.encoding ?? 'base58');
  } catch {
    return undefined;
  }
}

/** The method a fault's filter is compared with; of a batch, the first. */
function methodIn(text) {
  return /"method"\s*:\s*"([A-Za-z]+)"/.exec(text)?.[1];
}
