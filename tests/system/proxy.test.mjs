// The proxy that other tests break, seen from both its ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { Proxy } from './lib/proxy.mjs';
import { waitFor } from './lib/wait.mjs';

let server;
let proxy;
let served;
before(async () => {
  // Says how many bytes came, and sends back so many letters.
  server = createServer((socket) => {
    const end = { got: 0, ended: false, error: null };
    served.push(end);
    socket.on('error', (problem) => (end.error = problem.code)).on('end', () => (end.ended = true));
    socket.on('data', (data) => {
      end.got += data.length;
      socket.write('x'.repeat(data.length));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await Proxy.start(server.address().port, { seed: 7 });
});
afterEach(() => proxy.mend());
after(async () => {
  await proxy.stop();
  server.close();
});

async function caller() {
  served = [];
  const socket = connect(proxy.port, '127.0.0.1');
  const end = { socket, got: 0, pieces: 0, closed: false, error: null };
  socket.on('data', (data) => {
    end.got += data.length;
    end.pieces++;
  });
  socket.on('error', (problem) => (end.error = problem.code)).on('close', () => (end.closed = true));
  await once(socket, 'connect');
  await waitFor('both ends are connected', () => served.length === 1, { everyMs: 2 });
  return end;
}
const until = (what, check) => waitFor(what, check, { everyMs: 2 });

test('whole, it carries bytes and ends both ways', async () => {
  const me = await caller();
  me.socket.write('a'.repeat(100_000));
  await until('all came back', () => me.got === 100_000);
  me.socket.end();
  await until('the end came through', () => served[0].ended && me.closed);
});

for (const way of ['up', 'down']) {
  test(`${way} latency and drip deliver everything, in pieces and in order`, async () => {
    for (const fault of [{ kind: 'latency', ms: 5, jitterMs: 5 }, { kind: 'drip', bytes: 100, everyMs: 1 }]) {
      proxy.break(fault, way);
      const me = await caller();
      me.socket.write('b'.repeat(2_000));
      await until('all came back', () => me.got === 2_000);
      if (fault.kind === 'drip') assert.ok(way === 'up' || me.pieces > 5, `${me.pieces} pieces`);
      assert.ok(proxy.struck[`${way}.${fault.kind}`] > 0);
      me.socket.destroy();
    }
  });

  test(`${way} reset ends both ends with RST`, async () => {
    const me = await caller();
    proxy.break({ kind: 'reset' }, way);
    me.socket.write('c');
    await until('both are reset', () => me.error === 'ECONNRESET' && served[0].error === 'ECONNRESET');
    assert.equal(served[0].got, way === 'up' ? 0 : 1);
  });

  test(`${way} cut carries a drawn number of bytes and no more`, async () => {
    proxy.break({ kind: 'cut', maxBytes: 1_000 }, way);
    const me = await caller();
    me.socket.write('d'.repeat(5_000));
    await until('it is closed', () => me.closed);
    const carried = way === 'up' ? served[0].got : me.got;
    assert.ok(carried <= 1_000, `${carried} bytes`);
  });

  test(`${way} swallow is no sign of anything, and stays so when the proxy is whole again`, async () => {
    const me = await caller();
    proxy.break({ kind: 'swallow' }, way);
    me.socket.write('e');
    await until('it was swallowed', () => proxy.struck[`${way}.swallow`] > 0);
    proxy.mend();
    me.socket.write('f');
    const next = connect(proxy.port, '127.0.0.1');
    next.write('g');
    await once(next, 'data');
    next.destroy();
    await until('the other way is whole', () => served[0].got === (way === 'up' ? 0 : 2));
    assert.deepEqual([me.got, me.closed, served[0].ended], [0, false, false]);
    me.socket.destroy();
  });
}
