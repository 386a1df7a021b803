// Ports for a system of a test's own. Several tests, and several runs of them, may be under way at once.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const first = 20_000;
const span = 20;
const bases = 590;
/** Nothing of Landfall listens here: whoever listens has the whole span. */
const mark = 18;

/** Below 32768: from there on the system draws the ports of connections. */
function listen(port) {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

const close = (server) => new Promise((resolve) => server.close(resolve));

async function isFree(port) {
  const server = await listen(port);
  if (server !== null) await close(server);
  return server !== null;
}

/** The first of twenty ports that are free, and that no other test is given until this process ends. */
export async function reservePorts() {
  for (let i = 0; i < 200; i++) {
    const base = first + span * randomInt(0, bases);
    const reservation = await listen(base + mark);
    if (reservation === null) continue;
    const others = Array.from({ length: span }, (_none, offset) => offset).filter((offset) => offset !== mark);
    const free = await Promise.all(others.map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) {
      reservation.unref();
      return base;
    }
    await close(reservation);
  }
  throw new Error(`no ${span} free ports from ${first} to ${first + span * bases}`);
}
