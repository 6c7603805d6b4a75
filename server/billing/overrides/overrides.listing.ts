import type { SelectQueryBuilder } from 'typeorm';
import { DAY_MS } from '../../../domain/moment';
import { NOTE_DAYS, overrideStatus } from '../../../domain/override';
import { invalid } from '../../errors';
import type { Listing } from '../../http/simple-rest';
import { Override } from '../override.entity';
import { costsOf } from './override-costs';

/** In whatever order of ends: those that are over lie at one side of overrides_ends, those that are not at the other. */
const STATUS = {
  running: 'r.endedAt IS NULL AND r.endsAt > :now AND r.startsAt <= :now',
  upcoming: 'r.endedAt IS NULL AND r.endsAt > :now AND r.startsAt > :now',
  ended: '(r.endedAt IS NOT NULL OR r.endsAt <= :now)',
  /** Running, and over within three days. */
  ending: 'r.endedAt IS NULL AND r.endsAt > :now AND r.endsAt <= :soon AND r.startsAt <= :now',
} as const;
type StatusFilter = keyof typeof STATUS;

export function whereStatus(query: SelectQueryBuilder<Override>, value: unknown, now: Date): void {
  const words = Array.isArray(value) ? value : [value];
  const known = words.filter((word): word is StatusFilter => typeof word === 'string' && Object.hasOwn(STATUS, word));
  if (known.length < words.length)
    throw invalid({ filter: `status: must be one of ${Object.keys(STATUS).join(', ')}.` });
  const any = known.map((word) => `(${STATUS[word]})`).join(' OR ') || '1 = 0';
  query.andWhere(`(${any})`, { now, soon: new Date(+now + NOTE_DAYS * DAY_MS) });
}

export const overridesListing: Listing<Override> & { name: 'overrides' } = {
  name: 'overrides',
  entity: Override,
  sorts: ['endsAt', 'createdAt'],
  defaultSort: ['endsAt', 'DESC'],
  filters: {
    tenantId: 'word',
    planId: 'word',
    pin: 'flag',
    endsAt: 'moment',
    startsAt: 'moment',
    createdAt: 'moment',
    status: (query, value, { now }) => whereStatus(query, value, now()),
  },
  async present(rows, db, now) {
    const costs = await costsOf(
      db,
      rows.filter((row) => overrideStatus(row, now) === 'running'),
      now,
    );
    return rows.map(({ createdByType: type, createdById: id, createdByName: name, ...override }) => {
      const { decides = false, worth = null, paid = null, cost = null } = costs.get(override.id) ?? {};
      const status = overrideStatus(override, now);
      const endsSoon = status === 'running' && +override.endsAt <= +now + NOTE_DAYS * DAY_MS;
      return { ...override, createdBy: { type, id, name }, status, endsSoon, decides, worth, paid, cost };
    });
  },
};
