import { In } from 'typeorm';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import type { Context } from '../../server/context';
import { newId } from '../../server/db/id';
import { COUNT_BOUND } from '../../server/http/simple-rest';
import { Tenant } from '../../server/tenants/tenant.entity';
import { PASSWORD, startServer } from '../support/server';
import { bench, httpRate, loopRate, sideBySide } from './support';

const TENANTS = 50_000;
const CHUNK = 5000;
const PAGE = 25;
const SHARE = 0.2;

async function fill({ db }: Context): Promise<void> {
  for (let first = 0; first < TENANTS; first += CHUNK) {
    const ids = Array.from({ length: CHUNK }, () => newId('ten'));
    const tenants = ids.map((id, i) => [
      id,
      `Tenant ${String(first + i).padStart(6, '0')}`,
      'free',
      'free',
      new Date(),
    ]);
    await db.query('INSERT INTO tenants (id, name, basePlanId, planId, planSince) VALUES ?', [tenants]);
    const customers = ids.map((id) => [id.replace('ten_', 'cus_'), id]);
    await db.query('INSERT INTO stripe_customers (id, tenantId) VALUES ?', [customers]);
  }
  await db.query('ANALYZE TABLE tenants, stripe_customers');
}

/** The statements that a page of the list costs, as the list itself writes them, and nothing around them. */
async function bareStatements({ db }: Context): Promise<() => Promise<unknown>> {
  const page = db.createQueryBuilder(Tenant, 'r').orderBy({ 'r.name': 'ASC', 'r.id': 'ASC' }).offset(0).limit(PAGE);
  const counted = db
    .createQueryBuilder(Tenant, 'r')
    .select('1', 'one')
    .limit(COUNT_BOUND + 1);
  const tenantId = In((await page.getMany()).map(({ id }) => id));
  const customers = db.getRepository(StripeCustomer).createQueryBuilder('c').where({ tenantId });
  const [rowsSql, rowsGiven] = page.getQueryAndParameters();
  const [countSql, countGiven] = counted.getQueryAndParameters();
  const [customersSql, customersGiven] = customers.getQueryAndParameters();
  return async () => {
    await Promise.all([
      db.query(rowsSql, rowsGiven),
      db.query(`SELECT COUNT(*) AS n FROM (${countSql}) counted`, countGiven),
    ]);
    await db.query(customersSql, customersGiven);
  };
}

void bench(async (report) => {
  const server = await startServer();
  await fill(server.context);
  const { email } = await server.signIn('viewer');
  const session = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const cookie = session.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  const url = `${server.url}/api/tenants?range=[0,${PAGE - 1}]`;
  const { ours, bare } = await sideBySide(
    httpRate({ url, headers: { cookie } }),
    loopRate(await bareStatements(server.context)),
  );
  report.atLeast(`List of ${TENANTS.toLocaleString('en-US')} tenants, HTTP to SQL`, ours, SHARE, bare, '/s');
  await server.close();
});
