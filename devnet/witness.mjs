import pg from 'pg';

const systemProgram = '11111111111111111111111111111111';
const maxKept = 1000;
/** A transaction each, of little more than a kilobyte. */
const maxUnseen = 50_000;
const maxRemembered = 20_000;

const look = `
  select (select transaction from attempt where signature = $1 or quote_id = $3) as stored,
         (select date_trunc('milliseconds', signed_at) <= $4::timestamptz from attempt where signature = $1 or quote_id = $3) as older,
         array(select order_account::text from deposit_request
           where order_account = any($2::text[])) as order_accounts`;

/**
 * Watches that what Landfall sends was stored before it was sent: at the moment a transaction of its arrives, its
 * signature is committed in table `attempt`, with the very same bytes. Landfall's are those that its fee payer pays,
 * and deposits: those that allocate an account of a deposit request. A fee payer that nobody named is learned from the
 * first stored transaction that is no deposit; what it had sent before is judged then, by what the table held when it
 * arrived.
 *
 * What a market maker signs last has no signature to find: the quote's id names its row. The very bytes are stored
 * before they are handed to the maker, and what the maker broadcasts is that message with our signatures. Our fee payer
 * signs second there.
 */
export class Witness {
  #pool;
  #timeoutMs;
  #feePayers = new Set();
  /** Judged once it is known whose it was: payer → findings. */
  #strangers = new Map();
  #strangersKept = 0;
  /**
   * Signatures and quote ids found stored, with their bytes: rows are never deleted, so this stays true while the
   * database is away.
   */
  #stored = new Map();
  /**
   * What arrived while the database was away and had not been seen before: it is searched again until the database
   * has answered.
   */
  #unseen = [];
  #looking = Promise.resolve();
  /** Arrivals that are being judged. */
  #arriving = new Set();
  /** Signatures that somebody else than Landfall will send, once each. */
  #declared = new Set();
  #counts = { arrived: 0, checked: 0, checkedLate: 0, unchecked: 0, ignored: 0, declared: 0 };
  #violations = [];
  #violationCount = 0;
  #lastProblem = null;

