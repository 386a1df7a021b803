// The chain as witness: what Landfall sends is stored first. Needs LANDFALL_TEST_POSTGRES, a superuser's conninfo.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { web3 } from '../../devnet/clients.mjs';
import { sign, startDevnet } from './support/devnet.mjs';
import { Taker } from './support/taker.mjs';

const pg = createRequire(new URL('../../devnet/package.json', import.meta.url))('pg');
const admin = Object.fromEntries((process.env.LANDFALL_TEST_POSTGRES ?? '').split(/\s+/).filter(
  Boolean).map((word) => word.split('=', 2)));
const skip = process.env.LANDFALL_TEST_POSTGRES ? false : 'LANDFALL_TEST_POSTGRES is not set';

/** The columns that the witness reads, in a database of the test's own. */
async function scratch(t) {
  const name = `witness_${randomBytes(6).toString('hex')}`;
  const at = { host: admin.host, port: Number(admin.port ?? 5432), user: admin.user, password: admin.password };
  const root = new pg.Client({ ...at, database: admin.dbname ?? 'postgres' });
  await root.connect();
  await root.query(`create database ${name}`);
  const db = new pg.Client({ ...at, database: name });
  await db.connect();
  await db.query(
    'create table attempt (signature text, quote_id text, transaction bytea, signed_at timestamptz default now()); create table deposit_request (order_account text)');
  t.after(async () => {
    await db.end();
    await root.query(`drop database ${name} with (force)`);
    await root.end();
  });
  // As good as a server that is down, without stopping one that others use.
  const away = () => db.query('alter table attempt rename to gone');
  const back = () => db.query('alter table gone rename to attempt');
  const storeQuoted = ({ quoted, bytes }) => db.query('insert into attempt (quote_id, transaction) values ($1, $2)',
    [quoted.quoteId, Buffer.from(bytes)]);
  return { away, back, storeQuoted, address: `${at.host}:${at.port}/${name}`,
    store: ({ signature, bytes }) => db.query('insert into attempt (signature, transaction) values ($1, $2)',
    [signature, Buffer.from(bytes)]), expectDeposit: (account) =>
    db.query('insert into deposit_request values ($1)', [account]) };
}

/** However slow the machine, what can be checked is checked when it arrives. */
const patient = ['--witness-timeout-ms', '60000'];

async function watched(t, args = []) {
  const database = await scratch(t);
  const devnet = await startDevnet(t, ['--ms-per-slot', '0', '--witness', database.address, ...patient, ...args]);
  const witness = () => devnet.control('/witness');
  return { database, devnet, witness };
}

test('stored, then sent: no violation, however often and wherever it arrives', { skip }, async (t) => {
  const { database, devnet, witness } = await watched(t);
  const payer = await devnet.fundedKey();
  const transaction = await devnet.transfer(payer);
  await database.store(transaction);
  await devnet.send(transaction.bytes);
  await devnet.send(transaction.bytes, {}, 1);
  const { checked, violations, feePayers } = await witness();
  assert.equal(checked, 2);
  assert.deepEqual(violations, []);
  assert.deepEqual(feePayers, [payer.publicKey.toBase58()]);
});

test("sent before stored: a violation with its story, whether or not the fee payer's name was told", { skip },
  async (t) => {
  const database = await scratch(t);
  const devnet = await startDevnet(t, ['--ms-per-slot', '0', '--witness', database.address, ...patient]);
  const payer = await devnet.fundedKey();
  const early = await devnet.transfer(payer, 1);
  await devnet.send(early.bytes, {}, 1);
  await database.store(early);
  assert.equal((await devnet.control('/witness')).violations.length, 0, 'a stranger, for all it knows');
  const next = await devnet.transfer(payer, 2);
  await database.store(next);
  await devnet.send(next.bytes);
  const { violations, checked, ignored } = await devnet.control('/witness');
  assert.deepEqual([checked, ignored, violations.length], [2, 0, 1]);
  assert.deepEqual([violations[0].signature, violations[0].endpoint, violations[0].held],
    [early.signature, 'rpc1', 'nothing']);
  const third = await devnet.transfer(payer, 3);
  await devnet.send(third.bytes);
  assert.equal((await devnet.control('/witness')).violations[1].signature, third.signature);
});

test('other bytes than those stored: a violation', { skip }, async (t) => {
  const { database, devnet, witness } = await watched(t);
  const payer = await devnet.fundedKey();
  const transaction = await devnet.transfer(payer);
  await database.store({ signature: transaction.signature, bytes: Buffer.from('something else') });
  await devnet.send(transaction.bytes);
  const { violations } = await witness();
  assert.equal(violations.length, 1);
  assert.match(violations[0].held, /^other bytes: /);
});

test('a deposit that nobody stored: a violation', { skip }, async (t) => {
  const { database, devnet, witness } = await watched(t);
  const wallet = await devnet.fundedKey();
  const account = await web3.PublicKey.createWithSeed(wallet.publicKey, 'order', web3.SystemProgram.programId);
  await database.expectDeposit(account.toBase58());
  const { blockhash } = (await devnet.result('getLatestBlockhash', [])).value;
  const deposit = sign([wallet], blockhash, [
    web3.SystemProgram.transfer({ fromPubkey: wallet.publicKey, toPubkey: account, lamports: 5_000_000 }),
    web3.SystemProgram.allocate({ accountPubkey: account, basePubkey: wallet.publicKey, seed: 'order', space: 10,
      programId: web3.SystemProgram.programId }),
  ]);
  await devnet.send(deposit.bytes);
  const { violations, feePayers } = await witness();
  assert.deepEqual(violations.map((v) => [v.signature, v.kind]), [[deposit.signature, 'deposit']]);
  assert.deepEqual(feePayers, [], "a wallet that deposits is not Landfall's");
});

