import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket, spl, web3 } from '../../devnet/clients.mjs';
import { mints, sign, startDevnet, until } from './support/devnet.mjs';

const paused = ['--ms-per-slot', '0'];

test('preflight refuses with the cluster\'s code, error and logs; skipped, the failure lands and pays its fee',
  async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey(1_000_000_000);
  const sent = await devnet.transfer(payer, 5_000_000_000);
  const { error } = await devnet.send(sent.bytes, { skipPreflight: false, preflightCommitment: 'processed' });
  assert.equal(error.code, -32002);
  assert.deepEqual(error.data.err, { InstructionError: [0, { Custom: 1 }] });
  assert.equal(error.message,
    'Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1');
  assert.ok(error.data.logs.length > 0);
  assert.equal(error.data.unitsConsumed, 150);

  assert.equal((await devnet.send(sent.bytes)).result, sent.signature);
  await devnet.advance(2);
  assert.deepEqual((await devnet.status(sent.signature)).err, { InstructionError: [0, { Custom: 1 }] });
  const { meta } = await devnet.result('getTransaction',
    [sent.signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 }]);
  assert.deepEqual(meta.status, { Err: { InstructionError: [0, { Custom: 1 }] } });
  assert.equal(meta.fee, 5000);
  assert.equal((await devnet.result('getBalance', [payer.publicKey.toBase58(), { commitment: 'processed' }])).value,
    1_000_000_000 - 5000);
});

test('a bad signature is refused by preflight and never lands without it', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer);
  sent.bytes[40] ^= 1;
  const { error } = await devnet.send(sent.bytes, { skipPreflight: false, preflightCommitment: 'processed' });
  assert.equal(error.data.err, 'SignatureFailure');
  const { result } = await devnet.send(sent.bytes);
  await devnet.advance(3);
  assert.equal(await devnet.status(result), null);
});

test('errors that have no number of their own come under the cluster\'s names', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const poor = web3.Keypair.generate();
  const preflight = async ({ bytes }) =>
    (await devnet.send(bytes, { skipPreflight: false, preflightCommitment: 'processed' })).error.data.err;
  assert.equal(await preflight(await devnet.transfer(poor)), 'AccountNotFound');
  assert.deepEqual(await preflight(await devnet.transfer(payer, 1)),
    { InsufficientFundsForRent: { account_index: 1 } });
  const { blockhash } = (await devnet.result('getLatestBlockhash', [{ commitment: 'processed' }])).value;
  const one = (keys, data, programId) => sign([payer], blockhash,
    [new web3.TransactionInstruction({ programId, keys, data })]);
  assert.deepEqual(await preflight(one([], Buffer.from([99]), web3.SystemProgram.programId)),
    { InstructionError: [0, 'InvalidInstructionData'] });
  const invalid = Buffer.alloc(12);
  invalid.writeUInt32LE(2);
  assert.deepEqual(await preflight(one([], invalid, web3.SystemProgram.programId)),
    { InstructionError: [0, 'MissingAccount'] });
  const twice = [web3.ComputeBudgetProgram.setComputeUnitLimit({ units: 1 }),
    web3.ComputeBudgetProgram.setComputeUnitLimit({ units: 2 })];
  assert.deepEqual(await preflight(sign([payer], blockhash, twice)), { DuplicateInstruction: 1 });
});

test('what is no transaction, or too large a one, is -32602', async (t) => {
  const devnet = await startDevnet(t, paused);
  assert.equal((await devnet.send(Buffer.from('nonsense'))).error.code, -32602);
  const { error } = await devnet.send(Buffer.alloc(1233));
  assert.equal(error.code, -32602);
  assert.match(error.message, /too large: 1644 bytes|too large: 1233 bytes/);
  assert.equal((await devnet.rpc('noSuchMethod')).error.code, -32601);
  assert.equal((await devnet.rpc('getBalance', ['nonsense'])).error.code, -32602);
  assert.equal((await devnet.rpc('getAccountInfo', [mints.USDC, { encoding: 'base64+zstd' }])).error.code, -32602);
  assert.equal((await devnet.rpc('getTransaction', ['1'.repeat(64), { commitment: 'processed' }])).error.code, -32602);
});

