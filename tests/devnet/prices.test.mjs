import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { WebSocket } from '../../devnet/clients.mjs';
import { feeds, mints, startDevnet, until } from './support/devnet.mjs';

const quick = ['--ms-per-slot', '0', '--price-interval-ms', '20', '--keepalive-ms', '100'];

/** Reads server-sent events; `events` are the parsed data lines, `comments` the others. */
function stream(t, devnet, query) {
  const heard = { events: [], comments: [], closed: false, status: null };
  const call = request(devnet.url(13, `/v2/updates/price/stream?${query}`),
    { headers: { accept: 'text/event-stream' } }, (response) => {
    heard.status = response.statusCode;
    heard.type = response.headers['content-type'];
    let rest = '';
    response.on('data', (data) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith('data:')) heard.events.push(parsed(line.slice(5)));
        else if (line.startsWith(':')) heard.comments.push(line);
      }
    });
    response.on('close', () => (heard.closed = true));
    response.on('error', () => (heard.closed = true));
  });
  call.on('error', () => (heard.closed = true));
  call.end();
  t.after(() => call.destroy());
  return heard;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return 'garbage';
  }
}

const priceOf = (event, id = feeds.SOL) => event.parsed.find((f) => f.id === id)?.price;

test('latest: exact strings, feed ids with or without 0x, 404 for an unknown one', async (t) => {
  const devnet = await startDevnet(t, quick);
  const get = (query) => fetch(devnet.url(13, `/v2/updates/price/latest?${query}`));
  await devnet.control('/price', { mint: mints.SOL, priceUsd: '147.12345678', conf: '0.25', ageMs: 5000 });
  const asked = Date.now();
  const body = await (await get(`ids[]=0x${feeds.SOL}&ids[]=${feeds.USDC}`)).json();
  const answered = Date.now();
  const price = priceOf(body);
  assert.deepEqual([price.price, price.conf, price.expo], ['14712345678', '25000000', -8]);
  const secondOf = (ms) => Math.floor((ms - 5000) / 1000);
  assert.ok(secondOf(asked) <= price.publish_time && price.publish_time <= secondOf(answered), `${price.publish_time}`);
  assert.equal(priceOf(body, feeds.USDC).conf, '50000', 'five basis points by default');
  assert.equal((await get(`ids[]=${'0'.repeat(64)}`)).status, 404);
  assert.equal((await get(`ids[]=${'0'.repeat(64)}&ids[]=${feeds.SOL}&ignore_invalid_price_ids=true`)).status, 200);
  assert.equal((await get('')).status, 400);
  const listed = await (await fetch(devnet.url(13, '/v2/price_feeds?query=bonk'))).json();
  assert.equal(listed[0].attributes.base, 'BONK');
});

test('server-sent events: steady updates, a changed price at once, keepalive comments', async (t) => {
  const devnet = await startDevnet(t, quick);
  const heard = stream(t, devnet, `ids[]=${feeds.SOL}&ids[]=${feeds.USDC}`);
  await until('updates', () => heard.events.length >= 3);
  assert.equal(heard.type, 'text/event-stream');
  assert.deepEqual(heard.events[0].parsed.map((f) => f.id), [feeds.SOL, feeds.USDC]);
  assert.equal(priceOf(heard.events[0]).price, '15000000000');
  await devnet.control('/price', { mint: mints.SOL, priceUsd: 151.5 });
  await until('the new price', () => priceOf(heard.events.at(-1))?.price === '15150000000');
  await until('a keepalive', () => heard.comments.length >= 2);
});

test('WebSocket: subscribe, verbose, error, unsubscribe, ping', async (t) => {
  const devnet = await startDevnet(t, quick);
  const socket = new WebSocket(devnet.ws(13, '/ws'));
  t.after(() => socket.terminate());
  const messages = [];
  let pings = 0;
  socket.on('message', (data) => messages.push(JSON.parse(data)));
  socket.on('ping', () => pings++);
  await new Promise((resolve) => socket.on('open', resolve));
  socket.send(JSON.stringify({ type: 'subscribe', ids: ['0xdead'] }));
  await until('an error', () => messages.length === 1);
  assert.equal(messages[0].status, 'error');
  socket.send(JSON.stringify({ type: 'subscribe', ids: [`0x${feeds.SOL}`], verbose: true }));
  const updates = () => messages.filter((m) => m.type === 'price_update');
  await until('updates', () => updates().length > 2);
  assert.deepEqual(messages[1], { type: 'response', status: 'success' });
  assert.equal(updates()[0].price_feed.id, feeds.SOL);
  assert.ok(updates()[0].price_feed.metadata.slot > 0);
  socket.send(JSON.stringify({ type: 'unsubscribe', ids: [feeds.SOL] }));
  await until('the answer', () => messages.filter((m) => m.type === 'response').length === 3);
  const count = updates().length;
  await until('pings', () => pings >= 2);
  assert.equal(updates().length, count);
});

test('faults of the stream: stale, jumping, crossed, garbage, silent, disconnect', async (t) => {
  const devnet = await startDevnet(t, quick);
  const heard = stream(t, devnet, `ids[]=${feeds.SOL}`);
  // What comes of `act` counts from before it: the answer to it may arrive after its effect.
  const next = async (what, probe, act = async () => {}) => {
    const from = heard.events.length;
    await act();
    await until(what, () => heard.events.slice(from).some(probe));
  };
  await next('an honest price', (e) => priceOf(e).price === '15000000000');
  await next('the jump', (e) => priceOf(e).price === '30000000000',
    () => devnet.fault('prices', 'jump_price', { factor: '2', count: 1 }));
  await next('the crossed band', (e) => priceOf(e).conf.startsWith('-'),
    () => devnet.fault('prices', 'crossed', { count: 1 }));
  await next('garbage', (e) => e === 'garbage',
    () => devnet.fault('prices', 'garbage', { method: 'stream', count: 1 }));

  await devnet.fault('prices', 'stale_price', { age_ms: 60_000 });
  await devnet.control('/price', { mint: mints.SOL, priceUsd: '200' });
  await next('the old price, old', (e) => priceOf(e).price === '15000000000' &&
    priceOf(e).publish_time < Date.now() / 1000 - 58);
  await next('the true price', (e) => priceOf(e).price === '20000000000', () => devnet.clearFaults());

  await devnet.fault('prices', 'silent');
  await devnet.control('/price', { mint: mints.SOL, priceUsd: '222' });
  await until('five intervals', async () =>
    (await fetch(devnet.url(13, `/v2/updates/price/latest?ids[]=${feeds.SOL}`)).then((r) => r.json())) &&
    (await devnet.control('/state')).counters.faults['prices.silent'] > 5);
  await devnet.control('/price', { mint: mints.SOL, priceUsd: '223' });
  assert.equal(heard.closed, false);
  await next('the price after the silence', (e) => priceOf(e).price === '22300000000', () => devnet.clearFaults());
  // What was on its way when the silence began is heard still; what came up in it is not.
  assert.ok(!heard.events.some((e) => e !== 'garbage' && priceOf(e).price === '22200000000'));
  await devnet.fault('prices', 'disconnect');
  await until('closed', () => heard.closed);
});
