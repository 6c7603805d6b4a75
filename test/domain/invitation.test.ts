import fc from 'fast-check';
import {
  emailKey,
  INVITATION_STATUSES,
  type InvitationAction,
  type InvitationStatus,
  moveInvitation,
  statusAt,
} from '../../domain/invitation';
import { inDays, NOW } from './facts';

type Outcome = InvitationStatus | `refused: ${string}`;

const moved = (action: InvitationAction, status: InvitationStatus, expiresAt: Date): Outcome => {
  const move = moveInvitation(action, { status, expiresAt }, NOW);
  return move.ok ? move.next : `refused: ${move.code}`;
};

describe('an invitation within its time', () => {
  test.each<[InvitationStatus, Record<InvitationAction, Outcome>]>([
    [
      'pending',
      {
        accept: 'accepted',
        resend: 'pending',
        link: 'pending',
        readdress: 'pending',
        extend: 'pending',
        revoke: 'revoked',
        expire: 'refused: invitation_pending',
      },
    ],
    [
      'accepted',
      {
        accept: 'refused: invitation_used',
        resend: 'refused: invitation_used',
        link: 'refused: invitation_used',
        readdress: 'refused: invitation_used',
        extend: 'refused: invitation_used',
        revoke: 'refused: invitation_used',
        expire: 'refused: invitation_used',
      },
    ],
    [
      'revoked',
      {
        accept: 'refused: invitation_revoked',
        resend: 'refused: invitation_revoked',
        link: 'refused: invitation_revoked',
        readdress: 'refused: invitation_revoked',
        extend: 'refused: invitation_revoked',
        revoke: 'refused: invitation_revoked',
        expire: 'refused: invitation_revoked',
      },
    ],
    [
      'expired',
      {
        accept: 'refused: invitation_expired',
        resend: 'pending',
        link: 'pending',
        readdress: 'pending',
        extend: 'pending',
        revoke: 'revoked',
        expire: 'refused: invitation_expired',
      },
    ],
  ])('%s', (status, outcomes) => {
    for (const [action, outcome] of Object.entries(outcomes))
      expect([action, moved(action as InvitationAction, status, inDays(1))]).toEqual([action, outcome]);
  });
});

describe('a pending invitation past its end', () => {
  test.each<[InvitationAction, Outcome]>([
    ['accept', 'refused: invitation_expired'],
    ['resend', 'pending'],
    ['revoke', 'revoked'],
    ['expire', 'expired'],
  ])('%s: %s', (action, outcome) => {
    expect(moved(action, 'pending', NOW)).toBe(outcome);
    expect(moved(action, 'pending', inDays(-1))).toBe(outcome);
  });

  test('reads as expired from the very moment on', () => {
    expect(statusAt({ status: 'pending', expiresAt: new Date(+NOW + 1) }, NOW)).toBe('pending');
    expect(statusAt({ status: 'pending', expiresAt: NOW }, NOW)).toBe('expired');
  });

  test.each(INVITATION_STATUSES.filter((status) => status !== 'pending'))('time does not touch %s', (status) => {
    expect(statusAt({ status, expiresAt: inDays(-1) }, NOW)).toBe(status);
  });
});

describe('addresses', () => {
  test.each([
    ['Ann@Example.com', 'ann@example.COM '],
    ['mu\u0308ller@example.com', 'M\u00dcLLER@example.com'],
  ])('%p and %p are one', (a, b) => expect(emailKey(a)).toBe(emailKey(b)));

  test.each([
    ['m\u00fcller@example.com', 'muller@example.com'],
    ['ann+x@example.com', 'ann@example.com'],
    ['a.nn@example.com', 'ann@example.com'],
  ])('%p and %p are two', (a, b) => expect(emailKey(a)).not.toBe(emailKey(b)));

  test('have a key that is its own key', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => emailKey(emailKey(text)) === emailKey(text)));
  });
});
