import { convergenceTone, provenPercent, verificationOf } from '../../domain/verification';
import { inDays, NOW } from './facts';

describe('a tenant', () => {
  test.each([
    ['proven', 'read or swept just 24 hours ago', inDays(-1), null],
    ['outdated', 'looked at a moment earlier', new Date(+inDays(-1) - 1), null],
    ['unproven', 'that nobody looked at', null, null],
    ['differs', 'known to differ, however young its last proof', NOW, inDays(-1)],
  ] as const)('is %s: one %s', (verification, _what, lastVerifiedAt, differsSince) =>
    expect(verificationOf({ lastVerifiedAt, differsSince }, NOW)).toBe(verification),
  );
});

describe('all tenants together', () => {
  const proof = { tenants: 1000, proven: 1000, differing: 0, sweeping: false };
  test.each([
    ['proven', 'everybody is', proof],
    ['proven', 'there is nobody', { ...proof, tenants: 0, proven: 0 }],
    ['behind', 'one is not', { ...proof, proven: 999 }],
    ['behind', 'nobody is, and a sweep is under way', { ...proof, proven: 0, sweeping: true }],
    ['broken', 'nobody is', { ...proof, proven: 0 }],
    ['broken', 'one is known to differ', { ...proof, proven: 999, differing: 1 }],
    ['broken', 'one is known to differ, though a sweep is under way', { ...proof, differing: 1, sweeping: true }],
  ] as const)('are %s where %s', (tone, _where, given) => expect(convergenceTone(given)).toBe(tone));

  test.each([
    [1000, 1000, 100],
    [100_000, 99_999, 99.9],
    [3, 2, 66.6],
    [3, 0, 0],
  ])('of %i with %i proven are %d per cent: 100 is said of all alone', (tenants, proven, percent) =>
    expect(provenPercent({ tenants, proven })).toBe(percent),
  );
  test('are no share of nobody', () => expect(provenPercent({ tenants: 0, proven: 0 })).toBeNull());
});
