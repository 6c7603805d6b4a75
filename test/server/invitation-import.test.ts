import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { AuditEntry } from '../../server/audit/audit.entity';
import { verifyAudit } from '../../server/audit/verify';
import { Email } from '../../server/emails/email.entity';
import { Suppression } from '../../server/emails/suppression.entity';
import { previewInvitation } from '../../server/invitations/accept-invitation';
import { parseCsv } from '../../server/invitations/import/parse-csv';
import { Invitation } from '../../server/invitations/invitation.entity';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { DAY } from '../support/clock';
import { aMembership, anInvitation, aTenant, aUser } from '../support/factories';
import { type SignedIn, startServer, type TestServer } from '../support/server';

let server: TestServer;
let support: SignedIn;
let viewer: SignedIn;
beforeAll(async () => {
  server = await startServer();
  [support, viewer] = [await server.signIn('support'), await server.signIn('viewer')];
});
afterAll(() => server.close());

const rows = <Row extends object>(entity: new () => Row) => server.context.db.getRepository(entity);
const anId = () => `import-${randomBytes(6).toString('hex')}`;
const preview = (tenantId: string, csv: string, by = support) =>
  by.agent.post('/api/invitations/import/preview').send({ tenantId, csv });
const run = (tenantId: string, csv: string, importId = anId(), by = support) =>
  by.agent.post('/api/invitations/import').send({ tenantId, importId, csv });
const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const verdicts = (body: { lines: { line: number; verdict: string }[] }) => body.lines.map(({ verdict }) => verdict);

describe('a list', () => {
  it.each<[string, string]>([
    ['bare', 'ann@example.com\nbob@example.com'],
    ['with a heading, in another order', 'Role,E-Mail\nadmin,ann@example.com\n,bob@example.com\n'],
    ['of semicolons and Windows', '\uFEFFemail;role\r\n"ann@example.com";"ADMIN"\r\nbob@example.com;\r\n\r\n'],
    ['of tabs and old Macs', 'email\trole\rann@example.com\tadmin\rbob@example.com\t\r'],
    ['with empty lines', '\n\nann@example.com,admin\n\n\nbob@example.com\n'],
  ])('%s is read', (_what, csv) => {
    expect(parseCsv(csv).map(({ email }) => email)).toEqual(['ann@example.com', 'bob@example.com']);
  });

  it('of any text is read or refused, and never fails', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (csv) => {
        try {
          for (const { email, role } of parseCsv(csv)) expect(typeof email + typeof role).toBe('stringstring');
        } catch (error) {
          expect((error as { problem?: { errors: object } }).problem?.errors).toHaveProperty('csv');
        }
      }),
    );
  });

  it.each<[string, string, RegExp]>([
    ['empty', '  \n', /is empty/],
    ['of a heading alone', 'email,role', /no lines/],
    ['too long', Array.from({ length: 1001 }, (_, n) => `p${n}@example.com`).join('\n'), /at most 1000/],
    ['with an open quote', '"ann@example.com', /can't be read/],
  ])('%s is refused', async (_what, csv, why) => {
    const { id } = await aTenant(server.context);
    const { body } = await preview(id, csv).expect(400);
    expect(body.errors.csv).toMatch(why);
  });
});

describe('the preview', () => {
  it('says of each line what becomes of it, and writes nothing', async () => {
    const { id } = await aTenant(server.context);
    const member = await aUser(server.context, { email: 'member@example.com' });
    await aMembership(server.context, { tenantId: id, userId: member.id });
    await anInvitation(server.context, { tenantId: id, email: 'waiting@example.com' });
    const gone = {
      id: 'sup_gone',
      email: 'gone@example.com',
      emailKey: 'gone@example.com',
      reason: 'bounced' as const,
    };
    await rows(Suppression).insert({ ...gone, detail: null, emailId: null });
    const csv = [
      'email,role,days',
      'new@example.com,admin,14',
      'NEW@example.com',
      'Member@Example.com',
      'waiting@example.com',
      'nonsense',
      'x@example.com,emperor',
      'y@example.com,member,99',
      'gone@example.com',
      'typo@gmial.com',
    ].join('\n');
    const before = await rows(Invitation).count();
    const { body } = await preview(id, csv).expect(200);
    expect(verdicts(body)).toEqual([
      'invite',
      'duplicate',
      'member',
      'pending',
      'bad_address',
      'bad_role',
      'bad_days',
      'address_bounced',
      'invite',
    ]);
    expect(body.lines[0]).toMatchObject({ line: 2, role: 'admin', days: 14 });
    expect(body.lines[1].note).toContain('line 2');
    expect(body.lines[8].note).toContain('typo@gmail.com');
    expect(body).toMatchObject({ invited: 2, seatsFree: null });
    expect(await rows(Invitation).count()).toBe(before);
    await rows(Suppression).delete({ id: 'sup_gone' });
  });

  it('is not for viewers, and needs a tenant that takes people', async () => {
    const { id } = await aTenant(server.context);
    await preview(id, 'a@example.com', viewer).expect(403);
    await run(id, 'a@example.com', anId(), viewer).expect(403);
    expect(codeOf(await preview('ten_nobody', 'a@example.com'))).toEqual([400, 'invalid']);
    await support.agent.post(`/api/tenants/${id}/suspend`).send({ reason: 'testing' }).expect(200);
    expect(codeOf(await preview(id, 'a@example.com'))).toEqual([403, 'tenant_suspended']);
    expect(codeOf(await run(id, 'a@example.com'))).toEqual([403, 'tenant_suspended']);
  });
});

