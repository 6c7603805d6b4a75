import type { Actor } from '../../server/audit/actor';
import { AuditChain, AuditEntry, AuditPersonal } from '../../server/audit/audit.entity';
import { canonical, entryHash, recordAudit } from '../../server/audit/record';
import { verifyAudit } from '../../server/audit/verify';
import { newId } from '../../server/db/id';
import { inTransaction } from '../../server/db/transaction';
import { aMembership, anInvitation, aTenant } from '../support/factories';
import { startServer, type TestServer } from '../support/server';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const actor: Actor = { type: 'operator', id: 'opr_x', name: 'Olga Operator', requestId: 'req_x', ip: '10.1.2.3' };
const entriesOf = (chain: string) =>
  server.context.db.getRepository(AuditEntry).find({ where: { chain }, order: { seq: 'ASC' } });
const append = (chain: string, reason: string | null = null) =>
  inTransaction(server.context.db, (tx) =>
    recordAudit(tx, {
      actor,
      action: 'tenant.update',
      resource: 'tenants',
      resourceId: chain,
      tenantId: chain,
      reason,
    }),
  );
const faultOf = async (chain: string) =>
  (await verifyAudit(server.context.db)).broken.find((broken) => broken.chain === chain)?.fault;

describe('the audit trail', () => {
  it('chains each entry to the one before it, one chain a tenant', async () => {
    const { id } = await aTenant(server.context);
    await append(id);
    await aMembership(server.context, { tenantId: id });
    const entries = await entriesOf(id);
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(entries.map(({ prevHash }) => prevHash)).toEqual(['', entries[0]!.hash, entries[1]!.hash]);
    for (const entry of entries) expect(entry.hash).toBe(entryHash(entry));
    const head = await server.context.db.getRepository(AuditChain).findOneByOrFail({ chain: id });
    expect(head).toMatchObject({ seq: 3, hash: entries[2]!.hash });
  });

  it('never forks, however many write to one chain at once', async () => {
    const chain = newId('ten');
    await Promise.all(Array.from({ length: 12 }, (_, n) => append(chain, `writer ${n}`)));
    const entries = await entriesOf(chain);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    entries.forEach((entry, n) => {
      expect(entry.prevHash).toBe(n === 0 ? '' : entries[n - 1]!.hash);
    });
    expect(await faultOf(chain)).toBeUndefined();
  });

  it('keeps nothing of a change that was rolled back', async () => {
    const chain = newId('ten');
    const failed = inTransaction(server.context.db, async (tx) => {
      await recordAudit(tx, { actor, action: 'x.y', resource: 'tenants', resourceId: chain, tenantId: chain });
      throw new Error('the change failed');
    });
    await expect(failed).rejects.toThrow('the change failed');
    expect(await entriesOf(chain)).toEqual([]);
  });

  it('is proved whole by the verifier, over all that the tests wrote', async () => {
    await anInvitation(server.context);
    const proof = await verifyAudit(server.context.db);
    expect(proof.broken).toEqual([]);
    expect(proof.entries).toBe(await server.context.db.getRepository(AuditEntry).count());
  });
});

describe('tampering is found where', () => {
  it.each<[string, (chain: string) => Promise<unknown>, RegExp]>([
    [
      'an entry was changed',
      (chain) => server.context.db.query(`UPDATE audit_log SET reason = 'other' WHERE chain = ? AND seq = 2`, [chain]),
      /was changed/,
    ],
    [
      'an entry in the middle is gone',
      (chain) => server.context.db.query('DELETE FROM audit_log WHERE chain = ? AND seq = 2', [chain]),
      /is missing/,
    ],
    [
      'the last entry is gone',
      (chain) => server.context.db.query('DELETE FROM audit_log WHERE chain = ? AND seq = 3', [chain]),
      /at its end are gone/,
    ],
    [
      'an entry was changed and its hash made to fit',
      async (chain) => {
        const entry = (await entriesOf(chain))[1]!;
        const forged = { ...entry, reason: 'other' };
        await server.context.db
          .getRepository(AuditEntry)
          .update({ id: entry.id }, { reason: 'other', hash: entryHash(forged) });
      },
      /does not follow/,
    ],
    [
      'a personal value was changed',
      async (chain) => {
        const entry = (await entriesOf(chain))[0]!;
        await server.context.db
          .getRepository(AuditPersonal)
          .update({ entryId: entry.id, field: 'actor.name' }, { value: 'Somebody Else' });
      },
      /personal value "actor.name" was changed/,
    ],
  ])('%s', async (_what, tamper, fault) => {
    const chain = newId('ten');
    for (const n of [1, 2, 3]) await append(chain, `step ${n}`);
    expect(await faultOf(chain)).toBeUndefined();
    await tamper(chain);
    expect(await faultOf(chain)).toMatch(fault);
  });
});

describe('a personal value', () => {
  it('stands beside the entry, which holds its salted hash alone', async () => {
    const { id, tenantId } = await anInvitation(server.context, { email: 'paula@example.com' });
    const [, entry] = await entriesOf(tenantId);
    expect(entry).toMatchObject({ resource: 'invitations', resourceId: id });
    expect(JSON.stringify(entry)).not.toContain('paula@example.com');
    const beside = await server.context.db.getRepository(AuditPersonal).findBy({ entryId: entry!.id });
    expect(beside.map(({ field, value }) => [field, value])).toContainEqual(['email.to', 'paula@example.com']);
  });

  it('is shown while it stands, may be erased, and the chain stays provable', async () => {
    const { agent } = await server.signIn('admin');
    const { id: tenantId } = await aTenant(server.context);
    const given = { tenantId, email: 'erase@example.com', role: 'member' };
    const { id } = (await agent.post('/api/invitations').send(given).expect(201)).body;
    const read = async () => {
      const filter = JSON.stringify({ resourceId: id });
      return (await agent.get('/api/audit-log').query({ filter }).expect(200)).body[0];
    };
    expect(await read()).toMatchObject({
      action: 'invitation.create',
      actor: { type: 'operator', name: 'admin one' },
      changes: { email: { from: null, to: 'erase@example.com' } },
    });
    const entry = await read();
    await server.context.db.getRepository(AuditPersonal).delete({ entryId: entry.id });
    expect(await read()).toMatchObject({ actor: { name: '(erased)' }, changes: { email: { to: '(erased)' } } });
    expect(await faultOf(tenantId)).toBeUndefined();
  });
});

describe('the bytes that are hashed', () => {
  it('do not depend on the order of keys, on dates as text, or on what is undefined', () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    expect(canonical({ b: [1, { d: at, c: undefined }], a: null })).toBe(
      canonical({ a: null, b: [1, { d: '2026-01-02T03:04:05.678Z' }] }),
    );
  });
});
