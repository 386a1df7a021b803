import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { AuthorityType, createSetAuthorityInstruction } from '@solana/spl-token';
import { PublicKey, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import { parseTransaction } from '../chain/transaction.mjs';
import { derived } from '../random.mjs';
import { associatedTokenAddress, makerKey, poolAuthority, tokens } from './tokens.mjs';

const require = createRequire(import.meta.url);
const { ed25519 } = createRequire(require.resolve('@solana/web3.js'))('@noble/curves/ed25519');

/** What the maker may do with a transaction it should sign and broadcast; each is a fault of that name. */
export const misdeeds = ['no_fill', 'late_fill', 'reject_after_signing', 'lie_filled', 'fill_less', 'double_answer',
  'signed_twice', 'silent', 'underfund'];

const absurd = ['-1', '0', '1e9', '340282366920938463463374607431768211455', '99999999999999999999', 1.5, null, {},
  '0x10', ' 1', ''];
const garbled = [
  ...absurd.map((amountOut) => (quote) => ({ ...quote, amountOut })),
  (quote) => ({ ...quote, amountOut: Number(quote.amountOut) }),
  (quote) => ({ ...quote, amountOut: [quote.amountOut] }),
  (quote) => ({ ...quote, maker: 'nobody' }),
  (quote) => ({ ...quote, maker: undefined }),
  (quote) => ({ ...quote, maker: 7 }),
  (quote) => ({ ...quote, quoteId: null }),
  (quote) => [quote],
  () => null,
  () => 'quote',
  () => ({}),
];

/** Well-formed JSON that is no quote: another kind each time. */
export function garbledQuote(quote, count) {
  return garbled[count % garbled.length](quote);
}

const other = (mint) => tokens.find((token) => token.mint !== mint).mint;
const wrong = [
  (quote) => ({ quoteId: `${quote.quoteId}0` }),
  (quote) => ({ requestId: `${quote.requestId}0` }),
  (quote) => ({ tokenIn: other(quote.tokenIn) }),
  (quote) => ({ tokenOut: other(quote.tokenOut) }),
  (quote) => ({ amountIn: (BigInt(quote.amountIn) - 1n).toString() }),
  (quote) => ({ amountIn: (BigInt(quote.amountIn) + 1n).toString() }),
  () => ({ quoteType: 'exactOut' }),
];

/**
 * A quote for something else than was asked: with the fields of `change` where given, otherwise another kind each time.
 */
export function wrongQuote(quote, change, count) {
  return { ...quote, ...(change ?? wrong[count % wrong.length](quote)) };
}

/**
 * The transaction with the maker paying half of what it should, signed by the maker again: nobody else has signed that.
 */
export function paysLess(transaction) {
  const changed = parseTransaction(Uint8Array.from(transaction.bytes));
  const maker = changed.staticKeys.indexOf(makerKey.publicKey.toBase58());
  const authorityAt = { 3: 2, 12: 3 }; // Transfer, TransferChecked
  const payment = changed.instructions.find((ix) => ix.accounts[authorityAt[ix.data[0]]] === maker);
  const amount = Buffer.from(payment.data.buffer, payment.data.byteOffset + 1, 8);
  amount.writeBigUInt64LE(amount.readBigUInt64LE() / 2n);
  return signed(changed.bytes);
}

/** The same transaction with the maker's signature filled in. Throws where the maker is no signer of it. */
export function signed(bytes) {
  const transaction = VersionedTransaction.deserialize(bytes);
  transaction.sign([makerKey]);
  return parseTransaction(transaction.serialize());
}

/** The same message under another valid signature of the maker's: as good as the first, and another id. */
export function signedAgain(transaction) {
  const order = ed25519.CURVE.n;
  const number = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`) % order;
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(makerKey.secretKey.slice(0, 32));
  const nonce = number(derived('second nonce', transaction.messageHash));
  const point = ed25519.ExtendedPoint.BASE.multiply(nonce).toRawBytes();
  const challenge = number(createHash('sha512').update(point).update(pointBytes).update(
    transaction.messageBytes).digest());
  const answer = Buffer.from(((nonce + challenge * scalar) % order).toString(16).padStart(64, '0'), 'hex').reverse();
  const bytes = Uint8Array.from(transaction.bytes);
  bytes.set(point, 1);
  bytes.set(answer, 33);
  return parseTransaction(bytes);
}

let shifts = 0;

/**
 * Two transactions: the maker's stock of a token goes to somebody else, and comes back. What lies between them in a
 * block cannot pay.
 */
export function stockAwayAndBack(chain, mint) {
  const stock = new PublicKey(associatedTokenAddress(mint, makerKey.publicKey.toBase58()));
  const handOn = (from, to) => createSetAuthorityInstruction(stock, from.publicKey, AuthorityType.AccountOwner,
    to.publicKey);
  return [handOn(makerKey, poolAuthority), handOn(poolAuthority, makerKey)].map((instruction, i) => {
    // Lamports to itself, of a number that makes each transaction one of its own.
    const unique = SystemProgram.transfer({ fromPubkey: makerKey.publicKey, toPubkey: makerKey.publicKey,
      lamports: ++shifts });
    const message = new TransactionMessage({ payerKey: makerKey.publicKey, recentBlockhash: chain.tip.hash,
      instructions: [instruction, unique] }).compileToV0Message();
    const transaction = new VersionedTransaction(message);
    transaction.sign(i === 0 ? [makerKey] : [makerKey, poolAuthority]);
    return parseTransaction(transaction.serialize());
  });
}
