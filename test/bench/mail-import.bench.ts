import { createPool } from 'mysql2/promise';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { aTenant } from '../support/factories';
import { startServer } from '../support/server';
import { bench, quantile } from './support';

const PEOPLE = 1000;
const TIMES = 5;
const LIMIT_MS = 1000;
/** To inserting the rows that an import wrote, by the bare driver in one transaction. */
const LIMIT_TIMES = 5;
const TABLES = ['invitations', 'invitation_tokens', 'emails', 'outbox', 'audit_log', 'audit_personal'];

void bench(async (report) => {
  const server = await startServer();
  const { context } = server;
  const { agent } = await server.signIn('support');
  const times: number[] = [];
  const bare: number[] = [];
  const pool = createPool({ uri: context.config.databaseUrl, timezone: 'Z', multipleStatements: true });
  for (let turn = 0; turn < TIMES; turn += 1) {
    const { id: tenantId } = await aTenant(context);
    const csv = Array.from({ length: PEOPLE }, (_, n) => `person-${turn}-${n}@example.com,member`).join('\n');
    const begin = performance.now();
    const { body } = await agent.post('/api/invitations/import').send({ tenantId, importId: `import-${turn}`, csv });
    times.push(performance.now() - begin);
    if (body.invited !== PEOPLE) throw new Error(`Of ${PEOPLE} people ${body.invited} were invited.`);
    const owed = await context.db.getRepository(OutboxRow).countBy({ kind: 'send-email', status: 'open' });
    if (owed !== PEOPLE * (turn + 1)) throw new Error(`Only ${owed} mails are owed.`);
  }
  for (const table of TABLES) {
    await pool.query(`CREATE TABLE bare_${table} LIKE ${table}`);
    const [rows] = await pool.query<never[]>(`SELECT * FROM ${table} LIMIT ${PEOPLE}`);
    const values = (rows as Record<string, unknown>[]).map((row) =>
      Object.values(row).map((value) =>
        value !== null && typeof value === 'object' && !(value instanceof Date) ? JSON.stringify(value) : value,
      ),
    );
    const begin = performance.now();
    if (values.length > 0) await pool.query(`INSERT INTO bare_${table} VALUES ?`, [values]);
    bare.push(performance.now() - begin);
  }
  const median = quantile(times, 0.5);
  const floor = bare.reduce((sum, ms) => sum + ms, 0);
  console.log(`import ${times.map(Math.round).join(', ')} ms; bare inserts ${Math.round(floor)} ms`);
  report.atMost(
    `Import of ${PEOPLE.toLocaleString('en-US')}, until all are queued`,
    Math.max(...times),
    LIMIT_MS,
    'ms',
  );
  report.atMost('  its median, to bare inserts', median / floor, LIMIT_TIMES, 'times');
  await pool.end();
  await server.close();
});
