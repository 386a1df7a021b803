// Either service can be down, and the other notices nothing but the absence of new rows.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SystemFixture } from './lib/system_fixture.mjs';
import { waitFor } from './lib/wait.mjs';

let stack;
let user;
before(async () => {
  stack = await SystemFixture.start({ parts: 'pg,devnet,setup,api,trigger' });
  user = await stack.user();
});
after(() => stack?.stop());

const isReady = (offset, who) => waitFor(`${who} is ready`,
  async () => (await stack.get(offset, '/readyz')).status === 200);

test('with the executor down orders still become ready, and are filled when it is back', async () => {
  const orders = [await stack.place(user), await stack.place(user, { price: 151.5 })];
  for (const { id } of orders) await stack.reaches(id, 'open');
  await stack.devnet.price('SOL', 152);
  for (const { id } of orders) await stack.reaches(id, 'ready_execute');
  await isReady(1, 'the trigger service');
  await isReady(0, 'the API');
  await stack.up('worker');
  for (const { id } of orders) await stack.filledOnce(id);
  await stack.devnet.price('SOL', 150);
});

test('with the trigger service down ready orders are still filled, and open ones wait', async () => {
  await stack.down('worker');
  const ready = await stack.place(user);
  const waiting = await stack.place(user, { price: 155 });
  await stack.reaches(waiting.id, 'open');
  await stack.reaches(ready.id, 'open');
  await stack.devnet.price('SOL', 152);
  await stack.reaches(ready.id, 'ready_execute');
  await stack.down('trigger');
  await stack.up('worker');
  await stack.filledOnce(ready.id);
  await stack.devnet.price('SOL', 156);
  await isReady(3, 'the executor');
  assert.equal((await stack.database.order(waiting.id)).state, 'open');
  await stack.up('trigger');
  await stack.filledOnce(waiting.id);
  await stack.devnet.price('SOL', 150);
});

test('with the API down orders are filled all the same', async () => {
  const order = await stack.place(user);
  await stack.reaches(order.id, 'open');
  await stack.down('api');
  await stack.devnet.price('SOL', 152);
  await stack.filledOnce(order.id);
  await stack.up('api');
  await waitFor('the API shows it', async () => (await user.order(order.id)).orderState === 'filled');
});
