// What swaps and SOL payouts rest on: a transfer of a token account to itself fails the whole transaction where less
// than its amount is in the account, and otherwise changes nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spl, web3 } from '../../devnet/clients.mjs';
import { mints, sign, startDevnet } from './support/devnet.mjs';

for (const name of ['USDC', 'SOL'])
  test(`${name}: a transfer to itself is a floor`, async (t) => {
    const devnet = await startDevnet(t, ['--ms-per-slot', '0']);
    const vault = await devnet.fundedKey();
    const mint = new web3.PublicKey(mints[name]);
    const account = spl.getAssociatedTokenAddressSync(mint, vault.publicKey);
    await devnet.control('/mint-tokens', { to: vault.publicKey.toBase58(), mint: mints[name], amount: '500' });
    const held = async () =>
      (await devnet.result('getTokenAccountBalance', [account.toBase58(), { commitment: 'confirmed' }])).value.amount;
    const stranger = web3.Keypair.generate().publicKey;
    const paid = async () =>
      (await devnet.result('getBalance', [stranger.toBase58(), { commitment: 'confirmed' }])).value;
    const outcome = async (floor) => {
      const { blockhash } = (await devnet.result('getLatestBlockhash', [{ commitment: 'processed' }])).value;
      const { bytes, signature } = sign([vault], blockhash, [
        web3.SystemProgram.transfer({ fromPubkey: vault.publicKey, toPubkey: stranger, lamports: 1_000_000 + floor }),
        spl.createTransferInstruction(account, account, vault.publicKey, floor),
      ]);
      await devnet.send(bytes, { skipPreflight: true });
      await devnet.advance(3);
      return (await devnet.status(signature)).err;
    };
    assert.deepEqual(await outcome(501), { InstructionError: [1, { Custom: 1 }] });
    assert.equal(await paid(), 0, 'and nothing else of it happened');
    assert.equal(await outcome(500), null);
    assert.equal(await paid(), 1_000_500);
    assert.equal(await held(), '500');
  });
