import { randomBytes } from 'node:crypto';
import { Email, type EmailKind } from '../../server/emails/email.entity';
import type { Agent, TestServer } from '../support/server';

export interface Customer {
  id: string;
  email: string;
  token: string;
  agent: Agent;
}

export const anEmail = () => `guest-${randomBytes(5).toString('hex')}@example.com`;

/** The secret of the newest mail of a kind to an address: what its reader would find in it. */
export async function secretOf({ context }: TestServer, to: string, kind: EmailKind): Promise<string> {
  const mail = await context.db
    .getRepository(Email)
    .findOneOrFail({ where: { to, kind }, order: { createdAt: 'DESC', id: 'DESC' } });
  return context.sealer.open(mail.sealedSecret!);
}

/** Asks for a code and reads it from the mail. */
export async function aCode(server: TestServer, email: string, agent = server.anonymous()): Promise<string> {
  await agent.post('/auth/code').send({ email }).expect(202);
  return secretOf(server, email, 'sign-in-code');
}

/** Somebody signed in by a mailed code, who has made no tenant yet; the agent bears the cookie and the token. */
export async function aCustomer(server: TestServer, email = anEmail()): Promise<Customer> {
  const agent = server.anonymous();
  const code = await aCode(server, email, agent);
  const { body } = await agent.post('/auth/token').send({ email, code }).expect(200);
  const token = body.accessToken as string;
  agent.set('Authorization', `Bearer ${token}`);
  const me = await agent.get('/v1/me?noTenantProvisioning').expect(200);
  return { id: me.body.user.id, email, token, agent };
}

/** A tenant that the customer founded. */
export async function foundedBy({ agent }: Customer, name = 'Acme'): Promise<string> {
  const { body } = await agent.post('/v1/tenants').send({ name }).expect(201);
  return body.id;
}
