import { addressBytes, decodeBase58 } from '../base58.mjs';
import { numberParam } from '../faults.mjs';
import { invalidParams, RpcError } from './errors.mjs';

export const apiVersion = '4.0.0';

const commitments = {
  processed: 'processed', recent: 'processed',
  confirmed: 'confirmed', single: 'confirmed', singleGossip: 'confirmed',
  finalized: 'finalized', max: 'finalized', root: 'finalized',
};

/** One request as one endpoint sees the chain: what it asks for, at which commitment, through which faults. */
export class Call {
  constructor({ node, chain, history, treasury, faults, method, params }) {
    Object.assign(this, { node, chain, history, treasury, faults, method, params });
    const lag = faults.strikes(node, 'lag_slots', method);
    this.lagSlots = lag ? numberParam(lag, ['slots', 'lag_slots', 'n'], 10) : 0;
  }

  address(index) {
    return requireAddress(this.params[index]);
  }

  signature(index) {
    return requireSignature(this.params[index]);
  }

  config(index) {
    const value = this.params[index];
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value))
      throw invalidParams(`Invalid params: parameter ${index} must be an object`);
    return value;
  }

  /** The block whose state the answer shows. */
  bank(config, fallback = 'finalized') {
    const block = this.chain.at(requireCommitment(config.commitment, fallback), this.lagSlots);
    if (config.minContextSlot !== undefined && config.minContextSlot !== null && block.slot < config.minContextSlot) {
      throw new RpcError(-32016, 'Minimum context slot has not been reached', { contextSlot: block.slot });
    }
    return block;
  }

  context(block) {
    return { slot: block.slot, apiVersion };
  }

  withContext(block, value) {
    return { context: this.context(block), value };
  }

  /** A landed transaction as this endpoint knows it, or undefined. */
  record(signature) {
    const record = this.chain.record(signature);
    if (!record || record.height > this.chain.at('processed', this.lagSlots).height) return undefined;
    return this.isForgotten(record) ? undefined : record;
  }

  isForgotten(record) {
    const entry = this.faults.standing(this.node, 'forget');
    if (!entry || record.height > entry.params.upToHeight) return false;
    this.faults.strikes(this.node, 'forget');
    return true;
  }

  denies(signature) {
    return this.faults.strikes(this.node, 'null_status', this.method, (f) => f.params.signature === undefined ||
      f.params.signature === signature) !== undefined;
  }

  commitmentOf(record) {
    return this.chain.commitmentOf(record, this.lagSlots);
  }
}

export function requireCommitment(value, fallback) {
  if (value === undefined || value === null) return fallback;
  const known = commitments[value];
  if (!known) throw invalidParams(
    `Invalid params: unknown variant \`${value}\`, expected one of \`processed\`, \`confirmed\`, \`finalized\`.`);
  return known;
}

export function requireAddress(value) {
  if (addressBytes(value) === null)
    throw invalidParams(`Invalid param: ${typeof value === 'string' ? 'WrongSize' : 'not a string'}`);
  return value;
}

export function requireSignature(value) {
  const bytes = typeof value === 'string' && value.length <= 88 ? decodeBase58(value) : null;
  if (bytes === null || bytes.length !== 64) throw invalidParams('Invalid param: Invalid signature');
  return value;
}
