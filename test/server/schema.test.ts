import { newId } from '../../server/db/id';
import { sqlCode } from '../../server/db/transaction';
import { makeContext, type TestContext } from '../support/context';
import { aMembership, anInvitation, aTenant, aUser } from '../support/factories';

let made: TestContext;
beforeAll(async () => {
  made = await makeContext();
});
afterAll(() => made.close());

/** A failed check is 4025 on MariaDB, whose number mysql2 knows by another name, and 3819 on MySQL. */
const CHECK_FAILED = new Set([4025, 3819]);
const CHECK = 'check failed';

/** The database's word for why it won't run `sql`, or `accepted`. */
const refusal = async (sql: string, parameters: unknown[] = []): Promise<string | undefined> =>
  made.context.db.query(sql, parameters).then(
    () => 'accepted',
    (error) => (CHECK_FAILED.has(error.driverError?.errno) ? CHECK : sqlCode(error)),
  );

describe('the schema', () => {
  it('is what the entities say, once migrated', async () => {
    const { upQueries } = await made.context.db.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('gives an empty installation the one plan "free", the default, without a seat limit', async () => {
    const fresh = await makeContext();
    const plans = await fresh.context.db.query('SELECT id, kind, isDefault, seatLimit FROM plans');
    await fresh.close();
    expect(plans).toEqual([{ id: 'free', kind: 'free', isDefault: 1, seatLimit: null }]);
  });
});

describe('the database refuses', () => {
  it.each([
    ['a deleted tenant without its time', `status = 'deleted'`],
    ['a time of deletion on a tenant that is not deleted', `deletedAt = NOW(3)`],
    ['an unknown status', `status = 'asleep'`],
    ['an unknown source of the plan', `planSource = 'gift'`],
  ])('%s', async (_what, change) => {
    const { id } = await aTenant(made.context);
    expect(await refusal(`UPDATE tenants SET ${change} WHERE id = ?`, [id])).toBe(CHECK);
  });

  it('a tenant on a plan that does not exist', async () => {
    const { id } = await aTenant(made.context);
    expect(await refusal(`UPDATE tenants SET planId = 'nowhere' WHERE id = ?`, [id])).toBe('ER_NO_REFERENCED_ROW_2');
  });

  it('a second default plan', async () => {
    const insert = `INSERT INTO plans (id, name, kind, isDefault, features) VALUES ('second', 'Second', 'free', 1, '[]')`;
    expect(await refusal(insert)).toBe('ER_DUP_ENTRY');
  });

  it.each([
    ['is paid for', 'stripe', 1, 1],
    ['is not active', 'free', 0, 1],
    ['bears a mark other than 1', 'free', 1, 2],
  ])('a default plan that %s', async (_what, kind, active, isDefault) => {
    const insert = 'INSERT INTO plans (id, name, kind, active, isDefault, features) VALUES (?, ?, ?, ?, ?, ?)';
    expect(await refusal(insert, ['bad', 'Bad', kind, active, isDefault, '[]'])).toBe(CHECK);
  });

  it('one price on two plans', async () => {
    await made.context.db.query(`INSERT INTO plan_prices (priceId, planId) VALUES ('price_once', 'free')`);
    expect(await refusal(`INSERT INTO plan_prices (priceId, planId) VALUES ('price_once', 'free')`)).toBe(
      'ER_DUP_ENTRY',
    );
  });

  const copyOf = (id: string) =>
    refusal(
      `INSERT INTO invitations (id, tenantId, email, emailKey, role, tokenHash, expiresAt, invitedByType, invitedByName)
       SELECT ?, tenantId, email, emailKey, role, ?, expiresAt, invitedByType, invitedByName FROM invitations WHERE id = ?`,
      [newId('inv'), newId('inv'), id],
    );

  it('two pending invitations of one address to one tenant', async () => {
    const { id } = await anInvitation(made.context);
    expect(await copyOf(id)).toBe('ER_DUP_ENTRY');
  });

  it('nothing where a second invitation follows one that is over', async () => {
    const { id } = await anInvitation(made.context);
    await made.context.db.query(`UPDATE invitations SET status = 'revoked', pending = NULL WHERE id = ?`, [id]);
    expect(await copyOf(id)).toBe('accepted');
  });

  it.each([
    ['revoked but still marked pending', `status = 'revoked'`],
    ['pending but not marked so', 'pending = NULL'],
    ['accepted by nobody', `status = 'accepted', pending = NULL, acceptedAt = NOW(3)`],
    ['of an unknown role', `role = 'king'`],
    ['of an unknown status', `status = 'lost', pending = NULL`],
    ['of an unknown delivery', `deliveryStatus = 'pigeon'`],
  ])('an invitation %s', async (_what, change) => {
    const { id } = await anInvitation(made.context);
    expect(await refusal(`UPDATE invitations SET ${change} WHERE id = ?`, [id])).toBe(CHECK);
  });

  it.each(['sent', 'failed', 'bounced'])('a secret kept on a mail that is %s', async (status) => {
    const { id } = await anInvitation(made.context);
    expect(await refusal('UPDATE emails SET status = ? WHERE invitationId = ?', [status, id])).toBe(CHECK);
    expect(
      await refusal('UPDATE emails SET status = ?, sealedSecret = NULL WHERE invitationId = ?', [status, id]),
    ).toBe('accepted');
  });

  it('a second membership of one user in one tenant, and an unknown role', async () => {
    const { id, tenantId, userId } = await aMembership(made.context);
    const twice = `INSERT INTO memberships (id, tenantId, userId, role) VALUES (?, ?, ?, 'member')`;
    expect(await refusal(twice, [newId('mem'), tenantId, userId])).toBe('ER_DUP_ENTRY');
    expect(await refusal(`UPDATE memberships SET role = 'king' WHERE id = ?`, [id])).toBe(CHECK);
  });

  it('a user removed while a member', async () => {
    const { userId } = await aMembership(made.context);
    expect(await refusal('DELETE FROM users WHERE id = ?', [userId])).toBe('ER_ROW_IS_REFERENCED_2');
  });

  it('an identity of two users, though two users may share an address', async () => {
    const one = await aUser(made.context, { email: 'shared@example.com' });
    const two = await aUser(made.context, { email: 'shared@example.com' });
    const insert = 'INSERT INTO identities (id, issuer, subject, userId) VALUES (?, ?, ?, ?)';
    expect(await refusal(insert, [newId('idn'), 'https://issuer', 'subject', one.id])).toBe('accepted');
    expect(await refusal(insert, [newId('idn'), 'https://issuer', 'subject', two.id])).toBe('ER_DUP_ENTRY');
  });

  it('an override that ends before it starts', async () => {
    const { id } = await aTenant(made.context);
    const insert = `INSERT INTO overrides (id, tenantId, planId, reason, startsAt, endsAt, createdByType, createdByName)
      VALUES (?, ?, 'free', 'a gift', '2030-01-02', '2030-01-01', 'system', 'Tenantry')`;
    expect(await refusal(insert, [newId('ovr'), id])).toBe(CHECK);
  });

  it('an operator of an unknown role', async () => {
    const insert = `INSERT INTO operators (id, email, emailKey, name, role, passwordHash) VALUES (?, 'a@b', 'a@b', 'A', 'root', 'x')`;
    expect(await refusal(insert, [newId('opr')])).toBe(CHECK);
  });
});
