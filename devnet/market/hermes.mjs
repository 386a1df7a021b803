import { WebSocketServer } from 'ws';
import { HttpError, Service } from '../http.mjs';
import { FaultyStream } from '../stream-faults.mjs';
import { parsePrice, priceScale } from './prices.mjs';

const defaultConfBps = 5n;
const maxSocketMessageBytes = 1 << 20;
const one = 10n ** BigInt(priceScale);

/** The price service: latest prices, a stream of server-sent events and a WebSocket, in the shapes of Hermes. */
export class Hermes {
  #chain;
  #prices;
  #faults;
  #streams = new Set(); // { ids, push(updates), keepAlive(), close() }
  #sockets = new WebSocketServer({ noServer: true, maxPayload: maxSocketMessageBytes });
  #stale = new WeakMap();
  #timers = [];
  #lastPublish = new Map();
  service;

  constructor({ port, chain, prices, faults, intervalMs, keepAliveMs }) {
    this.#chain = chain;
    this.#prices = prices;
    this.#faults = faults;
    this.service = new Service({
      port,
      target: 'prices',
      faults,
      handle: (request) => this.#answer(request),
      onUpgrade: (request, socket, head) => {
        if (new URL(request.url, 'http://localhost').pathname !== '/ws') return socket.destroy();
        return this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#connected(ws));
      },
    });
    faults.onSet((fault) => {
      if (fault.target !== 'prices') return;
      if (fault.fault === 'stale_price')
        this.#stale.set(fault,
        new Map(prices.entries().map((e) => [e.token.mint, { scaled: e.scaled, at: Date.now() }])));
      if (fault.fault === 'disconnect' && fault.remaining === null && fault.probability === 1) {
        faults.use(fault);
        faults.remove(fault);
      }
    });
    // A changed price goes out at once; the interval repeats it.
    prices.on('price', (mint) => this.#publish([prices.entry(mint)]));
    this.#timers.push(setInterval(() => this.#publish(prices.entries()), intervalMs));
    this.#timers.push(setInterval(() => this.#keepAlive(), keepAliveMs));
  }

  close() {
    for (const timer of this.#timers) clearInterval(timer);
    this.service.close();
  }

  #answer(request) {
    if (request.method !== 'GET') throw new HttpError(405, 'only GET is allowed');
    switch (request.path) {
      case '/live':
        return 'OK';
      case '/v2/price_feeds':
        return this.#feeds(request.query);
      case '/v2/updates/price/latest': {
        const wanted = this.#wanted(request.query);
        return this.#body(wanted.map((entry) => this.#update(entry)), request.query);
      }
      case '/v2/updates/price/stream':
        return this.#stream(request);
      default:
        throw new HttpError(404, `no such route: ${request.path}`);
    }
  }

