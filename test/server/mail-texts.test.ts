import type { EmailKind } from '../../server/emails/email.entity';
import { renderEmail } from '../../server/emails/render-email';

const PUBLIC_URL = 'https://app.acme.example';
const TOKEN = 'a'.repeat(43);
const EVIL = '"><script>alert(1)</script><img src=https://evil.example/x>\r\nBcc: all@example.com\n\u202e';
const LONG = 'Very long name '.repeat(20);

const dataOf = (name: string): Record<EmailKind, Record<string, string>> => ({
  invitation: {
    tenantName: name,
    inviterName: name,
    role: 'admin',
    expiresAt: '2026-12-04T15:00:00.000Z',
    termDays: '7',
  },
  'sign-in-code': {},
  contact: {
    name,
    email: 'ann@example.com',
    tenantName: name,
    planName: name,
    subject: name,
    message: `${name}\n\n${name}`,
  },
  'override-ending': {
    overrideId: 'ovr_1',
    tenantName: name,
    planName: name,
    thenPlanName: 'Free',
    endsAt: '2026-12-04T15:00:00.000Z',
    reason: name,
    grantedBy: name,
  },
});
const KINDS = Object.keys(dataOf('')) as EmailKind[];
const render = (kind: EmailKind, name: string, secret: string | null = TOKEN) =>
  renderEmail(kind, { publicUrl: PUBLIC_URL, productName: name, data: dataOf(name)[kind], secret });

describe.each(KINDS)('a mail of the kind %s', (kind) => {
  it.each([EVIL, LONG, 'Ann & Bob <Ltd>', 'مرحبا'])('with names such as %j stays one mail, and safe', (name) => {
    const { subject, html, text } = render(kind, name);
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toMatch(/<script|<img|<iframe|<link|@import|url\(/i);
    // Nothing is fetched and no link leads anywhere but to us.
    for (const [, address] of html.matchAll(/(?:href|src)="([^"]*)"/g))
      expect(address).toMatch(/^https:\/\/app\.acme\.example\//);
    expect(html).toContain('</html>');
    expect(text.trim().length).toBeGreaterThan(40);
    expect(text).not.toContain('&lt;');
  });
});

test('an invitation names whom and what it is about, how long it is good, and what to do if it was not expected', () => {
  const { subject, html, text } = renderEmail('invitation', {
    publicUrl: PUBLIC_URL,
    productName: 'Acme Suite',
    data: dataOf('Rocket Lab').invitation,
    secret: TOKEN,
  });
  expect(subject).toBe('Rocket Lab invites you to Rocket Lab on Acme Suite');
  for (const part of [html, text]) {
    expect(part).toContain(`${PUBLIC_URL}/join#token=${TOKEN}`);
    expect(part).toContain('as an admin');
    expect(part).toContain('for 7 days, until 4 December 2026 at 15:00 UTC');
    expect(part).toContain('nothing happens unless you accept it');
    expect(part).toContain('Acme Suite');
  }
});

test('a day is one day', () => {
  const data = { ...dataOf('X').invitation, termDays: '1' };
  const { text } = renderEmail('invitation', { publicUrl: PUBLIC_URL, productName: 'X', data, secret: TOKEN });
  expect(text).toContain('for 1 day, until');
});
