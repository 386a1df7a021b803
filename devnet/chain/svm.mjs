import internal from 'litesvm/dist/internal.js';
import { addressBytes, addressOf } from '../base58.mjs';
import { instructionErrors, transactionErrors } from './error-names.mjs';

// The machine itself, below litesvm's own wrapper: wire bytes and plain addresses, and no second client library to
// load.
const { Account, Clock, LiteSvm } = internal;

export const systemProgram = '11111111111111111111111111111111';

/**
 * The virtual machine alone: accounts in, transactions executed, accounts out. It keeps neither blockhashes nor a
 * history; whether a transaction may run at all is decided by the chain before it gets here.
 */
export class Svm {
  #inner = new LiteSvm();

  constructor() {
    // litesvm knows only the newest blockhash and a bounded history, after which an old transaction is accepted again.
    this.#inner.setBlockhashCheck(false);
    this.#inner.setTransactionHistory(0n);
  }

  account(address) {
    const found = this.#inner.getAccount(addressBytes(address));
    return found === null ? null : plain(found);
  }

  /** `account` null removes it. */
  setAccount(address, account) {
    const a = account ?? { lamports: 0n, data: new Uint8Array(), owner: systemProgram, executable: false };
    this.#inner.setAccount(addressBytes(address),
      new Account(a.lamports, Uint8Array.from(a.data), addressBytes(a.owner), a.executable, 0n));
  }

  accountsOwnedBy(program) {
    return this.#inner.getProgramAccounts(addressBytes(program)).map((entry) =>
      ({ address: addressOf(entry.address), account: plain(entry.account()) }));
  }

  execute(transaction) {
    const result = transaction.version === 'legacy' ? this.#inner.sendLegacyTransaction(transaction.bytes)
      : this.#inner.sendVersionedTransaction(transaction.bytes);
    return outcome(result);
  }

  simulate(transaction, verifySignatures) {
    this.#inner.setSigverify(verifySignatures);
    try {
      const result = transaction.version === 'legacy' ? this.#inner.simulateLegacyTransaction(transaction.bytes)
        : this.#inner.simulateVersionedTransaction(transaction.bytes);
      const accounts = new Map();
      if (typeof result.postAccounts === 'function') for (const entry of result.postAccounts())
        accounts.set(addressOf(entry.address), plain(entry.account()));
      return { ...outcome(result), accounts };
    } finally {
      this.#inner.setSigverify(true);
    }
  }

  setClock(slot, epoch, unixTime) {
    this.#inner.setClock(new Clock(BigInt(slot), BigInt(unixTime), BigInt(epoch), BigInt(epoch) + 1n,
      BigInt(unixTime)));
  }

  /** Newest first. Creating a lookup table checks its slot against these. */
  setSlotHashes(entries) {
    this.#inner.setSlotHashes(entries.map(({ slot, hash }) => ({ slot: BigInt(slot), hash })));
  }

  rentExemptMinimum(bytes) {
    return this.#inner.minimumBalanceForRentExemption(BigInt(bytes));
  }
}

function plain(account) {
  return { lamports: account.lamports(), data: account.data(), owner: addressOf(account.owner()),
    executable: account.executable(), rentEpoch: account.rentEpoch() };
}

function outcome(result) {
  const failed = typeof result.err === 'function';
  const meta = typeof result.meta === 'function' ? result.meta() : result;
  const returned = meta.returnData();
  const data = returned.data();
  return {
    err: failed ? errorOf(result.err()) : null,
    logs: meta.logs(),
    unitsConsumed: meta.computeUnitsConsumed(),
    // The binding has no accessor for the fee; its text form carries the runtime's own figure.
    fee: BigInt(/\bfee: (\d+)/.exec(meta.toString())?.[1] ?? 0),
    returnData: data.length === 0 ? null : { programId: addressOf(returned.programId()),
      data: [Buffer.from(data).toString('base64'), 'base64'] },
    inner: meta.innerInstructions().map((list) => list.map((item) => {
      const ix = item.instruction();
      return { programIdIndex: ix.programIdIndex(), accounts: Array.from(ix.accounts()), data: ix.data(),
        stackHeight: item.stackHeight() };
    })),
  };
}

/** The cluster's JSON form of an error. */
function errorOf(err) {
  if (typeof err === 'number') return transactionErrors[err] ?? 'SanitizeFailure';
  switch (err.constructor.name) {
    case 'TransactionErrorInstructionError': {
      const inner = err.err();
      if (typeof inner === 'number')
        return { InstructionError: [err.index, instructionErrors[inner] ?? 'GenericError'] };
      if (inner.code !== undefined) return { InstructionError: [err.index, { Custom: inner.code }] };
      return { InstructionError: [err.index, { BorshIoError: inner.msg ?? 'Unknown' }] };
    }
    case 'TransactionErrorDuplicateInstruction':
      return { DuplicateInstruction: err.index };
    case 'TransactionErrorInsufficientFundsForRent':
      return { InsufficientFundsForRent: { account_index: err.accountIndex } };
    case 'TransactionErrorProgramExecutionTemporarilyRestricted':
      return { ProgramExecutionTemporarilyRestricted: { account_index: err.accountIndex } };
    default:
      return 'SanitizeFailure';
  }
}
