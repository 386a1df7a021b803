// Places real orders through the public API, walks the price, prints what becomes of them, and judges it by the chain's
// own ledger.
import { Client } from '../../tests/system/lib/client.mjs';
import { Database } from '../../tests/system/lib/database.mjs';
import { Devnet, decimals, mints, units } from '../../tests/system/lib/devnet.mjs';
import { faultsOfFill, faultsOfRefund, judge } from '../../tests/system/lib/judge.mjs';
import { pause, waitFor } from '../../tests/system/lib/wait.mjs';

const portBase = Number(process.env.PORT_BASE ?? 18000);
const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
const [bold, dim, red, green, cyan] = [1, 2, 31, 32, 36].map(paint);
const symbolOf = Object.fromEntries(Object.entries(mints).map(([symbol, mint]) => [mint, symbol]));
const final = new Set(['fill_success', 'cancelled', 'oco_cancelled', 'expired', 'deposit_failed', 'fill_failed']);

const began = Date.now();
const at = (ms = Date.now()) => dim(`${((ms - began) / 1000).toFixed(1).padStart(6)} s`);
const say = (text) => console.log(`${at()}  ${text}`);

function amount(mint, raw) {
  const symbol = symbolOf[mint];
  const places = decimals[symbol];
  const text = BigInt(raw).toString().padStart(places + 1, '0');
  return `${text.slice(0, -places)}.${text.slice(-places).replace(/0+$/, '') || '0'} ${symbol}`;
}

const devnet = new Devnet(portBase);
const database = new Database(portBase);
const user = new Client({ base: `http://127.0.0.1:${portBase}/trigger/v2` });

/** Prices change in small steps: a sudden jump would have to prove itself first. */
async function walk(symbol, prices) {
  for (const price of prices) {
    await devnet.price(symbol, price);
    say(cyan(`${symbol} is at ${price} USD`));
    await pause(1_200);
  }
}

const plan = [
  { label: 'sell SOL above', expect: 'fill_success', input: 'SOL', output: 'USDC', trigger: 'SOL', condition: 'above',
    price: 156, deposit: '1.5' },
  { label: 'buy SOL below', expect: 'fill_success', input: 'USDC', output: 'SOL', trigger: 'SOL', condition: 'below',
    price: 147, deposit: '200' },
  { label: 'stop loss JUP', expect: 'fill_success', input: 'JUP', output: 'USDC', trigger: 'JUP', condition: 'below',
    price: 0.46, deposit: '300' },
  { label: 'expires', expect: 'expired', input: 'USDC', output: 'BONK', trigger: 'BONK', condition: 'below',
    price: 0.000001, deposit: '25', lifeMs: 15_000 },
];

async function balances() {
  const list = {};
  for (const symbol of Object.keys(mints)) list[symbol] = symbol === 'SOL' ? await devnet.lamports(user.address)
    : await devnet.tokens(user.address, mints[symbol]);
  return list;
}

const showBalances = (list) => Object.entries(list).map(([symbol, raw]) => amount(mints[symbol], raw)).join(', ');

async function place(planned) {
  const order = await user.place({
    inputMint: mints[planned.input],
    outputMint: mints[planned.output],
    triggerMint: mints[planned.trigger],
    triggerCondition: planned.condition,
    triggerPriceUsd: planned.price,
    amount: units(planned.input, planned.deposit),
    ...(planned.lifeMs ? { expiresAt: Date.now() + planned.lifeMs } : {}),
  });
  Object.assign(planned, { id: order.id, seen: 0 });
  say(`${bold(planned.label.padEnd(15))} order ${order.id}: ${planned.deposit} ${planned.input} → ${planned.output} when ${planned.trigger} is ${planned.condition} ${planned.price} USD${planned.lifeMs ? `, for ${planned.lifeMs / 1000} s` : ''}`);
  say(`${' '.repeat(15)} deposit ${order.txSignature}${order.depositConfirmed ? ', confirmed' : ''}`);
}

/** Prints the transitions of an order that are new since the last report. */
async function report(planned) {
  const transitions = await database.transitions(planned.id);
  for (const transition of transitions.slice(planned.seen)) {
    let because = transition.reason ? dim(`  ${transition.reason}`) : '';
    if (transition.evidence_id) {
      const [seen] = await database.rows(
        `select price_usd::text, source from trigger_evidence where evidence_id = '${transition.evidence_id}'`);
      if (seen?.price_usd) because = dim(`  ${seen.source} saw ${Number(seen.price_usd)} USD`);
    }
    console.log(
      `${at(transition.at_ms)}  ${bold(planned.label.padEnd(15))} ${transition.from_state} → ${green(transition.to_state)} ${dim(`by ${transition.role}`)}${because}`);
  }
  planned.seen = transitions.length;
  planned.state = transitions.at(-1)?.to_state;
  return final.has(planned.state);
}

