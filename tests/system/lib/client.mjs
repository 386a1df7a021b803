// An ordinary integrator of the public API: knows the API, a wallet and nothing else.
import { encodeBase58, signText, signTransaction, web3 } from './solana.mjs';

export class ApiError extends Error {
  constructor(call, status, body) {
    super(`${call} answered ${status}: ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

export class Client {
  #token = null;

  /** `base` is http://host:port/trigger/v2; `seen(call, status, body)` is told of every answer. */
  constructor({ base, keypair = web3.Keypair.generate(), seen = () => {} }) {
    this.base = base;
    this.keypair = keypair;
    this.address = keypair.publicKey.toBase58();
    this.seen = seen;
  }

  get token() {
    return this.#token;
  }

  /** The answer whatever it is: {status, body, headers}. `body` may be a value (sent as JSON) or raw text. */
  async send(method, path, { body, raw, headers = {}, token = this.#token, timeoutMs = 45_000 } = {}) {
    const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(this.base + path, {
      method,
      body: text,
      headers: {
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = await response.text();
    let value = answer;
    try {
      value = JSON.parse(answer);
    } catch {
      // left as text
    }
    this.seen(`${method} ${path.split('?')[0]}`, response.status, value);
    return { status: response.status, body: value, headers: response.headers };
  }

  async #ok(method, path, options) {
    const { status, body } = await this.send(method, path, options);
    if (status >= 400) throw new ApiError(`${method} ${path}`, status, body);
    return body;
  }

  async login() {
    const wallet = { walletPubkey: this.address, type: 'message' };
    const { challenge } = await this.#ok('POST', '/auth/challenge', { body: wallet, token: null });
    const { token } = await this.#ok('POST', '/auth/verify',
      { body: { ...wallet, signature: signText(this.keypair, challenge) }, token: null });
    this.#token = token;
  }

  registerVault() {
    return this.#ok('GET', '/vault/register');
  }

  vault() {
    return this.#ok('GET', '/vault');
  }

  craft({ inputMint, outputMint, amount }) {
    return this.#ok('POST', '/deposit/craft', {
      body: { inputMint, outputMint, userAddress: this.address, amount: String(amount), orderType: 'price',
        orderSubType: 'single' },
    });
  }

  /** Body of a create call for a crafted deposit, signed. */
  orderBody({ crafted, inputMint, outputMint, amount, triggerMint, triggerCondition, triggerPriceUsd, slippageBps,
    expiresAt }) {
    const { signed } = signTransaction(this.keypair, crafted.transaction);
    return {
      orderType: 'single',
      depositRequestId: crafted.requestId,
      depositSignedTx: signed,
      userPubkey: this.address,
      inputMint,
      inputAmount: String(amount),
      outputMint,
      triggerMint,
      triggerCondition,
      triggerPriceUsd,
      ...(slippageBps === undefined ? {} : { slippageBps }),
      expiresAt,
    };
  }

  create(body, headers = {}) {
    return this.#ok('POST', '/orders/price', { body, headers });
  }

  /** Craft, sign, create. The order's terms as given, with what the API said. */
  async place(terms) {
    const order = { expiresAt: Date.now() + 3_600_000, slippageBps: 300, ...terms };
    const crafted = await this.craft(order);
    const body = this.orderBody({ crafted, ...order });
    const answer = await this.create(body);
    return { ...order, crafted, body, ...answer };
  }

  order(id) {
    return this.#ok('GET', `/orders/price/${id}`);
  }

  history(query = '') {
    return this.#ok('GET', `/orders/history${query}`);
  }
}

export { encodeBase58 };