test('fees: 5000 a signature plus the priority fee on the requested limit', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const second = web3.Keypair.generate();
  const { blockhash } = (await devnet.result('getLatestBlockhash', [{ commitment: 'processed' }])).value;
  const instructions = [
    web3.ComputeBudgetProgram.setComputeUnitLimit({ units: 100_001 }),
    web3.ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 33 }),
    web3.SystemProgram.createAccount({ fromPubkey: payer.publicKey, newAccountPubkey: second.publicKey,
      lamports: 1_000_000, space: 0, programId: web3.SystemProgram.programId }),
  ];
  const { bytes, signature } = sign([payer, second], blockhash, instructions);
  const message = web3.VersionedTransaction.deserialize(bytes).message.serialize();
  const quoted = (await devnet.result('getFeeForMessage',
    [Buffer.from(message).toString('base64'), { commitment: 'processed' }])).value;
  assert.equal(quoted, 10_000 + 4);
  await devnet.send(bytes);
  await devnet.advance(2);
  const landed = await devnet.result('getTransaction',
    [signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 }]);
  assert.equal(landed.meta.err, null);
  assert.equal(landed.meta.fee, quoted);
  assert.equal(landed.meta.preBalances[0] - landed.meta.postBalances[0], 1_000_000 + quoted);
  const fees = await devnet.result('getRecentPrioritizationFees', [[payer.publicKey.toBase58()]]);
  assert.equal(fees.find((f) => f.slot === landed.slot).prioritizationFee, 33);
});

test('64-bit numbers are exact', async (t) => {
  const devnet = await startDevnet(t, paused);
  const to = web3.Keypair.generate().publicKey.toBase58();
  const lamports = 2n ** 53n + 1n;
  await devnet.control('/airdrop', { to, lamports: lamports.toString() });
  const response = await fetch(devnet.url(10),
    { method: 'POST',
    body: `{"jsonrpc":"2.0","id":1,"method":"getBalance","params":["${to}",{"commitment":"processed"}]}` });
  assert.match(await response.text(), new RegExp(`"value":${lamports}}`));
  const asked = await fetch(devnet.url(10),
    { method: 'POST', body: `{"jsonrpc":"2.0","id":1,"method":"requestAirdrop","params":["${to}",${lamports}]}` });
  assert.ok((await asked.json()).result);
  await devnet.advance(1);
  const book = await devnet.control(`/ledger?account=${to}`);
  assert.deepEqual(book.map((e) => e.lamportDeltas.find((d) => d.account === to).delta),
    [lamports.toString(), lamports.toString()]);
});

test('a swap of tokens shows in the token balances before and after', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const to = web3.Keypair.generate().publicKey;
  for (const [owner, amount] of [[payer.publicKey, '1000'], [to, '5']])
    await devnet.control('/mint-tokens', { to: owner.toBase58(), mint: mints.USDC, amount });
  const account = (owner) => spl.getAssociatedTokenAddressSync(new web3.PublicKey(mints.USDC), owner);
  const { blockhash } = (await devnet.result('getLatestBlockhash', [{ commitment: 'processed' }])).value;
  const { bytes, signature } = sign([payer], blockhash,
    [spl.createTransferCheckedInstruction(account(payer.publicKey), new web3.PublicKey(mints.USDC), account(to),
    payer.publicKey, 300n, 6)]);
  await devnet.send(bytes);
  await devnet.advance(2);
  const { meta, transaction } = await devnet.result('getTransaction',
    [signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 }]);
  const show = (list) =>
    Object.fromEntries(list.map((b) => [transaction.message.accountKeys[b.accountIndex],
    [b.owner, b.uiTokenAmount.amount, b.uiTokenAmount.decimals]]));
  const [from, into] = [account(payer.publicKey).toBase58(), account(to).toBase58()];
  assert.deepEqual(show(meta.preTokenBalances),
    { [from]: [payer.publicKey.toBase58(), '1000', 6], [into]: [to.toBase58(), '5', 6] });
  assert.deepEqual(show(meta.postTokenBalances),
    { [from]: [payer.publicKey.toBase58(), '700', 6], [into]: [to.toBase58(), '305', 6] });
});

