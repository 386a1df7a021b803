// Solana's JavaScript libraries as an integrator has them, taken from the devnet's folder.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../../devnet/package.json', import.meta.url));
export const web3 = require('@solana/web3.js');
const { ed25519 } = createRequire(require.resolve('@solana/web3.js'))('@noble/curves/ed25519');
const bs58 = createRequire(require.resolve('@solana/web3.js'))('bs58');
const codec = bs58.default ?? bs58;

export const encodeBase58 = (bytes) => codec.encode(bytes);

/** Signature of a text by a wallet, base58. */
export function signText(keypair, text) {
  return codec.encode(ed25519.sign(Buffer.from(text, 'utf8'), keypair.secretKey.slice(0, 32)));
}

/** Signs a transaction in wire form, base64 in and out, as a wallet does. */
export function signTransaction(keypair, base64) {
  const transaction = web3.VersionedTransaction.deserialize(Buffer.from(base64, 'base64'));
  transaction.sign([keypair]);
  return { signed: Buffer.from(transaction.serialize()).toString('base64'),
    signature: codec.encode(transaction.signatures[0]) };
}

/** The id of a transaction in wire form, base64 in: its first signature. */
export const signatureOf = (base64) => codec.encode(Buffer.from(base64, 'base64').subarray(1, 65));
