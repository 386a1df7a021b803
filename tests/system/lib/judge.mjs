// Judges an order by the devnet's own book alone: what moved on chain, not what anyone says about it.
import { mints } from './devnet.mjs';

const moved = (entry, account) => entry.tokenDeltas.filter((d) => d.account === account).reduce((sum, d) => sum +
  BigInt(d.delta), 0n);
const lamports = (entry, account) => entry.lamportDeltas.filter((d) => d.account === account).reduce((sum, d) => sum +
  BigInt(d.delta), 0n);

/** What a wallet got of a mint in one transaction: tokens, or lamports for SOL. */
function received(entry, wallet, mint) {
  if (mint === mints.SOL) return lamports(entry, wallet);
  return entry.tokenDeltas.filter((d) => d.owner === wallet && d.mint === mint).reduce((sum, d) => sum +
    BigInt(d.delta), 0n);
}

/**
 * `order` is its row of order_overview. Returns the transactions of its life that are finalized and succeeded:
 * {deposits, swaps, payouts, refunds, closes, open}: open tells which of its accounts still exist.
 */
export async function judge(devnet, order) {
  const books = [...(await devnet.ledger(order.order_account)), ...(await devnet.ledger(order.output_account))];
  const entries = [...new Map(books.map((e) => [e.signature, e])).values()].filter((e) => e.err === null &&
    e.commitment === 'finalized').sort((a, b) => a.slot - b.slot);
  const life = { deposits: [], swaps: [], payouts: [], refunds: [], closes: [], open: [] };
  for (const entry of entries) {
    const input = moved(entry, order.order_account);
    const output = moved(entry, order.output_account);
    const touched = { signature: entry.signature, slot: entry.slot, fee: BigInt(entry.fee), input, output };
    if (input > 0n && output === 0n) life.deposits.push(touched);
    else if (output > 0n) life.swaps.push(touched);
    else if (output < 0n) life.payouts.push({ ...touched, received: received(entry, order.wallet, order.output_mint) });
    else if (input < 0n) life.refunds.push({ ...touched, received: received(entry, order.wallet, order.input_mint) });
    else life.closes.push({ ...touched, rentBack: lamports(entry, order.wallet) });
  }
  for (const account of [order.order_account, order.output_account]) if (await devnet.exists(account))
    life.open.push(account);
  return life;
}

/**
 * What is wrong with a filled order's life; empty when it is exactly one deposit, one swap, one payout, and all closed.
 */
export function faultsOfFill(order, life) {
  const amount = BigInt(order.input_amount);
  const wrong = [];
  const expectOne = (list, what) => list.length === 1 || wrong.push(`${list.length} ${what} instead of one`);
  expectOne(life.deposits, 'deposits');
  expectOne(life.swaps, 'swaps');
  expectOne(life.payouts, 'payouts');
  if (life.refunds.length !== 0) wrong.push(`${life.refunds.length} refunds of a filled order`);
  if (life.swaps[0] && life.swaps[0].input !== -amount)
    wrong.push(`the swap took ${-life.swaps[0].input}, not ${amount}`);
  if (life.swaps[0] && life.payouts[0] && life.payouts[0].output !== -life.swaps[0].output)
    wrong.push(`the swap brought ${life.swaps[0].output}, the payout moved ${-life.payouts[0].output}`);
  if (life.payouts[0] && life.payouts[0].received !== -life.payouts[0].output)
    wrong.push(`the payout moved ${-life.payouts[0].output}, the user got ${life.payouts[0].received}`);
  for (const account of life.open) wrong.push(`account ${account} is still there`);
  return wrong;
}

/** What is wrong with a refunded order's life; empty when it is exactly one deposit and one refund of all of it. */
export function faultsOfRefund(order, life) {
  const amount = BigInt(order.input_amount);
  const wrong = [];
  if (life.deposits.length !== 1) wrong.push(`${life.deposits.length} deposits instead of one`);
  if (life.swaps.length + life.payouts.length !== 0)
    wrong.push(`${life.swaps.length} swaps and ${life.payouts.length} payouts of a refunded order`);
  if (life.refunds.length !== 1) wrong.push(`${life.refunds.length} refunds instead of one`);
  const refund = life.refunds[0];
  if (refund && refund.input !== -amount) wrong.push(`the refund took ${-refund.input}, not ${amount}`);
  // SOL comes home with the rent of the account it lay in.
  if (refund && (order.input_mint === mints.SOL ? refund.received < amount : refund.received !== amount))
    wrong.push(`the user got ${refund.received} back, not ${amount}`);
  for (const account of life.open) wrong.push(`account ${account} is still there`);
  return wrong;
}
