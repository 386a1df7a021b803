import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kit, system } from '../../devnet/clients-kit.mjs';
import { spl, web3 } from '../../devnet/clients.mjs';
import { mints, startMovingDevnet, until } from './support/devnet.mjs';

test('web3.js: airdrop, transfer and sendAndConfirmTransaction', async (t) => {
  const devnet = await startMovingDevnet(t);
  const { connection } = devnet;
  const payer = web3.Keypair.generate();
  const to = web3.Keypair.generate().publicKey;
  const airdrop = await connection.requestAirdrop(payer.publicKey, 2 * web3.LAMPORTS_PER_SOL);
  await connection.confirmTransaction({ signature: airdrop, ...(await connection.getLatestBlockhash()) });
  const transaction = new web3.Transaction().add(
    web3.SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports: 1_000_000 }));
  const signature = await web3.sendAndConfirmTransaction(connection, transaction, [payer]);
  assert.equal(await connection.getBalance(to), 1_000_000);
  assert.equal(await connection.getBalance(payer.publicKey), 2 * web3.LAMPORTS_PER_SOL - 1_000_000 - 5000);

  const landed = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
  assert.equal(landed.meta.fee, 5000);
  assert.deepEqual(landed.meta.preBalances.map((b, i) => landed.meta.postBalances[i] - b), [-1_005_000, 1_000_000, 0]);
  const parsed = await connection.getParsedTransaction(signature);
  assert.equal(parsed.transaction.message.accountKeys[0].pubkey.toBase58(), payer.publicKey.toBase58());
  const listed = await connection.getSignaturesForAddress(to);
  assert.deepEqual(listed.map((l) => l.signature), [signature]);
  const block = await connection.getBlock(landed.slot, { maxSupportedTransactionVersion: 0 });
  assert.ok(block.transactions.some((x) => x.transaction.signatures[0] === signature));
});

test('web3.js: a mint and token accounts of one\'s own, and the preset ones', async (t) => {
  const devnet = await startMovingDevnet(t);
  const { connection } = devnet;
  const payer = await devnet.fundedKey();
  const mint = await spl.createMint(connection, payer, payer.publicKey, null, 3);
  const account = await spl.getOrCreateAssociatedTokenAccount(connection, payer, mint, payer.publicKey);
  await spl.mintTo(connection, payer, mint, account.address, payer, 12_345n);
  assert.equal((await spl.getAccount(connection, account.address)).amount, 12_345n);
  assert.equal((await connection.getTokenSupply(mint)).value.uiAmountString, '12.345');

  await devnet.control('/mint-tokens', { to: payer.publicKey.toBase58(), mint: mints.USDC, amount: '18446744073' });
  const { value } = await connection.getParsedTokenAccountsByOwner(payer.publicKey,
    { programId: spl.TOKEN_PROGRAM_ID });
  const amounts = Object.fromEntries(
    value.map((v) => [v.account.data.parsed.info.mint, v.account.data.parsed.info.tokenAmount.uiAmountString]));
  assert.deepEqual(amounts, { [mint.toBase58()]: '12.345', [mints.USDC]: '18446.744073' });
  const byMint = await connection.getTokenAccountsByOwner(payer.publicKey, { mint });
  assert.deepEqual(byMint.value.map((v) => v.pubkey.toBase58()), [account.address.toBase58()]);
});

test('web3.js: a lookup table is made, filled and used', async (t) => {
  const devnet = await startMovingDevnet(t);
  const { connection } = devnet;
  const payer = await devnet.fundedKey();
  const to = web3.Keypair.generate().publicKey;
  const send = async (instructions, tables) => {
    const latest = await connection.getLatestBlockhash();
    const message = new web3.TransactionMessage({ payerKey: payer.publicKey, recentBlockhash: latest.blockhash,
      instructions }).compileToV0Message(tables);
    const transaction = new web3.VersionedTransaction(message);
    transaction.sign([payer]);
    const signature = await connection.sendTransaction(transaction);
    const { value } = await connection.confirmTransaction({ signature, ...latest });
    assert.equal(value.err, null);
    return signature;
  };
  const [create, address] = web3.AddressLookupTableProgram.createLookupTable({
    authority: payer.publicKey, payer: payer.publicKey, recentSlot: await connection.getSlot('confirmed') });
  await send([create]);
  await send([web3.AddressLookupTableProgram.extendLookupTable({
    lookupTable: address, authority: payer.publicKey, payer: payer.publicKey, addresses: [to] })]);
  const table = (await connection.getAddressLookupTable(address)).value;
  const signature = await send([
    web3.SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports: 2_000_000 })], [table]);
  assert.equal(await connection.getBalance(to), 2_000_000);
  const { meta } = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
  assert.deepEqual(meta.loadedAddresses.writable.map((k) => k.toBase58()), [to.toBase58()]);
  assert.equal(meta.postBalances[2], 2_000_000, 'looked-up keys come after the static ones');
  assert.equal((await devnet.rpc('getTransaction', [signature, { commitment: 'confirmed' }])).error.code, -32015);
});

