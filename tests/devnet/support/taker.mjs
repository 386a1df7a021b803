import { spl, web3 } from '../../../devnet/clients.mjs';
import { mints, unanswered } from './devnet.mjs';

/**
 * Sells USDC for SOL to the maker. The vault owns the tokens; the maker pays the transaction, the payer the output
 * account's rent.
 */
export class Taker {
  #devnet;
  #count = 0;
  vault = web3.Keypair.generate();

  static async funded(devnet) {
    const taker = new Taker(devnet);
    taker.payer = await devnet.fundedKey();
    await devnet.control('/mint-tokens',
      { to: taker.vault.publicKey.toBase58(), mint: mints.USDC, amount: '1000000000' });
    return taker;
  }

  constructor(devnet) {
    this.#devnet = devnet;
  }

  async post(path, body, signal) {
    const response = await fetch(this.#devnet.url(14, path), { method: 'POST', body: JSON.stringify(body), signal });
    return { status: response.status, body: await response.json() };
  }

  quoteBody(amount) {
    const id = `${++this.#count}`;
    return { requestId: `r${id}`, quoteId: `q${id}`, tokenIn: mints.USDC, tokenOut: mints.SOL, amount: String(amount),
      quoteType: 'exactIn', protocol: 'v1', taker: this.vault.publicKey.toBase58() };
  }

  async quote(amount) {
    return (await this.post('/quote', this.quoteBody(amount))).body;
  }

  /** All but the maker have signed. `less` cheats the maker of so much. */
  async partlySigned(quoted, less = 0n) {
    const maker = new web3.PublicKey(quoted.maker);
    const mint = (name) => new web3.PublicKey(mints[name]);
    const account = (name, owner) => spl.getAssociatedTokenAddressSync(mint(name), owner);
    const instructions = [
      spl.createAssociatedTokenAccountIdempotentInstruction(this.payer.publicKey, account('SOL', this.vault.publicKey),
        this.vault.publicKey, mint('SOL')),
      spl.createTransferCheckedInstruction(account('USDC', this.vault.publicKey), mint('USDC'), account('USDC', maker),
        this.vault.publicKey, BigInt(quoted.amountIn) - less, 6),
      spl.createTransferCheckedInstruction(account('SOL', maker), mint('SOL'), account('SOL', this.vault.publicKey),
        maker, BigInt(quoted.amountOut), 9),
    ];
    const { blockhash, lastValidBlockHeight } = (
      await this.#devnet.result('getLatestBlockhash', [{ commitment: 'processed' }])).value;
    const message = new web3.TransactionMessage({
      payerKey: maker, recentBlockhash: blockhash, instructions }).compileToV0Message();
    const transaction = new web3.VersionedTransaction(message);
    transaction.sign([this.payer, this.vault]);
    return { bytes: transaction.serialize(), quoted, lastValidBlockHeight };
  }

  /** The maker's answer to a hand-over; `state` is the reason where it rejects. */
  async handOver({ bytes, quoted }, signal) {
    const { body } = await this.post('/swap', { requestId: quoted.requestId, quoteId: quoted.quoteId,
      transaction: Buffer.from(bytes).toString('base64') }, signal);
    return { ...body, state: body.state.rejectedWithReason ?? body.state };
  }

  /** A hand-over that is not answered, though the maker has dealt with it, as `done(counters)` tells. */
  handOverUnanswered(offer, done) {
    return unanswered(this.#devnet, (signal) => this.handOver(offer, signal),
      async () => done((await this.#devnet.control('/state')).counters));
  }

  async offer(amount) {
    return this.partlySigned(await this.quote(amount));
  }

  /** What the vault has been paid. */
  async paid() {
    return (await this.#devnet.tokenAmount(this.vault.publicKey, mints.SOL)) ?? 0n;
  }

  async left() {
    return this.#devnet.tokenAmount(this.vault.publicKey, mints.USDC);
  }
}
