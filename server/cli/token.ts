import { parseArgs } from 'node:util';
import { IsNull, MoreThan } from 'typeorm';
import { SCOPES, type Scope } from '../../domain/permissions';
import type { Context } from '../context';
import { MachineToken, PORTAL } from '../issuer/issuer.entities';
import { makeMachineToken, revokeMachineToken } from '../issuer/machine-token';
import { runVerb } from './run';

const USAGE = `Usage: npm run token -- --user usr_… [--name NAME] [--days N | --minutes N] [--tenant ten_…] [--scope SCOPE …] [--issuer NAME]
       npm run token -- list
       npm run token -- revoke mtk_…
Prints a token for the customer API that acts as the user: an hour, in all tenants, all that the user may, unless told otherwise.
Scopes: ${SCOPES.join(' ')}`;
const HOUR_MS = 3_600_000;
const MOST_DAYS = 366;

function misused(why: string): never {
  console.error(`${why}\n${USAGE}`);
  process.exit(1);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        user: { type: 'string' },
        name: { type: 'string', default: 'npm run token' },
        days: { type: 'string' },
        minutes: { type: 'string' },
        tenant: { type: 'string' },
        scope: { type: 'string', multiple: true },
        issuer: { type: 'string', default: PORTAL },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return misused((error as Error).message);
  }
}

const { values, positionals } = readArguments();
const [verb, id] = positionals;
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

/** How long the token shall be good, in milliseconds. */
function term(): number {
  const { days, minutes } = values;
  if (days === undefined && minutes === undefined) return HOUR_MS;
  const ms = days === undefined ? Number(minutes) * 60_000 : Number(days) * 24 * HOUR_MS;
  if (!(ms >= 60_000 && ms <= MOST_DAYS * 24 * HOUR_MS))
    misused(`A token is good for one minute at least, and for ${MOST_DAYS} days at most.`);
  return ms;
}

function scopes(): Scope[] | null {
  const odd = values.scope?.find((scope) => !SCOPES.includes(scope as Scope));
  if (odd !== undefined) misused(`There is no scope "${odd}".`);
  return (values.scope as Scope[] | undefined) ?? null;
}

async function list({ db, now }: Context): Promise<void> {
  const where = { revokedAt: IsNull(), expiresAt: MoreThan(now()) };
  const rows = await db.getRepository(MachineToken).find({ where, order: { createdAt: 'ASC', id: 'ASC' } });
  if (rows.length === 0) console.log('No token is good just now.');
  for (const row of rows) {
    const used = row.lastUsedAt ? `used ${row.lastUsedAt.toISOString()}` : 'never used';
    const where = row.tenantId ?? 'all tenants';
    console.log(`${row.id}  ${row.name}: ${row.userId}, ${where}, ${row.scopes?.join(' ') ?? 'all scopes'}`);
    console.log(`  until ${row.expiresAt.toISOString()}, ${used}, issuer ${row.issuer}`);
  }
}

if (verb !== undefined && verb !== 'list' && verb !== 'revoke') misused(`There is no "${verb}".`);
if (verb === 'revoke' && !id) misused('Name the token to revoke: npm run token -- list tells them.');
if (verb === undefined && !values.user) misused('Name the user: --user usr_…');

runVerb('token', async (context, actor) => {
  if (verb === 'list') return list(context);
  if (verb === 'revoke') {
    await revokeMachineToken(context, actor, id!);
    console.log(`${id} is no good any more.`);
    return;
  }
  const expiresAt = new Date(Date.now() + term());
  const { user, name, tenant, issuer } = values;
  const made = await makeMachineToken(context, actor, {
    name,
    issuer,
    userId: user!,
    tenantId: tenant ?? null,
    scopes: scopes(),
    expiresAt,
  });
  console.error(`${made.id}, good until ${expiresAt.toISOString()}. It is shown this once:`);
  console.log(made.token);
});
