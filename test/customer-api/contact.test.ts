import { Email } from '../../server/emails/email.entity';
import { startServer, type TestServer } from '../support/server';
import { aCustomer, foundedBy } from './people';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

it('a word to sales stands in the operators’ list, and is mailed to every admin', async () => {
  const admin = await server.signIn('admin');
  const ann = await aCustomer(server);
  const tenantId = await foundedBy(ann, 'Asking Ltd');
  await ann.agent.post('/v1/contact').send({ message: ' We are 120 people. ', tenantId }).expect(201);
  const filter = JSON.stringify({ tenantId });
  const { body } = await admin.agent.get('/api/contact-requests').query({ filter }).expect(200);
  expect(body).toMatchObject([{ tenantId, userId: ann.id, email: ann.email, message: 'We are 120 people.' }]);
  const one = await admin.agent.get(`/api/contact-requests/${body[0].id}`).expect(200);
  expect(one.body).toEqual(body[0]);
  const mails = await server.context.db.getRepository(Email).findBy({ kind: 'contact', to: admin.email });
  expect(mails).toHaveLength(1);
  await server.anonymous().get('/api/contact-requests').expect(401);
});

it('of another’s tenant, or without a word, is refused', async () => {
  const [ann, bob] = [await aCustomer(server), await aCustomer(server)];
  const tenantId = await foundedBy(bob);
  await ann.agent.post('/v1/contact').send({ message: 'Hello', tenantId }).expect(404);
  const { body } = await ann.agent.post('/v1/contact').send({ message: ' ' }).expect(400);
  expect(Object.keys(body.errors)).toEqual(['message']);
});