  #feeds(query) {
    const text = (query.get('query') ?? '').toLowerCase();
    return this.#prices.entries()
      .map(({ token }) =>
        ({ id: token.priceFeedId, attributes: { asset_type: 'Crypto', base: token.symbol,
        description: `${token.symbol} / US DOLLAR`, display_symbol: `${token.symbol}/USD`,
        generic_symbol: `${token.symbol}USD`, quote_currency: 'USD', symbol: `Crypto.${token.symbol}/USD` } }))
      .filter((feed) => feed.attributes.symbol.toLowerCase().includes(text) &&
        [null, 'crypto'].includes(query.get('asset_type')?.toLowerCase() ?? null));
  }

  #wanted(query) {
    const ids = [...query.getAll('ids[]'), ...query.getAll('ids')];
    if (ids.length === 0) throw new HttpError(400, 'Failed to deserialize query string: missing field `ids`');
    return this.#find(ids, query.get('ignore_invalid_price_ids') === 'true', (message) => new HttpError(404, message));
  }

  #find(ids, ignoreUnknown, problem) {
    const byId = new Map(this.#prices.entries().map((entry) => [entry.token.priceFeedId, entry]));
    const found = [];
    for (const id of ids) {
      const entry = byId.get(String(id).toLowerCase().replace(/^0x/, ''));
      if (entry) found.push(entry);
      else if (!ignoreUnknown) throw problem(`Price ids not found: ${id}`);
    }
    return [...new Set(found)];
  }

  #stream({ query, response }) {
    const wanted = new Set(this.#wanted(query).map((e) => e.token.mint));
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.write(':connected\n\n');
    const stream = new FaultyStream({ faults: this.#faults, target: 'prices',
      write: (text) => response.write(`data:${text}\n\n`), close: () => response.destroy() });
    this.#add(response, {
      push: (updates) => {
        const mine = updates.filter((u) => wanted.has(u.mint));
        if (mine.length > 0) stream.send(JSON.stringify(this.#body(mine, query)), 'stream');
      },
      keepAlive: () => response.write(':No update available\n\n'),
    });
    return undefined;
  }

  #connected(ws) {
    const wanted = new Map(); // mint → verbose
    const stream = new FaultyStream({ faults: this.#faults, target: 'prices', write: (text) => ws.send(text),
      close: () => ws.terminate() });
    this.#add(ws, {
      push: (updates) => {
        for (const update of updates) {
          if (!wanted.has(update.mint)) continue;
          const { metadata, ...feed } = update.feed;
          stream.send(JSON.stringify({ type: 'price_update', price_feed: wanted.get(update.mint) ? { ...feed, metadata }
            : feed }), 'ws');
        }
      },
      keepAlive: () => ws.ping(),
    });
    ws.on('error', () => ws.terminate());
    ws.on('message', (data) => {
      let reply = { type: 'response', status: 'success' };
      try {
        this.#subscription(JSON.parse(data.toString()), wanted);
      } catch (problem) {
        reply = { type: 'response', status: 'error', error: problem.message };
      }
      if (!this.#faults.standing('prices', 'silent')) ws.send(JSON.stringify(reply));
    });
  }

  #subscription(message, wanted) {
    if (message?.type !== 'subscribe' && message?.type !== 'unsubscribe')
      throw new Error(`unknown message type ${JSON.stringify(message?.type)}`);
    if (!Array.isArray(message.ids)) throw new Error('missing field `ids`');
    const entries = this.#find(message.ids, message.ignore_invalid_price_ids === true || message.type === 'unsubscribe',
      (text) => new Error(text));
    for (const { token } of entries) {
      if (message.type === 'subscribe') wanted.set(token.mint, message.verbose === true);
      else wanted.delete(token.mint);
    }
  }

  #add(emitter, stream) {
    this.#streams.add(stream);
    emitter.on('close', () => this.#streams.delete(stream));
  }

  #keepAlive() {
    if (this.#faults.standing('prices', 'silent')) return;
    for (const stream of this.#streams) stream.keepAlive();
  }

  #publish(entries) {
    if (this.#streams.size === 0) return;
    const updates = entries.map((entry) => this.#update(entry));
    for (const stream of this.#streams) stream.push(updates);
  }

  /** One feed's update as of now, through the faults that concern its price. */
  #update(entry) {
    const { token } = entry;
    const about = (f) => f.params.mint === undefined || f.params.mint === token.mint;
    const strikes = (kind) => this.#faults.strikes('prices', kind, null, about);
    let { scaled } = entry;
    let at = Date.now() - entry.ageMs;
    const stale = strikes('stale_price');
    if (stale) {
      const frozen = this.#stale.get(stale).get(token.mint);
      scaled = frozen.scaled;
      at = frozen.at - Number(stale.params.age_ms ?? 0);
    }
    const jump = strikes('jump_price');
    if (jump) scaled = (scaled * parsePrice(jump.params.factor ?? jump.params.value ?? '1.1')) / one;
    let conf = entry.conf ?? (scaled * defaultConfBps) / 10_000n;
    // A price has no two sides here: a band whose low end lies above its high end comes closest.
    if (strikes('crossed')) conf = -conf;

    const publishTime = Math.floor(at / 1000);
    const previous = this.#lastPublish.get(token.mint) ?? publishTime;
    this.#lastPublish.set(token.mint, publishTime);
    const price = { price: mantissa(scaled, token.expo), conf: mantissa(conf, token.expo), expo: token.expo,
      publish_time: publishTime };
    return {
      mint: token.mint,
      feed: { id: token.priceFeedId, price, ema_price: price,
        metadata: { slot: this.#chain.tip.slot, proof_available_time: publishTime + 1, prev_publish_time: previous } },
    };
  }

  #body(updates, query) {
    const encoding = query.get('encoding') === 'base64' ? 'base64' : 'hex';
    // The signed form is opaque to everybody who takes the parsed one; only its magic is real.
    const proof = Buffer.concat([Buffer.from('504e4155', 'hex'),
      Buffer.from(updates.map((u) => u.feed.id).join(''), 'hex')]);
    return {
      binary: { encoding, data: [proof.toString(encoding)] },
      parsed: query.get('parsed') === 'false' ? null : updates.map((u) => u.feed),
    };
  }
}

function mantissa(scaled, expo) {
  const shift = priceScale + expo;
  return (shift >= 0 ? scaled / 10n ** BigInt(shift) : scaled * 10n ** BigInt(-shift)).toString();
}
