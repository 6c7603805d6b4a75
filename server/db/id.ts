import { ulid } from 'ulid';

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
  | 'con'
  | 'req';

/** A new id: the prefix and a ULID, so that ids sort by time of birth. */
export const newId = (prefix: IdPrefix): string => `${prefix}_${ulid()}`;