test('web3.js: signature, account, logs and slot subscriptions', async (t) => {
  const devnet = await startMovingDevnet(t);
  const { connection } = devnet;
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer, 3_000_000);
  const seen = {};
  await connection.onAccountChange(sent.to, (account, context) =>
    (seen.account = { lamports: account.lamports, slot: context.slot }), { commitment: 'confirmed' });
  await connection.onLogs(payer.publicKey, (logs) => (seen.logs = logs.signature), 'confirmed');
  await connection.onSlotChange((slot) => (seen.slots ??= []).push(slot));
  await connection.onSignature(sent.signature, (result) => (seen.signature = result), 'confirmed');
  await until('the slot subscription runs', () => seen.slots?.length > 0);
  await devnet.send(sent.bytes);
  await until('all have fired', () => seen.account && seen.logs && seen.signature && seen.slots.length > 5);
  assert.equal(seen.account.lamports, 3_000_000);
  assert.equal(seen.logs, sent.signature);
  assert.deepEqual(seen.signature, { err: null });
  for (const [i, slot] of seen.slots.entries()) if (i > 0) assert.equal(slot.parent, seen.slots[i - 1].slot);
});

test('kit: airdrop and sendAndConfirm, at finalized', async (t) => {
  const devnet = await startMovingDevnet(t);
  const rpc = kit.createSolanaRpc(devnet.url(10));
  const rpcSubscriptions = kit.createSolanaRpcSubscriptions(devnet.ws(10));
  const payer = await kit.generateKeyPairSigner();
  const to = await kit.generateKeyPairSigner();
  await kit.airdropFactory({ rpc, rpcSubscriptions })({
    recipientAddress: payer.address, lamports: kit.lamports(5_000_000_000n), commitment: 'finalized' });
  const { value: latest } = await rpc.getLatestBlockhash().send();
  const message = kit.pipe(
    kit.createTransactionMessage({ version: 0 }),
    (m) => kit.setTransactionMessageFeePayerSigner(payer, m),
    (m) => kit.setTransactionMessageLifetimeUsingBlockhash(latest, m),
    (m) => kit.appendTransactionMessageInstruction(
      system.getTransferSolInstruction({ source: payer, destination: to.address, amount: 1_234_567n }), m),
  );
  const transaction = await kit.signTransactionMessageWithSigners(message);
  await kit.sendAndConfirmTransactionFactory({ rpc, rpcSubscriptions })(transaction, { commitment: 'finalized' });
  assert.equal((await rpc.getBalance(to.address, { commitment: 'finalized' }).send()).value, 1_234_567n);
  const info = await rpc.getAccountInfo(to.address, { encoding: 'base64', commitment: 'finalized' }).send();
  assert.equal(info.value.lamports, 1_234_567n);
});

test('kit: account notifications', async (t) => {
  const devnet = await startMovingDevnet(t);
  const payer = await devnet.fundedKey();
  const sent = await devnet.transfer(payer, 4_000_000);
  const stop = new AbortController();
  const notifications = await kit.createSolanaRpcSubscriptions(devnet.ws(10))
    .accountNotifications(kit.address(sent.to.toBase58()), { commitment: 'processed', encoding: 'base64' })
    .subscribe({ abortSignal: stop.signal });
  // What comes before anybody asks is dropped there.
  const first = notifications[Symbol.asyncIterator]().next();
  await devnet.send(sent.bytes);
  assert.equal((await first).value.value.lamports, 4_000_000n);
  stop.abort();
});
