// What happens in a run of chaos, and when: all of it from one seed, before anything runs.
import { Random } from '../../../devnet/random.mjs';

/** Numbers of one stream, so that what one kind of event draws leaves the others as they are. */
class Draw {
  #random;

  constructor(seed, stream) {
    this.#random = new Random(seed * 31 + stream);
    // The first numbers of neighbouring seeds are alike.
    for (let i = 0; i < 8; i++) this.#random.next();
  }

  between(low, high) {
    return low + (high - low) * this.#random.next();
  }

  whole(low, high) {
    return Math.floor(this.between(low, high + 1));
  }

  one(list) {
    return list[this.whole(0, list.length - 1)];
  }

  chance(probability) {
    return this.#random.next() < probability;
  }
}

/** Times in [0, endMs) that lie `low` to `high` ms apart. */
function times(draw, endMs, low, high) {
  const list = [];
  for (let at = draw.between(low / 2, high); at < endMs; at += draw.between(low, high)) list.push(Math.round(at));
  return list;
}

const startPrices = { SOL: 150, JUP: 0.5 };
const driftBps = 60;
// What each input is worth at the start: 15 to 150 USD, above the API's minimum wherever the walk goes.
const amounts = { SOL: (d) => d.between(0.15, 1).toFixed(4), USDC: (d) => d.between(20, 150).toFixed(3),
  JUP: (d) => d.between(50, 300).toFixed(2) };
const pairs = [['SOL', 'USDC'], ['USDC', 'SOL'], ['JUP', 'USDC'], ['USDC', 'JUP'], ['SOL', 'JUP'], ['JUP', 'SOL']];

/** A bounded walk: within 12 percent of where it began. */
function walk(draw, endMs) {
  const steps = [];
  const now = { ...startPrices };
  for (const at of times(draw, endMs, 300, 1_500)) {
    const symbol = draw.one(['SOL', 'SOL', 'JUP']);
    const start = startPrices[symbol];
    const next = now[symbol] * (1 + draw.between(-driftBps, driftBps) / 10_000);
    now[symbol] = Math.min(start * 1.12, Math.max(start * 0.88, next));
    steps.push({ at, what: 'price', symbol, priceUsd: Number(now[symbol].toFixed(6)) });
  }
  return steps;
}

function priceAt(steps, symbol, at) {
  return steps.filter((s) => s.symbol === symbol && s.at <= at).at(-1)?.priceUsd ?? startPrices[symbol];
}

function orders(draw, endMs, perMinute, users, steps) {
  const gap = 60_000 / perMinute;
  return times(draw, endMs, gap * 0.3, gap * 1.7).map((at, number) => {
    const [input, output] = draw.one(pairs);
    const trigger = [input, output].includes('SOL') ? 'SOL' : 'JUP';
    const condition = draw.one(['above', 'below']);
    // Some hold already, most wait for the walk, some never come.
    const away = draw.between(-0.004, 0.015) * (condition === 'above' ? 1 : -1);
    return {
      at,
      what: 'order',
      number,
      user: draw.whole(0, users - 1),
      input,
      output,
      trigger,
      condition,
      amount: amounts[input](draw),
      price: Number((priceAt(steps, trigger, at) * (1 + away)).toPrecision(6)),
      lifeMs: draw.chance(0.1) ? draw.whole(3_000, 6_000) : draw.whole(15_000, 60_000),
      slippageBps: draw.one([50, 100, 300, 300, 1_000, undefined]),
    };
  });
}

// Endpoints that are away or slow: either or both at once.
const absences = [
  () => ({ fault: 'refuse' }),
  (d) => ({ fault: 'timeout', probability: d.between(0.2, 1) }),
  (d) => ({ fault: 'timeout', method: 'sendTransaction' }),
  (d) => ({ fault: 'delay_ms', ms: d.whole(100, 3_000), probability: d.between(0.3, 1) }),
  (d) => ({ fault: 'delay_ms', ms: d.whole(500, 4_000), method: 'sendTransaction' }),
  (d) => ({ fault: 'error', status: d.one([500, 502, 503]), probability: d.between(0.3, 1) }),
  (d) => ({ fault: 'error', code: d.one([-32005, -32603, -32004]), message: 'fault of chaos',
    probability: d.between(0.3, 1) }),
  (d) => ({ fault: 'error', code: -32002, message: 'Transaction simulation failed: Blockhash not found',
    data: { err: 'BlockhashNotFound', logs: [] }, method: 'sendTransaction', probability: 0.7 }),
  (d) => ({ fault: 'rate_limit', retry_after_s: 1, probability: d.between(0.3, 1) }),
  (d) => ({ fault: 'garbage', probability: d.between(0.2, 1) }),
  (d) => ({ fault: 'drop', method: 'sendTransaction', probability: d.between(0.5, 1) }),
  (d) => ({ fault: 'drop', probability: d.between(0.2, 0.7) }),
  () => ({ fault: 'disconnect' }),
  (d) => ({ fault: 'disconnect', probability: 0.3 }),
  () => ({ fault: 'silent' }),
  () => ({ fault: 'duplicate' }),
  () => ({ fault: 'reorder' }),
];

// Falsehoods about what landed: only ever one endpoint at a time, and each ends.
const lies = [
  (d) => ({ fault: 'null_status', probability: d.one([1, 1, 0.6]) }),
  (d) => ({ fault: 'lag_slots', slots: d.whole(3, 120) }),
  () => ({ fault: 'forget' }),
];

export const makerMisdeeds = ['no_fill', 'late_fill', 'reject_after_signing', 'lie_filled', 'fill_less',
  'double_answer', 'signed_twice'];
