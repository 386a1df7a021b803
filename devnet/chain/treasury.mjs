import { createAssociatedTokenAccountIdempotentInstruction, createMintToInstruction,
  createSyncNativeInstruction } from '@solana/spl-token';
import { PublicKey, SystemProgram, TransactionInstruction, TransactionMessage,
  VersionedTransaction } from '@solana/web3.js';
import { devnetKey } from '../keys.mjs';
import { associatedTokenAddress, makerKey, mintAuthority, tokenByMint, tokenProgramOf,
  wrappedSol } from '../market/tokens.mjs';
import { systemProgram } from './svm.mjs';
import { parseTransaction } from './transaction.mjs';

const memoProgram = new PublicKey('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');
const faucet = devnetKey('faucet');
const faucetLamports = 500_000_000n * 10n ** 9n;

/**
 * Gives out money by real transactions, so that the ledger, the commitments and the signatures of funding are like any
 * other's.
 */
export class Treasury {
  #chain;
  #count = 0;

  constructor(chain) {
    this.#chain = chain;
    for (const key of [faucet, mintAuthority, makerKey])
      chain.placeAccount(key.publicKey.toBase58(),
      { lamports: faucetLamports, data: new Uint8Array(), owner: systemProgram, executable: false });
  }

  /** Submits and returns the transaction; it lands in the next block. */
  airdrop(to, lamports) {
    return this.#submit([
      SystemProgram.transfer({ fromPubkey: faucet.publicKey, toPubkey: new PublicKey(to), lamports })]);
  }

  /** Into the owner's associated account, made where missing. */
  mintTokens(to, mint, amount) {
    const token = tokenByMint(mint);
    const program = new PublicKey(tokenProgramOf(token));
    const owner = new PublicKey(to);
    const mintKey = new PublicKey(mint);
    const account = new PublicKey(associatedTokenAddress(mint, to, tokenProgramOf(token)));
    const create = createAssociatedTokenAccountIdempotentInstruction(faucet.publicKey, account, owner,
      mintKey, program);
    const fill = mint === wrappedSol
      ? [SystemProgram.transfer({ fromPubkey: faucet.publicKey, toPubkey: account, lamports: amount }),
        createSyncNativeInstruction(account)]
      : [createMintToInstruction(mintKey, account, mintAuthority.publicKey, amount, [], program)];
    return { account: account.toBase58(), transaction: this.#submit([create, ...fill]) };
  }

  #submit(instructions) {
    // The memo keeps two identical gifts from being one transaction.
    const memo = new TransactionInstruction({ programId: memoProgram, keys: [],
      data: Buffer.from(`devnet ${this.#count++}`) });
    const all = [...instructions, memo];
    const message = new TransactionMessage({ payerKey: faucet.publicKey, recentBlockhash: this.#chain.tip.hash,
      instructions: all }).compileToV0Message();
    const signed = new VersionedTransaction(message);
    const isSigner = (key) => message.staticAccountKeys.slice(0,
      message.header.numRequiredSignatures).some((k) => k.equals(key.publicKey));
    signed.sign([faucet, mintAuthority].filter(isSigner));
    const transaction = parseTransaction(signed.serialize());
    if (!this.#chain.submit(transaction, { own: true })) throw new Error('the pool of pending transactions is full');
    return transaction;
  }
}
