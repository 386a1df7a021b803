import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spl, web3 } from '../../devnet/clients.mjs';
import { mints, sign, startDevnet, until } from './support/devnet.mjs';

async function makerQuote(devnet, taker, amount = '100000000') {
  const body = { requestId: 'r1', quoteId: `q${amount}`, tokenIn: mints.USDC, tokenOut: mints.SOL, amount, quoteType: 'exactIn', protocol: 'v1', taker };
  return (await fetch(devnet.url(14, '/quote'), { method: 'POST', body: JSON.stringify(body) })).json();
}

/** A taker's transaction for a maker's quote, signed by the taker alone; `less` cheats the maker by so much. */
async function makerSwap(devnet, taker, quoted, less = 0n) {
  const maker = new web3.PublicKey(quoted.maker);
  const account = (mint, owner) => spl.getAssociatedTokenAddressSync(new web3.PublicKey(mint), owner);
  const instructions = [
    spl.createAssociatedTokenAccountIdempotentInstruction(taker.publicKey, account(mints.SOL, taker.publicKey), taker.publicKey, new web3.PublicKey(mints.SOL)),
    spl.createTransferInstruction(account(mints.USDC, taker.publicKey), account(mints.USDC, maker), taker.publicKey, BigInt(quoted.amountIn) - less),
    spl.createTransferInstruction(account(mints.SOL, maker), account(mints.SOL, taker.publicKey), maker, BigInt(quoted.amountOut)),
  ];
  const { blockhash, lastValidBlockHeight } = (await devnet.result('getLatestBlockhash', [{ commitment: 'processed' }])).value;
  const { bytes, signature } = sign([taker], blockhash, instructions);
  const answer = await fetch(devnet.url(14, '/swap'), { method: 'POST', body: JSON.stringify({ requestId: quoted.requestId, quoteId: quoted.quoteId, transaction: Buffer.from(bytes).toString('base64') }) });
  return { answer: await answer.json(), signature, lastValidBlockHeight };
}

async function fundedTaker(devnet) {
  const taker = await devnet.fundedKey();
  await devnet.control('/mint-tokens', { to: taker.publicKey.toBase58(), mint: mints.USDC, amount: '1000000000' });
  return taker;
}

test('maker: quotes below the middle, signs what it quoted, broadcasts it itself', async (t) => {
  const devnet = await startDevnet(t, 8, ['--ms-per-slot', '10']);
  const taker = await fundedTaker(devnet);
  const quoted = await makerQuote(devnet, taker.publicKey.toBase58());
  assert.equal(quoted.amountOut, ((100_000_000n * 1000n * 9995n) / (150n * 10_000n)).toString());
  const cheat = await makerSwap(devnet, taker, quoted, 1n);
  assert.match(cheat.answer.state.rejectedWithReason, /would receive 99999999/);
  const { answer, signature } = await makerSwap(devnet, taker, quoted);
  assert.equal(answer.state, 'accepted');
  assert.equal((await until('it lands', () => devnet.status(signature))).err, null);
  assert.equal(await devnet.tokenAmount(taker.publicKey, mints.SOL), BigInt(quoted.amountOut));
  assert.match((await makerSwap(devnet, taker, quoted)).answer.state.rejectedWithReason, /already used/);
  assert.ok((await (await fetch(devnet.url(14, '/tokens'))).json()).includes(mints.SOL));
});

test('maker: no_fill accepts and never broadcasts; late_fill lands in the last block it can', async (t) => {
  const devnet = await startDevnet(t, 8, ['--ms-per-slot', '0']);
  const taker = await fundedTaker(devnet);
  await devnet.fault('maker', 'no_fill', { count: 1 });
  const never = await makerSwap(devnet, taker, await makerQuote(devnet, taker.publicKey.toBase58(), '1000000'));
  await devnet.fault('maker', 'late_fill', { count: 1 });
  const late = await makerSwap(devnet, taker, await makerQuote(devnet, taker.publicKey.toBase58(), '2000000'));
  assert.deepEqual([never.answer.state, late.answer.state], ['accepted', 'accepted']);
  const height = await devnet.result('getBlockHeight', [{ commitment: 'processed' }]);
  await devnet.advance(late.lastValidBlockHeight - height);
  assert.equal(await devnet.status(late.signature), null);
  await devnet.advance(1);
  assert.equal((await devnet.status(late.signature)).err, null);
  await devnet.advance(50);
  assert.equal(await devnet.status(never.signature), null);
});
