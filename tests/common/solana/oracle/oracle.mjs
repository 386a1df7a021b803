// A second opinion on common/solana from @solana/web3.js, @solana/spl-token and node:crypto.
//
//   node oracle.mjs cases <seed> <count>   prints random cases with this side's answers, <count> of every kind
//   node oracle.mjs check <file>           reads back what the C++ side made of them, prints `checked <n>` or fails
//
// One case a line, fields separated by single spaces, the kind first. Bytes are hex; an empty field is `-`.
// An instruction is program:account,account,…:data, an account is its key and a digit: 1 = signs, 2 = is written, 3 = both;
// instructions are joined by `;`. A lookup table is key:address,address,…, tables are joined by `;`.
//
// The packages are those of devnet/; ORACLE_PACKAGES names another directory with a package.json and node_modules.

import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const packages = resolve(process.env.ORACLE_PACKAGES ?? join(here, '../../../../devnet'));
const require = createRequire(join(packages, 'package.json'));

function load(name, from = require) {
  try {
    return from(name);
  } catch (error) {
    console.error(`oracle: ${name} cannot be loaded from ${packages}; run 'npm ci' there (${error.code ?? error})`);
    process.exit(3);
  }
}

const web3 = load('@solana/web3.js');
const spl = load('@solana/spl-token');
const bs58 = load('bs58', createRequire(require.resolve('@solana/web3.js')));
const { PublicKey } = web3;

// ---- fields -----------------------------------------------------------------------------------------------------------

const hex = (bytes) => (bytes.length === 0 ? '-' : Buffer.from(bytes).toString('hex'));
const unhex = (field) => (field === '-' ? Buffer.alloc(0) : Buffer.from(field, 'hex'));
const keyHex = (key) => hex(key.toBytes());

const metaText = (meta) => keyHex(meta.pubkey) + ((meta.isSigner ? 1 : 0) + (meta.isWritable ? 2 : 0));
const instructionText = (instruction) =>
  [keyHex(instruction.programId), instruction.keys.map(metaText).join(',') || '-', hex(instruction.data)].join(':');
const instructionsText = (instructions) => instructions.map(instructionText).join(';') || '-';
const tablesText = (tables) =>
  tables.map((table) => `${keyHex(table.key)}:${table.state.addresses.map(keyHex).join(',') || '-'}`).join(';') || '-';

function parseTables(field) {
  if (field === '-') return [];
  return field.split(';').map((text) => {
    const [key, addresses] = text.split(':');
    return tableOf(
      new PublicKey(unhex(key)),
      addresses === '-' ? [] : addresses.split(',').map((address) => new PublicKey(unhex(address))),
    );
  });
}

const tableOf = (key, addresses) =>
  new web3.AddressLookupTableAccount({
    key,
    state: { deactivationSlot: 2n ** 64n - 1n, lastExtendedSlot: 0, lastExtendedSlotStartIndex: 0, addresses },
  });

/** The instructions of a message with full keys and the flags of the whole message. */
function resolvedText(message, tables) {
  const keys = message.getAccountKeys({ addressLookupTableAccounts: tables });
  return instructionsText(
    message.compiledInstructions.map((compiled) => ({
      programId: keys.get(compiled.programIdIndex),
      keys: compiled.accountKeyIndexes.map((index) => ({
        pubkey: keys.get(index),
        isSigner: message.isAccountSigner(index),
        isWritable: message.isAccountWritable(index),
      })),
      data: compiled.data,
    })),
  );
}

// ---- ed25519 by OpenSSL ------------------------------------------------------------------------------------------------

const openssl = {
  privateKey: (seed) =>
    createPrivateKey({
      key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
      format: 'der',
      type: 'pkcs8',
    }),
  publicKey: (raw) =>
    createPublicKey({
      key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]),
      format: 'der',
      type: 'spki',
    }),
  sign: (seed, message) => sign(null, message, openssl.privateKey(seed)),
  verify: (raw, message, signature) => verify(null, message, openssl.publicKey(raw), signature),
};

