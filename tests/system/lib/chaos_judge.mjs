// Judges a run of chaos when all is calm again: by the chain's own book, and by what each wallet holds.
import { mints } from './devnet.mjs';
import { faultsOfFill, faultsOfRefund, judge } from './judge.mjs';

const good = new Set(['fill_success', 'expired', 'deposit_failed']);

/** What is wrong with an order whose deposit never became final; empty when the chain knows nothing of it. */
function faultsOfNothing(life) {
  const wrong = [];
  for (const kind of ['deposits', 'swaps', 'payouts', 'refunds']) if (life[kind].length)
    wrong.push(`${life[kind].length} ${kind} of an order without a deposit`);
  for (const account of life.open) wrong.push(`account ${account} is still there`);
  return wrong;
}

/** `order` is its row of order_overview. Returns {order, life, wrong}. */
export async function judgeOrder(devnet, order) {
  const life = await judge(devnet, order);
  const wrong = [];
  if (!good.has(order.state)) wrong.push(`it is ${order.state}, not at its end`);
  if (order.held) wrong.push(`it is held: ${order.held_reason}`);
  if (order.state === 'fill_success') wrong.push(...faultsOfFill(order, life));
  else if (order.state === 'expired' && life.deposits.length > 0) wrong.push(...faultsOfRefund(order, life));
  else if (good.has(order.state)) wrong.push(...faultsOfNothing(life));
  else if (life.swaps.length > 1 || life.payouts.length + life.refunds.length > 1)
    wrong.push(`${life.swaps.length} swaps, ${life.payouts.length} payouts, ${life.refunds.length} refunds`);
  return { order, life, wrong };
}

/**
 * Each wallet holds what it had, less what its orders took, more what they brought: the terms of the orders and the
 * amounts of finalized swaps say what is expected, the chain what there is. `had` and `has` are {mint: units}. Returns
 * what differs.
 */
export function faultsOfBalances(wallet, had, has, judged, fees) {
  const expected = { ...had };
  for (const { order, life } of judged.filter(({ order }) => order.wallet === wallet)) {
    const amount = BigInt(order.input_amount);
    if (life.deposits.length > 0) expected[order.input_mint] -= amount;
    if (order.state === 'expired' && life.deposits.length > 0) expected[order.input_mint] += amount;
    if (order.state === 'fill_success') expected[order.output_mint] += BigInt(order.output_amount);
  }
  expected[mints.SOL] -= fees;
  return Object.keys(had)
    .filter((mint) => expected[mint] !== has[mint])
    .map((mint) => `${wallet} holds ${has[mint]} of ${mint}, not ${expected[mint]}: ${has[mint] - expected[mint]}`);
}
