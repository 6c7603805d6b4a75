import { purge } from '../../server/billing/purge';
import { IdempotencyKey } from '../../server/http/idempotency-key.entity';
import { DAY, MINUTE } from '../support/clock';
import { startServer, type TestServer } from '../support/server';
import { aCustomer, anEmail, type Customer, foundedBy } from './people';

let server: TestServer;
let ann: Customer;
beforeAll(async () => {
  server = await startServer();
  ann = await aCustomer(server);
});
afterAll(() => server.close());

let keys = 0;
const aKey = () => {
  keys += 1;
  return `key-${keys}`;
};
const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const found = (key: string, name: string, by = ann) =>
  by.agent.post('/v1/tenants').set('Idempotency-Key', key).send({ name });
const tenantsOf = async ({ agent }: Customer) => (await agent.get('/v1/tenants').expect(200)).body.items.length;

describe('a POST with an Idempotency-Key', () => {
  it('is carried out once, and answered alike each time', async () => {
    const key = aKey();
    const first = await found(key, 'Once').expect(201);
    const before = await tenantsOf(ann);
    const second = await found(key, 'Once').expect(201);
    expect(second.body).toEqual(first.body);
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(await tenantsOf(ann)).toBe(before);
  });

  it('sent many times at once is carried out once', async () => {
    const bob = await aCustomer(server);
    const key = aKey();
    const answers = await Promise.all(Array.from({ length: 10 }, () => found(key, 'Rush', bob)));
    for (const answer of answers) expect([201, 409]).toContain(answer.status);
    expect(answers.some(({ status }) => status === 201)).toBe(true);
    expect(await tenantsOf(bob)).toBe(1);
  });

  it('is refused with the key of another request, and with a bad key', async () => {
    const key = aKey();
    await found(key, 'One').expect(201);
    expect(codeOf(await found(key, 'Two'))).toEqual([422, 'idempotency_key_reused']);
    expect(codeOf(await found('has space', 'One'))).toEqual([400, 'invalid']);
    expect(codeOf(await found('x'.repeat(256), 'One'))).toEqual([400, 'invalid']);
  });

  it('leaves the keys of others alone', async () => {
    const key = aKey();
    const [mine, theirs] = [await found(key, 'Same'), await found(key, 'Same', await aCustomer(server))];
    expect(theirs.status).toBe(201);
    expect(theirs.body.id).not.toBe(mine.body.id);
  });

  it('that was refused is tried anew', async () => {
    const tenantId = await foundedBy(ann);
    const invite = (email: string, key: string) =>
      ann.agent.post(`/v1/tenants/${tenantId}/invitations`).set('Idempotency-Key', key).send({ email, role: 'member' });
    const [email, key] = [anEmail(), aKey()];
    const { body } = await invite(email, aKey()).expect(201);
    await invite(email, key).expect(409);
    await ann.agent.delete(`/v1/tenants/${tenantId}/invitations/${body.id}`).expect(200);
    await invite(email, key).expect(201);
    const { body: list } = await ann.agent.get(`/v1/tenants/${tenantId}/invitations?status=pending`);
    expect(list.items).toHaveLength(1);
  });

  it('that was cut off is worked on anew after a minute, by one', async () => {
    const bob = await aCustomer(server);
    const rows = server.context.db.getRepository(IdempotencyKey);
    const key = aKey();
    await found(key, 'Cut', bob).expect(201);
    await rows.update({ userId: bob.id, idempotencyKey: key }, { status: null, answer: null });
    expect(codeOf(await found(key, 'Cut', bob))).toEqual([409, 'idempotency_in_progress']);
    server.clock.advance(2 * MINUTE);
    const answers = await Promise.all(Array.from({ length: 6 }, () => found(key, 'Cut', bob)));
    expect(answers.some(({ status }) => status === 201)).toBe(true);
    expect(await tenantsOf(bob)).toBe(2);
  });

  it('is forgotten after a day', async () => {
    const bob = await aCustomer(server);
    const key = aKey();
    const rows = server.context.db.getRepository(IdempotencyKey);
    await found(key, 'Day', bob).expect(201);
    await purge(server.context);
    expect(await rows.countBy({ userId: bob.id })).toBe(1);
    server.clock.advance(DAY + MINUTE);
    await purge(server.context);
    expect(await rows.countBy({ userId: bob.id })).toBe(0);
  });
});
