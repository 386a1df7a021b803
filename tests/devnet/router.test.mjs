import assert from 'node:assert/strict';
import { test } from 'node:test';
import { web3, spl } from '../../devnet/clients.mjs';
import { mints, sign, startDevnet } from './support/devnet.mjs';

const accountFrozen = 17;

async function quote(devnet, query) {
  const response = await fetch(devnet.url(12, `/quote?${new URLSearchParams(query)}`));
  return { status: response.status, body: await response.json() };
}

async function instructions(devnet, body, path = '/swap-instructions') {
  const response = await fetch(devnet.url(12, path), { method: 'POST', body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
}

function instruction({ programId, accounts, data }) {
  return new web3.TransactionInstruction({
    programId: new web3.PublicKey(programId),
    keys: accounts.map((a) => ({ ...a, pubkey: new web3.PublicKey(a.pubkey) })),
    data: Buffer.from(data, 'base64'),
  });
}

/** A key with SOL, USDC and an order to swap 100 USDC into wrapped SOL, signed but not sent. */
async function preparedSwap(devnet, slippageBps = 50) {
  const user = await devnet.fundedKey();
  await devnet.control('/mint-tokens', { to: user.publicKey.toBase58(), mint: mints.USDC, amount: '500000000' });
  const { body } = await quote(devnet, { inputMint: mints.USDC, outputMint: mints.SOL, amount: '100000000',
    slippageBps });
  const parts = await instructions(devnet,
    { userPublicKey: user.publicKey.toBase58(), quoteResponse: body, wrapAndUnwrapSol: false });
  return { user, quoted: body, parts, signed: async () => {
    const { blockhash } = (await devnet.result('getLatestBlockhash', [{ commitment: 'confirmed' }])).value;
    return sign([user], blockhash, [...parts.setupInstructions, parts.swapInstruction].map(instruction));
  } };
}

test('a swap moves exactly the quoted amounts, and needs no signature but the taker\'s', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  const { user, quoted, parts, signed } = await preparedSwap(devnet);
  assert.ok(BigInt(quoted.outAmount) < 100_000_000n * 1000n / 150n, 'the quote is below the middle');
  assert.ok(BigInt(quoted.otherAmountThreshold) <= BigInt(quoted.outAmount));
  const signers = new Set(parts.swapInstruction.accounts.filter((a) => a.isSigner).map((a) => a.pubkey));
  assert.deepEqual([...signers], [user.publicKey.toBase58()]);

  const { bytes, signature } = await signed();
  const sent = await devnet.send(bytes, { skipPreflight: false, preflightCommitment: 'confirmed' });
  assert.equal(sent.result, signature);
  await devnet.advance(2);
  const status = await devnet.status(signature);
  assert.deepEqual([status.err, status.confirmationStatus], [null, 'confirmed']);
  assert.equal(await devnet.tokenAmount(user.publicKey, mints.USDC), 400_000_000n);
  assert.equal(await devnet.tokenAmount(user.publicKey, mints.SOL), BigInt(quoted.outAmount));
});

test('a price beyond the slippage makes a signed swap fail on chain, and moves nothing', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  const { user, parts, signed } = await preparedSwap(devnet);
  const { bytes, signature } = await signed();
  await devnet.control('/price', { mint: mints.SOL, priceUsd: '151' });
  await devnet.send(bytes);
  await devnet.advance(1);
  const status = await devnet.status(signature);
  assert.deepEqual(status.err, { InstructionError: [parts.setupInstructions.length, { Custom: accountFrozen }] });
  assert.equal(await devnet.tokenAmount(user.publicKey, mints.USDC), 500_000_000n);
});

test('a price within the slippage leaves the swap as quoted', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  const { user, quoted, signed } = await preparedSwap(devnet);
  const { bytes, signature } = await signed();
  await devnet.control('/price', { mint: mints.SOL, priceUsd: '150.5' });
  await devnet.send(bytes);
  await devnet.advance(1);
  const status = await devnet.status(signature);
  assert.equal(status.err, null);
  assert.equal(await devnet.tokenAmount(user.publicKey, mints.SOL), BigInt(quoted.outAmount));
});

test('a swap that a fork undid fails when sent again at a price that has moved away', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  const { user, parts, signed } = await preparedSwap(devnet);
  await devnet.advance(40);
  const { bytes, signature } = await signed();
  await devnet.send(bytes);
  await devnet.advance(1);
  assert.equal((await devnet.status(signature)).err, null);
  await devnet.control('/price', { mint: mints.SOL, priceUsd: '160' });
  await devnet.fault('rpc0', 'fork', { blocks: 1 });
  assert.equal(await devnet.tokenAmount(user.publicKey, mints.USDC), 500_000_000n);
  await devnet.send(bytes);
  await devnet.advance(1);
  assert.deepEqual((await devnet.status(signature)).err,
    { InstructionError: [parts.setupInstructions.length, { Custom: accountFrozen }] });
});