describe('the run', () => {
  it('makes invitations as good as single ones, and the same import again sends nothing', async () => {
    const { id } = await aTenant(server.context);
    const csv = 'ann@example.com,admin,14\nbob@example.com\nnonsense';
    const importId = anId();
    const { body } = await run(id, csv, importId).expect(200);
    expect(body).toMatchObject({ importId, invited: 2, skipped: 1 });
    const made = await rows(Invitation).find({ where: { tenantId: id }, order: { id: 'ASC' } });
    expect(made.map(({ email, role, termDays, status }) => [email, role, termDays, status])).toEqual([
      ['ann@example.com', 'admin', 14, 'pending'],
      ['bob@example.com', 'member', 7, 'pending'],
    ]);
    const mails = await rows(Email).findBy({ tenantId: id });
    expect(mails).toHaveLength(2);
    for (const mail of mails) {
      expect(await rows(OutboxRow).countBy({ subject: mail.id, kind: 'send-email', status: 'open' })).toBe(1);
      const token = server.context.sealer.open(mail.sealedSecret!);
      expect((await previewInvitation(server.context, token)).email).toBe(mail.to);
    }
    expect(await rows(AuditEntry).countBy({ tenantId: id, action: 'invitation.create' })).toBe(2);
    const again = await run(id, csv, importId).expect(200);
    expect(again.body).toEqual(body);
    expect(await rows(Email).countBy({ tenantId: id })).toBe(2);
    expect(codeOf(await run(id, `${csv}\nmore@example.com`, importId))).toEqual([409, 'import_id_used']);
    const other = await aTenant(server.context);
    expect(codeOf(await run(other.id, csv, importId))).toEqual([409, 'import_id_used']);
    // As another import: everybody is pending already.
    expect(verdicts((await run(id, csv).expect(200)).body)).toEqual(['pending', 'pending', 'bad_address']);
    expect((await verifyAudit(server.context.db)).broken).toEqual([]);
  });

  it('beyond the seats invites nobody', async () => {
    const { id } = await aTenant(server.context, { seatLimit: 3 });
    await aMembership(server.context, { tenantId: id });
    const people = (count: number) => Array.from({ length: count }, (_, n) => `p${n}@example.com`).join('\n');
    expect((await preview(id, people(3)).expect(200)).body).toMatchObject({ invited: 3, seatsFree: 2 });
    const { body } = await run(id, people(3)).expect(409);
    expect(body.code).toBe('seats_full');
    expect(await rows(Invitation).countBy({ tenantId: id })).toBe(0);
    await run(id, people(2)).expect(200);
  });

  it('makes room of what has expired', async () => {
    const { id } = await aTenant(server.context);
    await anInvitation(server.context, { tenantId: id, email: 'late@example.com' });
    server.clock.advance(8 * DAY);
    const fresh = await server.signIn('support');
    expect((await run(id, 'late@example.com', anId(), fresh).expect(200)).body.invited).toBe(1);
    server.clock.advance(-8 * DAY);
  });

  it('the same twice at once, and two lists at once: each address has one invitation and one mail', async () => {
    const { id } = await aTenant(server.context);
    const csv = Array.from({ length: 60 }, (_, n) => `crowd${n}@example.com`).join('\n');
    const importId = anId();
    const answers = await Promise.all([
      run(id, csv, importId),
      run(id, csv, importId),
      run(id, csv),
      support.agent.post('/api/invitations').send({ tenantId: id, email: 'crowd5@example.com', role: 'member' }),
    ]);
    expect(answers.slice(0, 3).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[0]!.body).toEqual(answers[1]!.body);
    const made = await rows(Invitation).findBy({ tenantId: id });
    expect(new Set(made.map(({ emailKey }) => emailKey)).size).toBe(60);
    expect(made).toHaveLength(60);
    expect(await rows(Email).countBy({ tenantId: id })).toBe(60);
  });

  it('two lists for the last seats: the limit holds, and one is refused whole', async () => {
    const { id } = await aTenant(server.context, { seatLimit: 10 });
    const list = (name: string) => Array.from({ length: 6 }, (_, n) => `${name}${n}@example.com`).join('\n');
    const answers = await Promise.all([run(id, list('a')), run(id, list('b'))]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await rows(Invitation).countBy({ tenantId: id })).toBe(6);
  });

  it('needs an id of its own', async () => {
    const { id } = await aTenant(server.context);
    const { body } = await run(id, 'a@example.com', 'short').expect(400);
    expect(Object.keys(body.errors)).toEqual(['importId']);
  });
});