// ---- random values ----------------------------------------------------------------------------------------------------

/** mulberry32: the same seed gives the same cases everywhere. */
function randomSource(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

function generators(seed) {
  const next = randomSource(seed);
  const below = (bound) => next() % bound;
  const bytes = (length) => Uint8Array.from({ length }, () => below(256));
  const key = () => new PublicKey(bytes(32));
  const pick = (list) => list[below(list.length)];
  const u64 = () => [0n, 1n, 2n ** 64n - 1n, (BigInt(next()) << 32n) | BigInt(next())][below(4)];
  const signers = Array.from({ length: 10 }, () => web3.Keypair.fromSeed(bytes(32)));
  return { below, bytes, key, pick, u64, signers };
}

// ---- cases ------------------------------------------------------------------------------------------------------------

function base58Case({ below, bytes, pick }) {
  const length = pick([0, 1, 32, 64, below(70)]);
  const data = bytes(length);
  if (below(3) === 0) data.fill(0, 0, below(length + 1));
  return ['base58', hex(data), bs58.encode(data) || '-'];
}

function curveCase({ bytes, below, pick, signers }) {
  const key = below(4) === 0 ? pick(signers).publicKey.toBytes() : bytes(32);
  return ['curve', hex(key), PublicKey.isOnCurve(key) ? 1 : 0];
}

function derivedCase({ below, bytes, key }) {
  const program = key();
  const seeds = Array.from({ length: below(16) }, () => bytes(below(33)));
  const [address, bump] = PublicKey.findProgramAddressSync(seeds.map(Buffer.from), program);
  return ['derived', keyHex(program), keyHex(address), bump, ...seeds.map(hex)];
}

async function seededCase({ below, key, pick }) {
  const base = key();
  const owner = key();
  const alphabet = ['a', 'Z', '0', ' ', '/', 'é', '☉', '🙂'];
  let seed = '';
  for (let more = below(33); more > 0; --more) {
    const longer = seed + pick(alphabet);
    if (Buffer.byteLength(longer) <= 32) seed = longer;
  }
  const address = await PublicKey.createWithSeed(base, seed, owner);
  return ['seeded', keyHex(base), hex(Buffer.from(seed)), keyHex(owner), keyHex(address)];
}

function associatedCase({ key, pick }) {
  const wallet = key();
  const mint = key();
  const program = pick([spl.TOKEN_PROGRAM_ID, spl.TOKEN_2022_PROGRAM_ID]);
  const address = spl.getAssociatedTokenAddressSync(mint, wallet, true, program);
  return ['associated', keyHex(wallet), keyHex(mint), keyHex(program), keyHex(address)];
}

/** A message of its own size, signed by OpenSSL. */
function signatureCase({ below, bytes }) {
  const seed = bytes(32);
  const message = bytes(below(200));
  const pair = web3.Keypair.fromSeed(seed);
  return ['signature', hex(seed), keyHex(pair.publicKey), hex(message), hex(openssl.sign(seed, message))];
}

function randomInstructions({ below, bytes, key, pick, signers }) {
  const programs = [key(), key(), web3.SystemProgram.programId];
  const plain = Array.from({ length: 1 + below(12) }, key);
  const account = () => {
    if (below(4) === 0) return { pubkey: pick(signers).publicKey, isSigner: below(3) > 0, isWritable: below(2) === 0 };
    const pubkey = below(12) === 0 ? pick(programs) : pick(plain);
    return { pubkey, isSigner: false, isWritable: below(2) === 0 };
  };
  const instructions = Array.from({ length: below(5) }, () => ({
    programId: pick(programs),
    keys: Array.from({ length: below(9) }, account),
    data: Buffer.from(bytes(pick([0, 4, below(40), below(200)]))),
  }));
  return { instructions, plain, programs };
}

function randomTables({ below, key, pick, signers }, { plain, programs }) {
  const candidates = [...plain, ...plain, ...programs, ...signers.map((pair) => pair.publicKey)];
  return Array.from({ length: below(4) }, () =>
    tableOf(
      key(),
      Array.from({ length: below(30) }, () => (below(3) === 0 ? key() : pick(candidates))),
    ),
  );
}

function messageCase(kind, random) {
  const parts = randomInstructions(random);
  const payer = random.pick(random.signers);
  const builder = new web3.TransactionMessage({
    payerKey: payer.publicKey,
    recentBlockhash: random.key().toBase58(),
    instructions: parts.instructions,
  });
  const tables = kind === 'v0' ? randomTables(random, parts) : [];
  const message = kind === 'v0' ? builder.compileToV0Message(tables) : builder.compileToLegacyMessage();
  const required = message.staticAccountKeys.slice(0, message.header.numRequiredSignatures);
  const pairs = required.map((key) => random.signers.find((pair) => pair.publicKey.equals(key)));
  const tx = new web3.VersionedTransaction(message);
  const bytes = Buffer.from(message.serialize());
  tx.signatures = pairs.map((pair) => openssl.sign(pair.secretKey.subarray(0, 32), bytes));
  const wire = tx.serialize();
  if (wire.length > web3.PACKET_DATA_SIZE) throw new RangeError('over the packet');
  return [
    kind,
    hex(wire),
    keyHex(payer.publicKey),
    hex(bs58.decode(message.recentBlockhash)),
    tablesText(tables),
    instructionsText(parts.instructions),
    resolvedText(message, tables),
    pairs.map((pair) => hex(pair.secretKey.subarray(0, 32))).join(','),
  ];
}

/** Messages that do not fit into a packet are left out: draws until one does. */
function fittingMessageCase(kind, random) {
  for (;;) {
    try {
      return messageCase(kind, random);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
}

/** Every builder of ours that these packages have too: name, expected instruction, arguments. */
function instructionCase({ below, key, pick, u64 }) {
  const [a, b, c, d] = [key(), key(), key(), key()];
  const program = pick([spl.TOKEN_PROGRAM_ID, spl.TOKEN_2022_PROGRAM_ID]);
  const amount = u64();
  const space = below(10_000);
  const decimals = below(256);
  const units = below(2 ** 32 - 1);
  const seed = 'seed/'.repeat(below(6));
  const seedField = hex(Buffer.from(seed));
  const build = {
    system_transfer: () => [
      web3.SystemProgram.transfer({ fromPubkey: a, toPubkey: b, lamports: amount }),
      [a, b, amount],
    ],
    system_allocate_with_seed: () => [
      web3.SystemProgram.allocate({ accountPubkey: a, basePubkey: b, seed, space, programId: c }),
      [a, b, seedField, space, c],
    ],
    token_initialize_account3: () => [spl.createInitializeAccount3Instruction(a, b, c, program), [a, b, c, program]],
    token_transfer: () => [spl.createTransferInstruction(a, b, c, amount, [], program), [a, b, c, amount, program]],
    token_transfer_checked: () => [
      spl.createTransferCheckedInstruction(a, b, c, d, amount, decimals, [], program),
      [a, b, c, d, amount, decimals, program],
    ],
    token_approve: () => [spl.createApproveInstruction(a, b, c, amount, [], program), [a, b, c, amount, program]],
    token_burn: () => [spl.createBurnInstruction(a, b, c, amount, [], program), [a, b, c, amount, program]],
    token_close_account: () => [spl.createCloseAccountInstruction(a, b, c, [], program), [a, b, c, program]],
    token_sync_native: () => [spl.createSyncNativeInstruction(a, program), [a, program]],
    associated_create_idempotent: () => [
      spl.createAssociatedTokenAccountIdempotentInstruction(
        a, spl.getAssociatedTokenAddressSync(c, b, true, program), b, c, program,
      ),
      [a, b, c, program],
    ],
    compute_budget_unit_limit: () => [web3.ComputeBudgetProgram.setComputeUnitLimit({ units }), [units]],
    compute_budget_unit_price: () => [
      web3.ComputeBudgetProgram.setComputeUnitPrice({ microLamports: amount }),
      [amount],
    ],
  };
  const name = pick(Object.keys(build));
  const [instruction, args] = build[name]();
  const argText = args.map((arg) => (arg instanceof PublicKey ? keyHex(arg) : `${arg}`));
  return ['instruction', name, instructionText(instruction), ...argText];
}

async function printCases(seed, count) {
  const random = generators(seed);
  const kinds = [
    base58Case, curveCase, derivedCase, seededCase, associatedCase, signatureCase, instructionCase,
    (source) => fittingMessageCase('legacy', source),
    (source) => fittingMessageCase('v0', source),
  ];
  for (const make of kinds) {
    const lines = [];
    for (let i = 0; i < count; ++i) lines.push((await make(random)).join(' '));
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

// ---- check ------------------------------------------------------------------------------------------------------------

function same(what, actual, expected, line) {
  if (actual === expected) return;
  console.error(`oracle: line ${line}: ${what} is\n  ${actual}\nbut should be\n  ${expected}`);
  process.exit(1);
}

/** The C++ side's transaction, and what it was made from. */
function checkMessage([kind, wireHex, payer, blockhash, tablesField, resolved], line) {
  const wire = unhex(wireHex);
  const tables = parseTables(tablesField);
  const tx = web3.VersionedTransaction.deserialize(wire);
  const { message } = tx;
  same('version', String(message.version), kind === 'v0' ? '0' : 'legacy', line);
  same('re-serialized transaction', hex(tx.serialize()), wireHex, line);
  same('payer', keyHex(message.staticAccountKeys[0]), payer, line);
  same('blockhash', hex(bs58.decode(message.recentBlockhash)), blockhash, line);
  same('instructions', resolvedText(message, tables), resolved, line);
  checkSignatures(message, Buffer.from(message.serialize()), tx.signatures, line);
}

/** v1: web3.js reads messages, not transactions; the signatures are the rest. */
function checkV1([, wireHex, blockhash, resolved, config], line) {
  const wire = unhex(wireHex);
  const count = wire[1];
  const split = wire.length - 64 * count;
  const signedBytes = wire.subarray(0, split);
  const message = web3.MessageV1.deserialize(signedBytes);
  const { priorityFee, computeUnitLimit, loadedAccountsDataSizeLimit, heapSize } = message.transactionConfig;
  const configText = [priorityFee, computeUnitLimit, loadedAccountsDataSizeLimit, heapSize]
    .map((value) => value ?? '-')
    .join(',');
  same('settings', configText, config, line);
  same('blockhash', hex(bs58.decode(message.recentBlockhash)), blockhash, line);
  same('instructions', resolvedText(message, []), resolved, line);
  const signatures = Array.from({ length: count }, (_, i) => wire.subarray(split + 64 * i, split + 64 * (i + 1)));
  checkSignatures(message, signedBytes, signatures, line);
}

function checkSignatures(message, signedBytes, signatures, line) {
  signatures.forEach((signature, slot) => {
    const valid = openssl.verify(message.staticAccountKeys[slot].toBytes(), signedBytes, signature);
    same(`signature ${slot}`, valid ? 'valid' : 'invalid', 'valid', line);
  });
}

function check(file) {
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
  lines.forEach((line, index) => {
    const fields = line.split(' ');
    (fields[0] === 'v1' ? checkV1 : checkMessage)(fields, index + 1);
  });
  console.log(`checked ${lines.length}`);
}

const [command, ...args] = process.argv.slice(2);
if (command === 'cases' && args.length === 2) {
  await printCases(Number(args[0]), Number(args[1]));
} else if (command === 'check' && args.length === 1) {
  check(args[0]);
} else {
  console.error('usage: oracle.mjs cases <seed> <count> | oracle.mjs check <file>');
  process.exit(2);
}
