// Orders that a market maker may fill. Each has an amount of its own, so that a fault of the maker can be meant for it
// alone.
import { makerKey } from '../../../devnet/market/tokens.mjs';
import { SystemFixture } from './system_fixture.mjs';
import { waitFor } from './wait.mjs';

export const maker = makerKey.publicKey.toBase58();
export const fastMs = 60;
const leaseMs = 2_000;

/**
 * A system whose executor asks the devnet's maker, with short leases and short lives of blockhashes; the chain is a
 * witness.
 */
export async function startWithMaker() {
  const stack = await SystemFixture.start({ parts: 'pg', msPerSlot: fastMs,
    env: (portBase) =>
    ({ EXECUTOR_ARGS: `--lease-ms ${leaseMs} --status-poll-ms 200 --rebroadcast-ms 300 --poll-ms 200 --maker-quote-timeout-ms 5000 --maker-urls http://127.0.0.1:${portBase + 14}` }) });
  stack.env.DEVNET_ARGS += ` --witness 127.0.0.1:${stack.portBase + 2}/landfall`;
  try {
    await stack.up('devnet,setup,executor,trigger');
  } catch (problem) {
    await stack.stop();
    throw problem;
  }
  return stack;
}

/** Nothing was handed over, or sent, before it was stored. */
export async function nothingLeftEarly(stack) {
  const witness = await waitFor('the witness has checked all that arrived',
    async () => [await stack.devnet.witness()].find(({ unchecked }) => unchecked === 0));
  const { counters } = await stack.devnet.state();
  if (witness.violations.length > 0)
    throw new Error(`left before it was stored: ${JSON.stringify(witness.violations)}`);
  if (witness.checked < counters.maker.accepted + counters.maker.broadcast)
    throw new Error(`the witness checked ${witness.checked} only: ${JSON.stringify(counters.maker)}`);
}

export class MakerOrders {
  #count = 0;

  constructor(stack, user) {
    this.stack = stack;
    this.user = user;
  }

  /** An open order to sell a little more than 1 SOL above `price`, and the maker's faults with it: [{fault, …}]. */
  async open({ faults = [], ...terms } = {}) {
    const lamports = 1_000_000_000n + BigInt(++this.#count);
    for (const fault of faults) await this.stack.devnet.fault({ target: 'maker', amount: String(lamports), ...fault });
    const order = await this.stack.place(this.user, { amount: `1.${String(lamports).slice(1)}`, ...terms });
    await this.stack.reaches(order.id, 'open');
    return { ...order, lamports };
  }

  /** Several at once: a name each, and its faults. */
  async openAll(cases) {
    const orders = {};
    await Promise.all(Object.entries(cases).map(async ([name, faults]) =>
      (orders[name] = await this.open({ faults }))));
    return orders;
  }

  /**
   * Fires these when their deposits are final. The chain stands until each has sent a swap, or given it to the maker:
   * none comes too late.
   */
  async fireAtOnce(group) {
    const ids = Object.values(group).map(({ id }) => id);
    await this.stack.stand(...ids);
    await this.fire();
    for (const id of ids) await waitFor(async () => `a swap under way\n${await this.stack.describe(id)}`,
      async () => (await this.swaps(id)).some((swap) => swap.broadcast_at));
    await this.stack.go();
  }

  fire(price = 152) {
    return this.stack.devnet.price('SOL', price);
  }

  async swaps(id) {
    return (await this.stack.database.attempts(id)).filter((a) => a.kind === 'swap');
  }

  /** The order's first swap, stored and given to the maker. */
  handedOver(id) {
    return waitFor('a swap stored for the maker', async () => (await this.swaps(id)).find((a) => a.quote_id !== null),
      { everyMs: 10 });
  }

  /** The chain moves on until the attempt could not land any more, and that is final; from then on it is fast. */
  async pastItsLife(attempt) {
    const last = await this.stack.database.lastValidHeight(attempt);
    const { blockHeight } = await this.stack.devnet.state();
    await this.stack.devnet.slots({ advance: Math.max(1, last + 3 - blockHeight), msPerSlot: fastMs });
    await waitFor('its end is final', async () => (await this.stack.devnet.state()).finalized.blockHeight >= last + 3);
  }

  /** Who paid for the order's one swap, by the chain's own book. */
  async fillerOf(life) {
    return (await this.stack.devnet.ledger()).find((e) => e.signature === life.swaps[0].signature).feePayer;
  }

  /** Filled once, by the maker, with the one attempt there is. */
  async filledByMaker(id) {
    const filled = await this.stack.filledOnce(id);
    const swaps = await this.swaps(id);
    const filler = await this.fillerOf(filled.life);
    if (filler !== maker) throw new Error(`order ${id} was filled by ${filler}, not by the maker`);
    if (swaps.length !== 1 || swaps[0].outcome !== 'landed' || swaps[0].quote_id === null)
      throw new Error(`order ${id}: not one landed attempt with a quote\n${await this.stack.describe(id)}`);
    if (swaps[0].signature !== filled.life.swaps[0].signature)
      throw new Error(`order ${id}: the signature it was found under is not noted\n${await this.stack.describe(id)}`);
    return { ...filled, swaps };
  }

  /** Filled once, by the router. `before` is how many attempts with a maker came to nothing first. */
  async filledByRouter(id, before = 0) {
    const filled = await this.stack.filledOnce(id);
    const swaps = await this.swaps(id);
    const filler = await this.fillerOf(filled.life);
    if (filler === maker) throw new Error(`order ${id} was filled by the maker`);
    const last = swaps.at(-1);
    if (swaps.length !== before + 1 || last.outcome !== 'landed' || last.quote_id !== null)
      throw new Error(
      `order ${id}: not ${before} attempts with the maker and one without\n${await this.stack.describe(id)}`);
    for (const [i, swap] of swaps.slice(0, -1).entries()) {
      if (swap.quote_id === null || !swap.outcome || swap.outcome === 'landed')
        throw new Error(
        `order ${id}: a swap with the maker that did not come to nothing\n${await this.stack.describe(id)}`);
      if (swaps[i + 1].signed_at < swap.resolved_at)
        throw new Error(`order ${id}: signed while an attempt was in doubt\n${await this.stack.describe(id)}`);
    }
    return { ...filled, swaps };
  }
}

/** The maker's price for lamports at a price of SOL, in smallest units of USDC: 5 bps below it. */
export const makerPays = (lamports, price) => (lamports * BigInt(price) * 9_995n) / (1_000n * 10_000n);
