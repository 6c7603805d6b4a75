import { randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';

export type IdPrefix =
  | 'ten'
  | 'usr'
  | 'idn'
  | 'mem'
  | 'inv'
  | 'pch'
  | 'ovr'
  | 'fnd'
  | 'eml'
  | 'obx'
  | 'aud'
  | 'opr'
  | 'key'
  | 'run'
  | 'rch'
  | 'cod'
  | 'mtk'
  | 'eev'
  | 'sup'
  | 'opn'
  | 'con'
  | 'req';

const random = new Uint8Array(4096);
let drawn = random.length;

/** Random bytes, of the best kind, drawn by the thousand: ulid's own source asks the system 16 times for each id. */
function randomShare(): number {
  if (drawn === random.length) {
    randomFillSync(random);
    drawn = 0;
  }
  return random[drawn++]! / 256;
}

const ulid = monotonicFactory(randomShare);

/** A new id: the prefix and a ULID. Those of one process sort in the order of their birth, within a millisecond, too. */
export const newId = (prefix: IdPrefix): string => `${prefix}_${ulid()}`;
