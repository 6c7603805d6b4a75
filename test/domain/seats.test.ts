import { seatVerdict } from '../../domain/seats';
import { restorableUntil } from '../../domain/tenant';
import { inDays, NOW } from './facts';

test.each<[string, number | null, number, number, 0 | 1, boolean]>([
  ['an invitation to the last seat', 3, 2, 0, 1, true],
  ['an invitation while a pending one holds the last seat', 3, 2, 1, 1, false],
  ['an invitation to a full tenant', 3, 3, 0, 1, false],
  ['accepting: the invitation holds its seat already', 3, 2, 1, 0, true],
  ['accepting after the limit fell', 3, 3, 1, 0, false],
  ['a limit of none', 0, 0, 0, 1, false],
  ['no limit', null, 5000, 5000, 1, true],
])('%s: limit %p, members %p, pending %p, adding %p → %p', (_case, limit, members, pendingInvitations, adding, ok) => {
  expect(seatVerdict({ limit, members, pendingInvitations, adding }).ok).toBe(ok);
});

test('a refusal names the limit, who holds the seats, and the remedy', () => {
  expect(seatVerdict({ limit: 3, members: 2, pendingInvitations: 1, adding: 1 })).toEqual({
    ok: false,
    code: 'seats_full',
    message: 'All 3 seats are taken (2 members, 1 pending invitation). Free a seat, or move to a plan with more.',
  });
});

test('a deleted tenant can be brought back for so many days', () => {
  expect(restorableUntil(NOW, 30)).toEqual(inDays(30));
});