async function followAll(stopped) {
  for (;;) {
    let open = 0;
    for (const planned of plan) if (planned.id && !(await report(planned))) open++;
    if (stopped.when() && open === 0) return true;
    if (Date.now() > stopped.deadline) return false;
    await pause(250);
  }
}

async function judgeOrder(planned) {
  const order = await database.order(planned.id);
  const life = await judge(devnet, order);
  const shown = await user.order(planned.id);
  const wrong = planned.expect === 'expired' ? faultsOfRefund(order, life) : faultsOfFill(order, life);
  if (order.state !== planned.expect) wrong.unshift(`its state is ${order.state}, not ${planned.expect}`);
  if (shown.rawState !== order.state) wrong.push(`the API shows ${shown.rawState}, the database ${order.state}`);
  console.log(
    `\n${bold(planned.label)}  ${order.order_id}  ${wrong.length === 0 ? green(order.state) : red(order.state)}`);
  for (const [name, list] of Object.entries({ deposit: life.deposits, swap: life.swaps, payout: life.payouts,
    refund: life.refunds, close: life.closes })) {
    for (const entry of list) {
      const what = {
        deposit: () => amount(order.input_mint, entry.input),
        swap: () => `${amount(order.input_mint, -entry.input)} for ${amount(order.output_mint, entry.output)}`,
        payout: () => `${amount(order.output_mint, entry.received)} to the user`,
        refund: () => `${amount(order.input_mint, -entry.input)} to the user, without a signature of his`,
        close: () => 'accounts closed, rent returned',
      }[name]();
      console.log(`  ${name.padEnd(8)} ${entry.signature}  slot ${entry.slot}  ${what}`);
    }
  }
  console.log(`  API      ${shown.orderState}, events: ${shown.events.map((e) => `${e.type} ${e.state}`).join(', ')}`);
  for (const sentence of wrong) console.log(red(`  wrong: ${sentence}`));
  return wrong.length === 0;
}

async function main() {
  console.log(bold('\nA wallet, its money and its vault'));
  await devnet.price('SOL', 150);
  await devnet.price('JUP', '0.5');
  const startingMoney = new Set();
  for (const { signature } of [await devnet.airdrop(user.address, units('SOL', '10')),
    await devnet.mint(user.address, mints.USDC, units('USDC', '1000')),
    await devnet.mint(user.address, mints.JUP, units('JUP', '1000'))]) startingMoney.add(signature);
  await user.login();
  const { vaultPubkey } = await user.registerVault();
  say(`wallet ${user.address}, vault ${vaultPubkey}`);
  const before = await balances();
  say(`the wallet holds ${showBalances(before)}`);

  console.log(bold('\nFour orders through the public API'));
  for (const planned of plan) await place(planned);

  console.log(bold('\nThe price walks; each line is a durable transition of an order'));
  let walked = false;
  const stopped = { when: () => walked, deadline: Date.now() + 300_000 };
  const following = followAll(stopped);
  following.catch(() => {});
  await waitFor('all deposits confirmed',
    () => plan.every((planned) => planned.state && !planned.state.includes('deposit')), { timeoutMs: 60_000 });
  await walk('SOL', [152, 154, 157]);
  await walk('JUP', ['0.48', '0.455']);
  await walk('SOL', [152, 149, 146.5]);
  walked = true;
  if (!(await following)) console.log(red('\nNot all orders came to an end within 5 minutes.'));

  console.log(bold("\nWhat the chain's own ledger shows"));
  // A transaction is in the ledger when it is finalized, a moment after the order is final.
  let good = true;
  for (const planned of plan) good = (await judgeOrder(planned)) && good;
  const after = await balances();
  console.log(`\nthe wallet held  ${showBalances(before)}\nand holds now    ${showBalances(after)}`);
  const booked = (await devnet.ledger(user.address)).filter((e) => e.err === null || e.lamportDeltas.length > 0);
  const expected = { ...before };
  for (const symbol of Object.keys(mints)) {
    const deltas = booked.filter((e) => !startingMoney.has(e.signature)).flatMap((e) =>
      (symbol === 'SOL' ? e.lamportDeltas.filter((d) => d.account === user.address)
      : e.tokenDeltas.filter((d) => d.owner === user.address && d.mint === mints[symbol])));
    expected[symbol] = deltas.reduce((sum, d) => sum + BigInt(d.delta), before[symbol]);
    if (expected[symbol] !== after[symbol]) {
      good = false;
      console.log(red(`by the ledger it should hold ${amount(mints[symbol], expected[symbol])}`));
    }
  }
  console.log(good ? green(bold('\nEvery order ended as it should: one swap and one payout each, and one refund.'))
    : red(bold('\nNot every order ended as it should.')));
  return good;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (problem) {
  console.log(red(`\nThe demo stopped: ${problem.stack ?? problem}`));
  process.exitCode = 1;
} finally {
  setTimeout(() => process.exit(), 500).unref();
}
