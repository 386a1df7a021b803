import { Keypair } from '@solana/web3.js';
import { derived } from './random.mjs';

/** The devnet's own keys: the same in every run, worth nothing anywhere. */
export function devnetKey(label) {
  return Keypair.fromSeed(derived('devnet key', label));
}