test("strangers' transactions are none of its business", { skip }, async (t) => {
  const { devnet, witness } = await watched(t, ['--witness-fee-payer', web3.Keypair.generate().publicKey.toBase58()]);
  const stranger = await devnet.fundedKey();
  await devnet.send((await devnet.transfer(stranger)).bytes);
  const { arrived, checked, ignored, violations } = await witness();
  assert.deepEqual([arrived, checked, ignored, violations.length], [1, 0, 1, 0]);
});

test('what a fault keeps from the chain has arrived all the same', { skip }, async (t) => {
  const { devnet, witness } = await watched(t);
  await devnet.fault('rpc0', 'error', { status: 500, method: 'sendTransaction' });
  const stranger = await devnet.fundedKey();
  await devnet.send((await devnet.transfer(stranger)).bytes).catch(() => {});
  assert.equal((await witness()).arrived, 1);
});

test('no database: unchecked, and the chain goes on', async (t) => {
  const devnet = await startDevnet(t, ['--ms-per-slot', '0', '--witness', '127.0.0.1:1/none']);
  const payer = await devnet.fundedKey();
  const transaction = await devnet.transfer(payer);
  assert.equal((await devnet.send(transaction.bytes)).result, transaction.signature);
  const { unchecked, violations, lastProblem } = (await devnet.control('/state')).witness;
  assert.deepEqual([unchecked, violations.length, lastProblem.signature], [1, 0, transaction.signature]);
});

test('while the database is away, what it was seen to hold counts; the rest is judged when it is back', { skip },
  async (t) => {
  const { database, devnet, witness } = await watched(t);
  const payer = await devnet.fundedKey();
  const [known, inTime, late, never] = [await devnet.transfer(payer, 1), await devnet.transfer(payer, 2),
    await devnet.transfer(payer, 3), await devnet.transfer(payer, 4)];
  await database.store(known);
  await devnet.send(known.bytes);
  await database.store(inTime);
  await database.away();
  for (const { bytes } of [known, inTime, late, never]) await devnet.send(bytes);
  const away = await witness();
  assert.deepEqual([away.checked, away.unchecked], [2, 3]);
  await devnet.control('/witness');
  assert.equal((await witness()).unchecked, 3, 'it is away still');
  await database.back();
  await database.store(late);
  const { checked, checkedLate, unchecked, violations } = await devnet.control('/witness');
  assert.deepEqual([checked, checkedLate, unchecked], [5, 3, 0]);
  assert.deepEqual(violations.map((v) => v.signature), [late.signature, never.signature]);
});

test("the judge's own transaction is declared, once, and no other", { skip }, async (t) => {
  const { database, devnet, witness } = await watched(t);
  const payer = await devnet.fundedKey();
  const [stored, declared, other] = [await devnet.transfer(payer, 1), await devnet.transfer(payer, 2),
    await devnet.transfer(payer, 3)];
  await database.store(stored);
  await devnet.control('/witness', { declare: declared.signature });
  for (const { bytes } of [stored, declared, other]) await devnet.send(bytes);
  const { declared: count, violations } = await witness();
  assert.deepEqual([count, violations.map((v) => v.signature)], [1, [other.signature]]);
  await devnet.send(declared.bytes);
  assert.equal((await witness()).violations.length, 2, 'once, not for ever');
});

/** An offer of USDC to the maker, the row that stores it, and what the maker is handed. */
async function offered(t, args) {
  const { database, devnet, witness } = await watched(t, args);
  const taker = await Taker.funded(devnet);
  return { database, devnet, witness, taker, offer: await taker.offer(1_000_000) };
}

test('stored, then handed to the maker: its broadcast is of what was stored', { skip }, async (t) => {
  const { database, devnet, witness, taker, offer } = await offered(t);
  await database.storeQuoted(offer);
  assert.equal((await taker.handOver(offer)).state, 'accepted');
  await taker.handOver(offer);
  assert.equal((await witness()).checked, 3, 'the broadcast, too');
  await devnet.advance(1);
  assert.equal(await taker.paid(), BigInt(offer.quoted.amountOut));
  const { violations, feePayers } = await witness();
  assert.deepEqual(violations, []);
  assert.deepEqual(feePayers, [taker.payer.publicKey.toBase58()], 'who signs second, not the maker');
});

test('handed to the maker before stored, or other bytes than stored: violations, of the broadcast too', { skip },
  async (t) => {
  const { database, witness, taker, offer } = await offered(t);
  await taker.handOver(offer);
  assert.equal((await witness()).ignored, 2, 'a stranger, for all it knows');
  const other = await taker.offer(2_000_000);
  await database.storeQuoted({ ...other, bytes: Buffer.from('something else') });
  await taker.handOver(other);
  const { violations } = await witness();
  assert.deepEqual(violations.map((v) => [v.quoteId, v.endpoint, v.held.slice(0, 11)]).sort(), [
    [offer.quoted.quoteId, 'chain, from the maker', 'nothing'],
    [offer.quoted.quoteId, 'maker', 'nothing'],
    [other.quoted.quoteId, 'chain, from the maker', 'other bytes'],
    [other.quoted.quoteId, 'maker', 'other bytes'],
  ]);
});
