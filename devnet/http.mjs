import { createServer } from 'node:http';
import { numberParam } from './faults.mjs';
import { parseJson, stringifyJson } from './json.mjs';

const maxBodyBytes = 1 << 20;

/** What a handler throws to answer with this status and body. */
export class HttpError extends Error {
  constructor(status, body, headers = {}) {
    super(typeof body === 'string' ? body : stringifyJson(body));
    this.status = status;
    this.body = typeof body === 'string' ? { error: body } : body;
    this.headers = headers;
  }
}

/**
 * One listening port with the faults every HTTP service shares. `handle({ method, path, query, body, headers, raw,
 * response })` returns the JSON to answer with, or undefined where it has taken the response over.
 */
export class Service {
  #server;
  #sockets = new Set();
  #handle;
  #methodOf;
  #arrived;
  #down = false;
  requests = 0;

  /**
   * `methodOf(request)` names what a fault's `method` is compared with; the path by default. `arrived(text)` sees every
   * body before any fault.
   */
  constructor({ port, target = null, faults = null, handle, onUpgrade = null, methodOf = null, arrived = null }) {
    this.port = port;
    this.target = target;
    this.faults = faults;
    this.#handle = handle;
    this.#arrived = arrived;
    this.#methodOf = methodOf ?? ((request) => request.path);
    this.#server = createServer((raw, response) => this.#serve(raw, response));
    this.#server.keepAliveTimeout = 65_000;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => this.#sockets.delete(socket));
      if (this.#down) socket.destroy();
    });
    if (onUpgrade) this.#server.on('upgrade', onUpgrade);
    faults?.onSet((fault) => {
      if (fault.target !== target) return;
      if (fault.fault === 'refuse') this.#refuse();
      if (fault.fault === 'disconnect') this.dropConnections();
    });
    faults?.onClear((gone) => {
      if (this.#down && gone.some((f) => f.target === target && f.fault === 'refuse')) this.#reopen();
    });
  }

  listen() {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  close() {
    this.dropConnections();
    this.#server.close();
  }

  dropConnections() {
    for (const socket of this.#sockets) socket.destroy();
  }

  #refuse() {
    if (this.#down) return;
    this.#down = true;
    this.#server.close();
    this.dropConnections();
  }

  #reopen() {
    this.#down = false;
    this.listen().catch((problem) =>
      console.error(`devnet: port ${this.port} does not open again: ${problem.message}`));
  }

  async #serve(raw, response) {
    this.requests++;
    response.on('error', () => {});
    try {
      const url = new URL(raw.url, 'http://localhost');
      const text = await readBody(raw);
      await this.#arrived?.(text);
      const request = { method: raw.method, path: url.pathname, query: url.searchParams, headers: raw.headers, text,
        raw, response };
      const name = this.#methodOf(request);
      if (await this.#faultBefore(name, response)) return;
      const answer = await this.#handle(request);
      if (answer === undefined) return;
      if (this.#strikes('timeout', name)) return;
      send(response, 200, answer);
    } catch (problem) {
      // The caller has hung up, or control has cut the connection.
      if (response.headersSent || response.destroyed || raw.socket.destroyed) return response.destroy();
      if (problem instanceof HttpError) return send(response, problem.status, problem.body, problem.headers);
      console.error(`devnet: ${raw.method} ${raw.url}: ${problem.stack}`);
      send(response, 500, { error: `internal error: ${problem.message}` });
    }
  }

  #strikes(kind, name, accept) {
    return this.faults?.strikes(this.target, kind, name, accept);
  }

  /** True where the fault has answered, or never will. */
  async #faultBefore(name, response) {
    if (!this.faults) return false;
    const delay = this.#strikes('delay_ms', name);
    if (delay) await new Promise((resolve) => setTimeout(resolve, numberParam(delay, ['ms', 'delay_ms'], 1000)));
    const limit = this.#strikes('rate_limit', name, aboveItsRate);
    if (limit) {
      const seconds = numberParam(limit, ['retry_after_s'], 1);
      send(response, 429, { error: 'Too many requests' }, { 'retry-after': String(seconds) });
      return true;
    }
    // An error with a code is JSON-RPC's and is answered where the request's id is known.
    const error = this.#strikes('error', name, (f) => f.params.code === undefined || f.params.status !== undefined);
    if (error) {
      send(response, numberParam(error, ['status'], 500), error.params.body ??
        { error: error.params.message ?? 'fault set by control' });
      return true;
    }
    if (this.#strikes('garbage', name)) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"jsonrpc":"2.0","result":{"conte\u0000\ufffd<html>');
      return true;
    }
    const isSend = name === 'sendTransaction';
    if (!isSend && this.#strikes('drop', name)) {
      response.destroy();
      return true;
    }
    return false;
  }
}

/** With `per_second` the fault lets so many through in any second that ends now, and strikes the rest. */
function aboveItsRate(fault) {
  const perSecond = numberParam(fault, ['per_second'], 0);
  if (perSecond === 0) return true;
  const now = performance.now();
  fault.taken = (fault.taken ?? []).filter((at) => at > now - 1000);
  if (fault.taken.length >= perSecond) return true;
  fault.taken.push(now);
  return false;
}

export function send(response, status, body, headers = {}) {
  if (response.destroyed) return;
  const text = stringifyJson(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text),
    ...headers });
  response.end(text);
}

/** The request's body as an object, or a 400. */
export function jsonBody(request) {
  let body;
  try {
    body = parseJson(request.text);
  } catch {
    throw new HttpError(400, 'the body is no JSON');
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body))
    throw new HttpError(400, 'the body must be a JSON object');
  return body;
}

async function readBody(raw) {
  const chunks = [];
  let size = 0;
  for await (const chunk of raw) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new HttpError(413, 'the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
