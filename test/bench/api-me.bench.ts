import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { systemActor } from '../../server/audit/actor';
import { newId } from '../../server/db/id';
import { inTransaction } from '../../server/db/transaction';
import { signAccessToken } from '../../server/issuer/access-token';
import { SigningKeys } from '../../server/issuer/signing-key';
import { addMember } from '../../server/memberships/members';
import { createTenant } from '../../server/tenants/create-tenant';
import { Identity } from '../../server/users/identity.entity';
import { User } from '../../server/users/user.entity';
import { startServer, type TestServer } from '../support/server';
import { sendSteadily } from './steady-sender';
import { bench, httpRate, quantile, sideBySide } from './support';

const TENANTS = 20;
const CONNECTIONS = 50;
const POOL = 20;
const SHARE = 0.6;
const STEADY_RATE = 300;
const STEADY_SECONDS = 4;
const STEADY_ROUNDS = 5;
const LIMIT_MS = 15;
const SUBJECT = 'email:bench';
const PATH = '/v1/me';

/** A user of twenty tenants. */
async function aUser({ context }: TestServer): Promise<void> {
  const userId = newId('usr');
  await inTransaction(context.db, async (tx) => {
    await tx.insert(User, { id: userId, email: 'ann@example.com', emailKey: 'ann@example.com', name: 'Ann' });
    const issuer = context.config.publicUrl;
    await tx.insert(Identity, { id: newId('idn'), issuer, subject: SUBJECT, userId });
    for (let n = 0; n < TENANTS; n += 1) {
      const { id } = await createTenant(tx, context, systemActor, { name: `Tenant ${n}` });
      await addMember(tx, systemActor, id, { userId, role: 'member' });
    }
  });
}

/** The statements that the address needs, by the bare driver, and their rows as they come. */
async function answerOf(pool: Pool, issuer: string) {
  const select = async (sql: string, given: unknown[]) => (await pool.query<RowDataPacket[]>(sql, given))[0];
  const [identity] = await select('SELECT * FROM identities WHERE issuer = ? AND subject = ?', [issuer, SUBJECT]);
  const [user] = await select('SELECT * FROM users WHERE id = ?', [identity!.userId]);
  const [identities, memberships] = await Promise.all([
    select('SELECT * FROM identities WHERE userId = ? ORDER BY id', [user!.id]),
    select('SELECT * FROM memberships WHERE userId = ? ORDER BY id', [user!.id]),
  ]);
  const tenants = await select('SELECT * FROM tenants WHERE id IN (?)', [memberships.map((one) => one.tenantId)]);
  return { user, identities, tenants };
}

void bench(async (report) => {
  const server = await startServer();
  await aUser(server);
  const { config } = server.context;
  const keys = new SigningKeys(server.context);
  const { accessToken } = await signAccessToken(server.context, keys, { subject: SUBJECT, email: null });
  const headers = { authorization: `Bearer ${accessToken}` };
  const pool = createPool({ uri: config.databaseUrl, connectionLimit: POOL, timezone: 'Z' });
  const app = express().get(PATH, async (_req, res) => {
    res.json(await answerOf(pool, config.publicUrl));
  });
  const bare = app.listen(0, '127.0.0.1');
  await once(bare, 'listening');
  const ours = `${server.url}${PATH}`;
  const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}${PATH}`;
  const connections = CONNECTIONS;
  const rates = await sideBySide(
    httpRate({ url: ours, headers, connections }),
    httpRate({ url: bareUrl, connections }),
  );
  report.atLeast(`${PATH} with ${TENANTS} tenants, to a bare route`, rates.ours, SHARE, rates.bare, '/s');
  const late = { ours: [] as number[], bare: [] as number[] };
  const pace = { headers, perSecond: STEADY_RATE, seconds: STEADY_SECONDS };
  for (let round = 0; round < STEADY_ROUNDS; round += 1) {
    late.ours.push(quantile(await sendSteadily({ ...pace, url: ours }), 0.99));
    late.bare.push(quantile(await sendSteadily({ ...pace, url: bareUrl }), 0.99));
  }
  report.atMost(`${PATH} at ${STEADY_RATE}/s, 99 of 100`, quantile(late.ours, 0.5), LIMIT_MS, 'ms');
  const told = (figures: number[]) => figures.map((ms) => ms.toFixed(1)).join(', ');
  console.log(`  each round, ours: ${told(late.ours)}; the bare route: ${told(late.bare)}`);
  await pool.end();
  await server.close();
});