/**
 * In force whenever no episode is: the maker has no quote for about this share of the orders, which then go by the
 * router.
 */
export const makerAway = { target: 'maker', fault: 'error', status: 404, method: '/quote', probability: 0.4 };

const markets = {
  router: [
    () => ({ fault: 'refuse' }),
    (d) => ({ fault: 'timeout', probability: d.between(0.3, 1) }),
    (d) => ({ fault: 'delay_ms', ms: d.whole(200, 4_000) }),
    (d) => ({ fault: 'error', status: d.one([400, 500, 503]) }),
    (d) => ({ fault: 'rate_limit', retry_after_s: 1 }),
    (d) => ({ fault: 'garbage', probability: d.between(0.3, 1) }),
    (d) => ({ fault: 'drop', probability: d.between(0.3, 1) }),
    () => ({ fault: 'stale_price' }),
    (d) => ({ fault: 'jump_price', factor: d.one(['0.8', '0.95', '1.05', '1.3']) }),
    () => ({ fault: 'crossed' }),
  ],
  prices: [
    () => ({ fault: 'refuse' }),
    () => ({ fault: 'silent' }),
    (d) => ({ fault: 'disconnect', probability: d.between(0.1, 1) }),
    (d) => ({ fault: 'garbage', probability: d.between(0.1, 1) }),
    (d) => ({ fault: 'error', status: 503 }),
    () => ({ fault: 'duplicate' }),
    () => ({ fault: 'reorder' }),
    (d) => ({ fault: 'stale_price', age_ms: d.whole(1_000, 60_000) }),
    (d) => ({ fault: 'jump_price', factor: d.one(['0.5', '0.97', '1.03', '2']) }),
    () => ({ fault: 'crossed' }),
  ],
  maker: [
    () => ({ fault: 'refuse' }),
    (d) => ({ fault: 'timeout', probability: d.between(0.3, 1), method: d.one(['/quote', '/swap']) }),
    (d) => ({ fault: 'delay_ms', ms: d.whole(20, 3_000) }),
    (d) => ({ fault: 'error', status: d.one([400, 500, 503]), method: d.one(['/quote', '/swap']) }),
    (d) => ({ fault: 'garbage', probability: d.between(0.3, 1) }),
    (d) => ({ fault: 'drop', probability: d.between(0.3, 1) }),
    () => ({ fault: 'quote_garbage' }),
    () => ({ fault: 'quote_wrong' }),
    (d) => ({ fault: 'underfund', method: d.one(['/quote', '/swap']) }),
    (d) => ({ fault: 'silent', broadcast: d.chance(0.5) }),
    (d) => ({ fault: d.one(makerMisdeeds) }),
    (d) => ({ fault: d.one(makerMisdeeds), probability: 0.5 }),
  ],
};

/** Episodes: some faults at once, for a while, then none. */
function episodes(draw, maker, endMs) {
  const list = [];
  for (let at = 2_000; at < endMs; ) {
    const faults = [];
    const absent = () => draw.one(absences)(draw);
    const kind = draw.between(0, 1);
    if (kind < 0.25) {
      const fault = absent();
      faults.push({ target: 'rpc0', ...fault }, { target: 'rpc1', ...fault });
    } else if (kind < 0.5) {
      faults.push({ target: draw.one(['rpc0', 'rpc1']), ...absent() });
    } else if (kind < 0.8) {
      const [liar, other] = draw.one([['rpc0', 'rpc1'], ['rpc1', 'rpc0']]);
      faults.push({ target: liar, ...draw.one(lies)(draw) });
      if (draw.chance(0.4)) faults.push({ target: other, ...absent() });
    }
    if (kind >= 0.7 || draw.chance(0.25)) {
      const target = draw.one(['router', 'router', 'prices']);
      faults.push({ target, ...draw.one(markets[target])(draw) });
    }
    if (maker.chance(0.5)) faults.push({ target: 'maker', ...maker.one(markets.maker)(maker) });
    const lastsMs = draw.chance(0.15) ? draw.between(6_000, 14_000) : draw.between(500, 5_000);
    list.push({ at: Math.round(at), what: 'faults', faults }, { at: Math.round(at + lastsMs), what: 'faults end' });
    at += lastsMs + draw.between(500, 4_000);
  }
  return list;
}

/**
 * Everything of one run, in the order of its time. `minutes` and `ordersPerMinute` are numbers, `users` how many
 * wallets trade.
 */
export function makePlan({ seed, minutes, ordersPerMinute, users }) {
  const endMs = minutes * 60_000;
  const draws = Array.from({ length: 8 }, (_none, stream) => new Draw(seed, stream));
  const steps = walk(draws[0], endMs);
  const plan = [
    ...steps,
    ...orders(draws[1], endMs, ordersPerMinute, users, steps),
    ...episodes(draws[2], draws[7], endMs),
    ...times(draws[3], endMs, 5_000, 14_000).map((at) => ({ at, what: 'kill', service: 'executor' })),
    ...times(draws[4], endMs, 9_000, 25_000).map((at) => ({ at, what: 'kill', service: 'trigger' })),
    ...times(draws[5], endMs, 18_000, 40_000).map((at) =>
      ({ at, what: 'postgres', mode: draws[5].one(['fast', 'immediate']), downMs: draws[5].whole(0, 3_000) })),
    ...times(draws[6], endMs, 6_000, 20_000).map((at) =>
      ({ at, what: 'fork', blocks: draws[6].whole(1, 8), replay: draws[6].chance(0.4) })),
  ];
  return plan.sort((a, b) => a.at - b.at);
}