test('simulation: of an old blockhash replaced, with accounts, and leaving nothing behind', async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer, 3_000_000);
  await devnet.advance(200);
  const simulate = async (config) =>
    (await devnet.result('simulateTransaction',
    [Buffer.from(sent.bytes).toString('base64'), { encoding: 'base64', commitment: 'processed', ...config }])).value;
  assert.equal((await simulate({})).err, 'BlockhashNotFound');
  const value = await simulate({ replaceRecentBlockhash: true,
    accounts: { encoding: 'base64', addresses: [sent.to.toBase58()] } });
  assert.equal(value.err, null);
  assert.equal(value.accounts[0].lamports, 3_000_000);
  assert.ok(value.replacementBlockhash.lastValidBlockHeight > sent.lastValidBlockHeight);
  assert.equal((await devnet.result('getBalance', [sent.to.toBase58(), { commitment: 'processed' }])).value, 0);
});

test('accounts: rent, slices, batches, filters, the same through both endpoints', async (t) => {
  const devnet = await startDevnet(t, paused);
  const owner = web3.Keypair.generate().publicKey.toBase58();
  const { account } = await devnet.control('/mint-tokens', { to: owner, mint: mints.JUP, amount: '77' });
  const rent = await devnet.result('getMinimumBalanceForRentExemption', [165]);
  const { value } = await devnet.result('getAccountInfo',
    [account, { encoding: 'base64', commitment: 'confirmed', dataSlice: { offset: 64, length: 8 } }], 1);
  assert.equal(value.lamports, rent);
  assert.equal(value.space, 165);
  assert.equal(Buffer.from(value.data[0], 'base64').readBigUInt64LE(), 77n);
  const several = await devnet.result('getMultipleAccounts',
    [[account, owner], { encoding: 'base64', commitment: 'confirmed' }]);
  assert.equal(several.value[1], null);
  const found = await devnet.result('getProgramAccounts',
    [spl.TOKEN_PROGRAM_ID.toBase58(), { encoding: 'base64', commitment: 'confirmed',
    filters: [{ dataSize: 165 }, { memcmp: { offset: 32, bytes: owner } }] }]);
  assert.deepEqual(found.map((f) => f.pubkey), [account]);
  assert.deepEqual(await devnet.result('getProgramAccounts',
    [spl.TOKEN_PROGRAM_ID.toBase58(), { encoding: 'base64', commitment: 'finalized',
    filters: [{ memcmp: { offset: 32, bytes: owner } }] }]), []);
  const batch = await fetch(devnet.url(10),
    { method: 'POST', body: JSON.stringify([{ jsonrpc: '2.0', id: 'a', method: 'getHealth' },
    { jsonrpc: '2.0', id: 'b', method: 'getSlot' }]) });
  assert.deepEqual((await batch.json()).map((x) => [x.id, x.result !== undefined]), [['a', true], ['b', true]]);
});

test('signature subscription: received first, then once at its commitment, and also where it landed before',
  async (t) => {
  const devnet = await startDevnet(t, paused);
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer);
  const socket = new WebSocket(devnet.ws(10));
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  t.after(() => socket.close());
  const messages = [];
  socket.addEventListener('message', ({ data }) => messages.push(JSON.parse(data)));
  const subscribe = (id, config) =>
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'signatureSubscribe', params: [sent.signature, config] }));
  const events = () => messages.filter((m) => m.method === 'signatureNotification').map((m) => m.params.result.value);
  subscribe(1, { commitment: 'confirmed', enableReceivedNotification: true });
  await until('subscribed', () => messages.length === 1);
  await devnet.send(sent.bytes);
  await until('received', () => events().length === 1);
  await devnet.advance(1);
  await devnet.advance(1);
  await until('confirmed', () => events().length === 2);
  assert.deepEqual(events(), ['receivedSignature', { err: null }]);
  await devnet.advance(5);
  subscribe(2, { commitment: 'confirmed' });
  await until('told at once', () => events().length === 3);
  assert.equal(messages.at(-2).id, 2, 'the answer comes before the event');
});
