// The judge's hand on the devnet, and plain questions to its chain.
export const mints = {
  SOL: 'So11111111111111111111111111111111111111112',
  USDC: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
  JUP: 'JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN',
  BONK: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB8YaB1pPB263',
};
export const decimals = { SOL: 9, USDC: 6, JUP: 6, BONK: 5 };

/** Exact: units('SOL', '1.5') is 1500000000n. */
export function units(symbol, text) {
  const [whole, fraction = ''] = String(text).split('.');
  return BigInt(whole + fraction.padEnd(decimals[symbol], '0').slice(0, decimals[symbol]));
}

export class Devnet {
  constructor(portBase) {
    this.control = `http://127.0.0.1:${portBase + 19}`;
    this.rpcUrls = [portBase + 10, portBase + 11].map((port) => `http://127.0.0.1:${port}`);
  }

  async #call(method, path, body) {
    const response = await fetch(this.control + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const answer = await response.json();
    if (!response.ok)
      throw new Error(`devnet ${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer;
  }

  state() {
    return this.#call('GET', '/state');
  }

  airdrop(to, lamports) {
    return this.#call('POST', '/airdrop', { to, lamports: String(lamports) });
  }

  mint(to, mint, amount) {
    return this.#call('POST', '/mint-tokens', { to, mint, amount: String(amount) });
  }

  price(symbol, priceUsd) {
    return this.#call('POST', '/price', { mint: mints[symbol], priceUsd: String(priceUsd) });
  }

  slots(change) {
    return this.#call('POST', '/slots', change);
  }

  /** At once, so many blocks that one after this one is final. */
  async finalizePast(blockHeight) {
    const { finalized } = await this.state();
    const more = blockHeight + 1 - finalized.blockHeight;
    if (more > 0) await this.slots({ advance: more });
  }

  fault(fault) {
    return this.#call('POST', '/faults', fault);
  }

  clearFaults() {
    return this.#call('DELETE', '/faults');
  }

  /**
   * What the chain saw arrive, and whether all of ours was stored before; asks once more about what could not be
   * checked then.
   */
  witness() {
    return this.#call('GET', '/witness');
  }

  /**
   * The test itself will send this transaction, once: a user's own deposit, or something signed with a key of
   * Landfall's.
   */
  declare(signature) {
    return this.#call('POST', '/witness', { declare: signature });
  }

  ledger(account) {
    return this.#call('GET', account ? `/ledger?account=${account}` : '/ledger');
  }

  async rpc(method, params, endpoint = 0) {
    const response = await fetch(this.rpcUrls[endpoint], {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      headers: { 'content-type': 'application/json' },
    });
    const answer = await response.json();
    if (answer.error) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
    return answer.result;
  }

  async lamports(address) {
    return BigInt((await this.rpc('getBalance', [address, { commitment: 'confirmed' }])).value);
  }

  /** What a wallet holds of a token, over all its accounts of that mint. */
  async tokens(owner, mint) {
    const { value } = await this.rpc('getTokenAccountsByOwner',
      [owner, { mint }, { encoding: 'jsonParsed', commitment: 'confirmed' }]);
    return value.reduce((sum, { account }) => sum + BigInt(account.data.parsed.info.tokenAmount.amount), 0n);
  }

  async exists(address) {
    return (await this.rpc('getAccountInfo',
      [address, { encoding: 'base64', commitment: 'finalized' }])).value !== null;
  }
}
