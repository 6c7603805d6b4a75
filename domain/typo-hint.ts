/** Domains of mailboxes that very many people have; what is nearly one of these is likely one of these. */
const KNOWN = [
  'gmail.com',
  'googlemail.com',
  'outlook.com',
  'hotmail.com',
  'hotmail.co.uk',
  'live.com',
  'msn.com',
  'yahoo.com',
  'yahoo.co.uk',
  'icloud.com',
  'me.com',
  'aol.com',
  'proton.me',
  'protonmail.com',
  'gmx.de',
  'gmx.net',
  'web.de',
  't-online.de',
  'orange.fr',
  'wanadoo.fr',
  'laposte.net',
  'libero.it',
  'mail.ru',
  'yandex.ru',
  'qq.com',
  '163.com',
];
/** Ends that are no top-level domain, and what was meant. */
const ENDS: [RegExp, string][] = [
  [/\.(con|cmo|ocm|comm|cm|vom|xom|cpm)$/, '.com'],
  [/\.(nte|ner|bet)$/, '.net'],
  [/\.(ogr|rog)$/, '.org'],
];

/** How many letters must be put in, left out, changed or swapped with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i || j));
  for (let i = 1; i <= a.length; i += 1)
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = least;
    }
  return rows[a.length]![b.length]!;
}

/** Short names have too many neighbours that are real: one slip in a name of eight letters or more. */
const nearly = (domain: string, known: string): boolean => known.length >= 8 && distance(domain, known) === 1;

/** The address that was likely meant, where its domain looks mistyped (`ann@gmial.com`: `ann@gmail.com`); else null. */
export function typoHint(email: string): string | null {
  const at = email.lastIndexOf('@');
  const domain = email
    .slice(at + 1)
    .toLowerCase()
    .trim();
  if (at < 1 || KNOWN.includes(domain)) return null;
  const end = ENDS.find(([wrong]) => wrong.test(domain));
  const mended = end ? domain.replace(end[0], end[1]) : domain;
  const meant = KNOWN.find((known) => known === mended || nearly(mended, known)) ?? (end ? mended : null);
  return meant === null || meant === domain ? null : `${email.slice(0, at)}@${meant}`;
}