test('a tranche is there at every commitment at once, and its supply never changes', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  const user = await devnet.fundedKey();
  const { body } = await quote(devnet, { inputMint: mints.SOL, outputMint: mints.USDC, amount: '1000000000' });
  const reserves = async () => {
    const owner = body.routePlan[0].swapInfo.ammKey;
    return Promise.all(['processed', 'confirmed', 'finalized'].map((commitment) =>
      devnet.tokenAmount(owner, mints.USDC, commitment)));
  };
  const before = await reserves();
  const parts = await instructions(devnet,
    { userPublicKey: user.publicKey.toBase58(), quoteResponse: body, wrapAndUnwrapSol: false });
  const tranche = parts.swapInstruction.accounts[3].pubkey;
  const after = await reserves();
  for (const [i, commitment] of ['processed', 'confirmed', 'finalized'].entries()) {
    const { value } = await devnet.result('getTokenAccountBalance', [tranche, { commitment }]);
    assert.equal(value.amount, body.outAmount);
    assert.equal(before[i] - after[i], BigInt(body.outAmount));
  }
  await devnet.advance(210);
  assert.deepEqual(await reserves(), before, 'an expired tranche goes back to the pool');
});

test('the destination and the version paths are honoured; ExactOut delivers exactly', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  const user = await devnet.fundedKey();
  const receiver = web3.Keypair.generate().publicKey;
  await devnet.control('/mint-tokens', { to: user.publicKey.toBase58(), mint: mints.USDC, amount: '500000000' });
  await devnet.control('/mint-tokens', { to: receiver.toBase58(), mint: mints.JUP, amount: '1' });
  const response = await fetch(devnet.url(12,
    `/swap/v1/quote?inputMint=${mints.USDC}&outputMint=${mints.JUP}&amount=7000001&swapMode=ExactOut&slippageBps=50`));
  const quoted = await response.json();
  assert.equal(quoted.outAmount, '7000001');
  assert.ok(BigInt(quoted.inAmount) <= BigInt(quoted.otherAmountThreshold));
  const destination = spl.getAssociatedTokenAddressSync(new web3.PublicKey(mints.JUP), receiver).toBase58();
  const parts = await instructions(devnet, { userPublicKey: user.publicKey.toBase58(), quoteResponse: quoted,
    destinationTokenAccount: destination }, '/swap/v1/swap-instructions');
  assert.equal(parts.setupInstructions.length, 0);
  const { blockhash } = (await devnet.result('getLatestBlockhash', [{ commitment: 'confirmed' }])).value;
  const { bytes, signature } = sign([user], blockhash,
    [...parts.computeBudgetInstructions, parts.swapInstruction].map(instruction));
  await devnet.send(bytes);
  await devnet.advance(1);
  assert.equal((await devnet.status(signature)).err, null);
  assert.equal(await devnet.tokenAmount(receiver, mints.JUP), 7_000_002n);
});

test('SOL is wrapped and unwrapped where asked, and /build answers with a whole transaction', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
  const user = await devnet.fundedKey();
  const query = new URLSearchParams({ inputMint: mints.SOL, outputMint: mints.USDC, amount: '1000000000',
    taker: user.publicKey.toBase58() });
  const built = await (await fetch(devnet.url(12, `/swap/v2/build?${query}`))).json();
  assert.equal(built.blockhashWithMetadata.blockhash.length, 32);
  const blockhash = new web3.PublicKey(Uint8Array.from(built.blockhashWithMetadata.blockhash)).toBase58();
  const all = [...built.computeBudgetInstructions, ...built.setupInstructions, built.swapInstruction,
    built.cleanupInstruction];
  const { bytes, signature } = sign([user], blockhash, all.map(instruction));
  await devnet.send(bytes);
  await devnet.advance(1);
  assert.equal((await devnet.status(signature)).err, null);
  assert.equal(await devnet.tokenAmount(user.publicKey, mints.USDC), BigInt(built.outAmount));
  assert.equal(await devnet.tokenAmount(user.publicKey, mints.SOL), null, 'the wrapped account is closed');
});

test('what cannot be traded is refused with the public error codes', async (t) => {
  const devnet = await startDevnet(t);
  const fee = (await devnet.control('/tokens')).find((token) => token.symbol === 'FEE').mint;
  const base = { inputMint: mints.USDC, outputMint: mints.SOL, amount: '1000000' };
  assert.equal((await quote(devnet, { ...base, outputMint: fee })).body.errorCode, 'TOKEN_NOT_TRADABLE');
  assert.equal((await quote(devnet, { ...base, outputMint: mints.USDC })).body.errorCode,
    'CIRCULAR_ARBITRAGE_IS_DISABLED');
  assert.equal((await quote(devnet, { inputMint: mints.JUP, outputMint: mints.USDC, amount: '1' })).body.errorCode,
    'NO_ROUTES_FOUND');
  assert.equal((await quote(devnet, { ...base, amount: '-1' })).status, 400);
  assert.equal((await quote(devnet, { ...base, inputMint: 'nonsense' })).status, 400);
});

test('a large swap pays price impact', async (t) => {
  const devnet = await startDevnet(t, ['--depth-usd', '1000000']);
  const { body } = await quote(devnet, { inputMint: mints.USDC, outputMint: mints.JUP, amount: '1000000000000' });
  // A million USD into a million's depth, less the fee: x*y=k leaves just under half.
  assert.equal(body.outAmount, ((2_000_000_000_000n * 999_000_000_000n) / 1_999_000_000_000n).toString());
  assert.equal(body.priceImpactPct.slice(0, 6), '0.4997');
});