  /** `database` is a connection URL, or host:port/name for the superuser without password. */
  constructor({ database, feePayer = null, timeoutMs = 2000 }) {
    this.#timeoutMs = timeoutMs;
    const connectionString = database.includes('://') ? database : `postgres://postgres@${database}`;
    this.#pool = new pg.Pool({ connectionString, max: 4, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs,
      application_name: 'devnet-witness', allowExitOnIdle: true });
    // An idle connection that the server closed; the next check opens another.
    this.#pool.on('error', () => {});
    if (feePayer !== null) this.#feePayers.add(feePayer);
  }

  report() {
    return { ...this.#counts, feePayers: [...this.#feePayers], violationCount: this.#violationCount,
      violations: this.#violations, lastProblem: this.#lastProblem };
  }

  /** The judge will send this transaction itself, once: that arrival, and no other, need not be stored. */
  declare(signature) {
    this.#declared.add(signature);
  }

  /** The report, when all that has arrived is judged, after another check of what could not be checked when it came. */
  async settled() {
    await Promise.all(this.#arriving);
    await this.#lookAgain();
    return this.report();
  }

  /** A parsed transaction arrives at `endpoint`. Never throws, and ends in bounded time. */
  arrives(transaction, endpoint) {
    return this.#arrived(transaction, { endpoint, feePayer: transaction.staticKeys[0], quoteId: null });
  }

  /** Partly signed, from us to the maker. */
  handedToMaker(quoteId, transaction) {
    return this.#arrived(transaction, { endpoint: 'maker', feePayer: transaction.staticKeys[1], quoteId });
  }

  /** From the maker to the chain: the stored bytes with the maker's signature, the first, put in. */
  makerBroadcasts(quoteId, transaction) {
    const bytes = Uint8Array.from(transaction.bytes).fill(0, 1, 65);
    return this.#arrived({ ...transaction, bytes },
      { endpoint: 'chain, from the maker', feePayer: transaction.staticKeys[1], quoteId });
  }

  #arrived(transaction, from) {
    this.#counts.arrived++;
    const judged = this.#received(transaction, from).finally(() => this.#arriving.delete(judged));
    this.#arriving.add(judged);
    return judged;
  }

  async #received(transaction, { endpoint, feePayer, quoteId }) {
    if (this.#declared.delete(transaction.signature)) return void this.#counts.declared++;
    const finding = { signature: transaction.signature, quoteId, endpoint, at: new Date().toISOString(), feePayer,
      held: null };
    try {
      await this.#look(transaction, finding);
    } catch (problem) {
      this.#lastProblem = { ...finding, problem: problem.message };
      const known = this.#stored.get(quoteId ?? transaction.signature);
      if (known && Buffer.compare(known, transaction.bytes) === 0) return void this.#counts.checked++;
      this.#counts.unchecked++;
      if (this.#unseen.length < maxUnseen) this.#unseen.push({ transaction, finding });
      return;
    }
    this.#sort(finding);
    if (this.#unseen.length > 0) this.#lookAgain();
  }

  /** To the judge if it is Landfall's. */
  #sort(finding) {
    if (finding.isStored || finding.kind === 'deposit' || this.#feePayers.has(finding.feePayer)) this.#judge(finding);
    else this.#keep(finding);
  }

  async #look(transaction, finding) {
    const { stored, older, order_accounts: orderAccounts } = await bounded(
      this.#pool.query(look, [transaction.signature, allocatedBy(transaction), finding.quoteId, finding.at]),
      this.#timeoutMs);
    finding.isOlder = older;
    finding.isStored = stored !== null;
    finding.kind = orderAccounts.length > 0 ? 'deposit' : 'paid by the fee payer';
    finding.held = stored === null ? 'nothing' : Buffer.compare(stored, transaction.bytes) === 0 ? 'these bytes'
      : `other bytes: ${stored.toString('base64')}`;
    if (finding.held !== 'these bytes') finding.sent = Buffer.from(transaction.bytes).toString('base64');
    else this.#remember(finding.quoteId ?? transaction.signature, transaction.bytes);
    if (finding.isStored && finding.kind !== 'deposit') this.#learn(finding.feePayer);
  }

  /**
   * The database is back: what arrived meanwhile is judged by what it holds now. A row from before the arrival was
   * written in time: what was being written when the database went down is undone. A row from after it came too late,
   * and none is none.
   */
  #lookAgain() {
    this.#looking = this.#looking.then(async () => {
      const unseen = this.#unseen;
      this.#unseen = [];
      for (const { transaction, finding } of unseen) {
        try {
          await this.#look(transaction, finding);
        } catch {
          this.#unseen.push({ transaction, finding });
          continue;
        }
        this.#counts.unchecked--;
        this.#counts.checkedLate++;
        if (finding.held === 'these bytes' && !finding.isOlder) finding.held = 'nothing: these bytes were stored later';
        this.#sort(finding);
      }
    });
    return this.#looking;
  }

  #remember(id, bytes) {
    if (this.#stored.size >= maxRemembered) this.#stored.delete(this.#stored.keys().next().value);
    this.#stored.set(id, bytes);
  }

  /** Ends its connections; for tests. */
  close() {
    return this.#pool.end();
  }

  #learn(feePayer) {
    if (this.#feePayers.has(feePayer)) return;
    this.#feePayers.add(feePayer);
    const findings = this.#strangers.get(feePayer) ?? [];
    this.#strangers.delete(feePayer);
    this.#strangersKept -= findings.length;
    this.#counts.ignored -= findings.length;
    findings.forEach((finding) => this.#judge(finding));
  }

  #keep(finding) {
    this.#counts.ignored++;
    if (this.#strangersKept >= maxKept) return;
    this.#strangersKept++;
    this.#strangers.set(finding.feePayer, [...(this.#strangers.get(finding.feePayer) ?? []), finding]);
  }

  #judge(finding) {
    this.#counts.checked++;
    if (finding.held === 'these bytes') return;
    this.#violationCount++;
    if (this.#violations.length < maxKept) this.#violations.push(finding);
    console.error(
      `devnet: witness: ${finding.signature} arrived at ${finding.endpoint} at ${finding.at} (${finding.kind}) while table attempt held ${finding.held}`);
  }
}

/** Addresses that the transaction's own instructions to the system program give data to. */
export function allocatedBy({ instructions, staticKeys }) {
  const created = [];
  for (const { programIdIndex, accounts, data } of instructions) {
    if (staticKeys[programIdIndex] !== systemProgram || data.length < 4) continue;
    const kind = Buffer.from(data).readUInt32LE(0);
    // CreateAccount and CreateAccountWithSeed name the payer first; Allocate and AllocateWithSeed the account.
    const index = kind === 0 || kind === 3 ? accounts[1] : kind === 8 || kind === 9 ? accounts[0] : undefined;
    if (index !== undefined && index < staticKeys.length) created.push(staticKeys[index]);
  }
  return created;
}

async function bounded(query, timeoutMs) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the database did not answer within ${timeoutMs} ms`)), timeoutMs);
  });
  query.catch(() => {});
  try {
    return (await Promise.race([query, late])).rows[0];
  } finally {
    clearTimeout(timer);
  }
}
