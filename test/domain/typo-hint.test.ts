import fc from 'fast-check';
import { typoHint } from '../../domain/typo-hint';

test.each([
  ['ann@gmial.com', 'ann@gmail.com'],
  ['ann@gmai.com', 'ann@gmail.com'],
  ['Ann.B+x@GMAIL.con', 'Ann.B+x@gmail.com'],
  ['ann@hotmial.com', 'ann@hotmail.com'],
  ['ann@outlok.com', 'ann@outlook.com'],
  ['ann@acme.con', 'ann@acme.com'],
  ['ann@yaho.com', 'ann@yahoo.com'],
])('%s: did you mean %s?', (given, meant) => expect(typoHint(given)).toBe(meant));

test.each([
  'ann@gmail.com',
  'ann@acme.com',
  'ann@gmx.at',
  'ann@me.co',
  'ann@mail.de',
  'ann@acme.cm.example',
  'nonsense',
  '@gmial.com',
])('%s is left alone', (given) => expect(typoHint(given)).toBeNull());

test('what it proposes it would not mend again, and the name before the @ stays', () => {
  fc.assert(
    fc.property(fc.emailAddress(), (email) => {
      const hint = typoHint(email);
      if (hint === null) return;
      expect(typoHint(hint)).toBeNull();
      expect(hint.slice(0, hint.lastIndexOf('@'))).toBe(email.slice(0, email.lastIndexOf('@')));
    }),
  );
});
