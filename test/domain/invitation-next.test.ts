import { type InvitationFacts, type NextAction, nextSteps } from '../../domain/invitation-next';
import { openerOf } from '../../domain/opening';
import { inDays, NOW } from './facts';

const facts = (given: Partial<InvitationFacts> = {}): InvitationFacts => ({
  status: 'pending',
  deliveryStatus: 'sent',
  lastSentAt: inDays(-1),
  expiresAt: inDays(6),
  openedAt: null,
  suppressed: null,
  refusal: null,
  typoHint: null,
  ...given,
});

test.each<[string, Partial<InvitationFacts>, NextAction[]]>([
  ['sent yesterday', {}, ['revoke']],
  ['waiting to be sent', { deliveryStatus: 'queued', lastSentAt: null }, ['revoke']],
  ['sent three days ago and never opened', { lastSentAt: inDays(-3) }, ['resend', 'link', 'revoke']],
  ['never opened, at a mistyped address', { typoHint: 'a@gmail.com' }, ['readdress', 'revoke']],
  ['not sent', { deliveryStatus: 'failed' }, ['resend', 'link', 'revoke']],
  ['refused', { deliveryStatus: 'failed', refusal: '550' }, ['readdress', 'link', 'revoke']],
  ['come back', { deliveryStatus: 'bounced' }, ['readdress', 'link', 'revoke']],
  [
    'come back and suppressed',
    { deliveryStatus: 'bounced', suppressed: 'bounced' },
    ['readdress', 'clear-suppression', 'link', 'revoke'],
  ],
  ['complained about', { suppressed: 'complained' }, ['readdress', 'clear-suppression', 'link', 'revoke']],
  ['opened', { openedAt: inDays(-1), lastSentAt: inDays(-3) }, ['link', 'revoke']],
  ['opened, and about to end', { openedAt: inDays(-1), expiresAt: inDays(0.5) }, ['extend', 'revoke']],
  ['expired', { status: 'expired', expiresAt: inDays(-1) }, ['resend', 'extend', 'revoke']],
  ['accepted', { status: 'accepted' }, []],
  ['revoked', { status: 'revoked', deliveryStatus: 'bounced' }, []],
])('of an invitation that is %s', (_what, given, actions) => {
  expect(nextSteps(facts(given), NOW).map(({ action }) => action)).toEqual(actions);
});

test('the hint at a mistyped address is told', () => {
  const [first] = nextSteps(facts({ deliveryStatus: 'bounced', typoHint: 'ann@gmail.com' }), NOW);
  expect(first?.why).toContain('ann@gmail.com');
});

test.each<[string | undefined, boolean, string | null]>([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    false,
    'Chrome',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1',
    false,
    'Safari',
  ],
  ['Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0', false, 'Firefox'],
  ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0', false, 'Edge'],
  ['Mozilla/5.0 AppleWebKit/537.36 HeadlessChrome/140.0 Safari/537.36', true, 'headless'],
  ['Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', true, 'Slack'],
  ['Mozilla/5.0 (compatible; Barracuda Sentinel)', true, 'Barracuda'],
  ['curl/8.5.0', true, 'program'],
  ['', true, null],
  [undefined, true, null],
])('%p opens as a scanner: %p', (agent, scanner, name) => expect(openerOf(agent)).toEqual({ scanner, name }));
