// The judge of chaos finds what is wrong, and its plan is one for each seed. Needs no system.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOfBalances, judgeOrder } from './lib/chaos_judge.mjs';
import { makePlan, makerMisdeeds } from './lib/chaos_plan.mjs';
import { mints } from './lib/devnet.mjs';

const order = { state: 'fill_success', held: false, wallet: 'wallet', order_account: 'in', output_account: 'out',
  input_mint: mints.JUP, output_mint: mints.USDC, input_amount: '100', output_amount: '50' };
let number = 0;
const entry = (deltas, rest = {}) =>
  ({ signature: `s${++number}`, slot: number, err: null, commitment: 'finalized', fee: '5000', lamportDeltas: [],
  tokenDeltas: deltas.map(([account, owner, mint, delta]) => ({ account, owner, mint, delta: String(delta) })),
  ...rest });
const deposit = () => entry([['in', 'vault', mints.JUP, 100], ['ata', 'wallet', mints.JUP, -100]]);
const swap = () => entry([['in', 'vault', mints.JUP, -100], ['out', 'vault', mints.USDC, 50]]);
const payout = (paid = 50) => entry([['out', 'vault', mints.USDC, -50], ['ata2', 'wallet', mints.USDC, paid]]);
const refund = () => entry([['in', 'vault', mints.JUP, -100], ['ata', 'wallet', mints.JUP, 100]]);
const book = (entries, open = []) =>
  ({ ledger: async (account) => entries.filter((e) => e.tokenDeltas.some((d) => d.account === account)),
  exists: async (account) => open.includes(account) });
const wrongOf = async (change, entries, open) =>
  (await judgeOrder(book(entries, open), { ...order, ...change })).wrong.join('; ');

test('orders at their end, once each, are good', async () => {
  assert.equal(await wrongOf({}, [deposit(), swap(), payout()]), '');
  assert.equal(await wrongOf({ state: 'expired' }, [deposit(), refund()]), '');
  assert.equal(await wrongOf({ state: 'expired' }, []), '', 'the deposit died with its fork');
  assert.equal(await wrongOf({ state: 'deposit_failed' }, []), '');
  assert.equal(await wrongOf({}, [deposit(), swap(), { ...swap(), commitment: 'undone' },
    { ...swap(), err: { InstructionError: [1, 'x'] } }, payout()]), '');
});

test('a second fill, a second payout, a payout beside a refund', async () => {
  assert.match(await wrongOf({}, [deposit(), swap(), swap(), payout()]), /2 swaps instead of one/);
  assert.match(await wrongOf({}, [deposit(), swap(), payout(), payout()]), /2 payouts instead of one/);
  assert.match(await wrongOf({}, [deposit(), swap(), payout(), refund()]), /1 refunds of a filled order/);
  assert.match(await wrongOf({ state: 'expired' }, [deposit(), swap(), payout(), refund()]),
    /1 swaps and 1 payouts of a refunded order/);
});

test('money that went astray', async () => {
  assert.match(await wrongOf({}, [deposit(), swap(), payout(49)]), /the user got 49/);
  assert.match(await wrongOf({ state: 'expired' }, [deposit()]), /0 refunds instead of one/);
  assert.match(await wrongOf({ state: 'deposit_failed' }, [deposit()]), /1 deposits of an order without a deposit/);
  assert.match(await wrongOf({}, [deposit(), swap(), payout()], ['out']), /account out is still there/);
});

test('orders that are not at their end, or held', async () => {
  assert.match(await wrongOf({ state: 'executing' }, [deposit()]), /it is executing/);
  assert.match(await wrongOf({ state: 'fill_failed' }, [deposit(), swap(), swap()]), /2 swaps/);
  assert.match(await wrongOf({ held: true, held_reason: 'doubt' }, [deposit(), swap(), payout()]), /held: doubt/);
});

test('a balance that is off by one unit', () => {
  const judged = [{ order, life: { deposits: [1] } }];
  const had = { [mints.SOL]: 10_000n, [mints.USDC]: 0n, [mints.JUP]: 100n };
  const right = { [mints.SOL]: 5_000n, [mints.USDC]: 50n, [mints.JUP]: 0n };
  assert.deepEqual(faultsOfBalances('wallet', had, right, judged, 5_000n), []);
  assert.match(faultsOfBalances('wallet', had, { ...right, [mints.USDC]: 51n }, judged, 5_000n).join(),
    /holds 51 .* not 50: 1/);
  assert.match(faultsOfBalances('wallet', had, { ...right, [mints.SOL]: 4_999n }, judged, 5_000n).join(),
    /not 5000: -1/);
});

test('one seed, one plan; both endpoints never lie at once; everything happens in some plan', () => {
  const settings = { seed: 5, minutes: 5, ordersPerMinute: 30, users: 3 };
  assert.deepEqual(makePlan(settings), makePlan(settings));
  assert.notDeepEqual(makePlan(settings), makePlan({ ...settings, seed: 6 }));
  const lies = new Set(['null_status', 'lag_slots', 'forget']);
  const seen = new Set();
  const ofMaker = new Set();
  for (let seed = 1; seed <= 20; seed++) {
    let on = 0;
    for (const event of makePlan({ ...settings, seed })) {
      seen.add(event.what);
      if (event.what === 'faults') {
        for (const fault of event.faults) if (fault.target === 'maker') ofMaker.add(fault.fault);
        assert.ok(++on === 1, 'one episode after the other');
        assert.ok(new Set(event.faults.filter((f) => lies.has(f.fault)).map((f) => f.target)).size <= 1);
      }
      if (event.what === 'faults end') on--;
    }
  }
  for (const fault of [...makerMisdeeds, 'silent', 'underfund', 'quote_wrong', 'quote_garbage'])
    assert.ok(ofMaker.has(fault), fault);
  assert.deepEqual([...seen].sort(), ['faults', 'faults end', 'fork', 'kill', 'order', 'postgres', 'price']);
});
