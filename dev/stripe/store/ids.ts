import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A new id in Stripe's shape: the prefix, an underscore, 24 letters and digits. */
export function newId(prefix: string): string {
  let tail = '';
  while (tail.length < 24) {
    for (const byte of randomBytes(24)) {
      const letter = ALPHABET[byte & 63];
      if (letter !== undefined && tail.length < 24) tail += letter;
    }
  }
  return `${prefix}_${tail}`;
}
