import type { Catalogue, OverrideFact } from './decide-plan.types';
import { day, earliest } from './moment';
import type { CataloguePlan } from './plan';

export interface WeighedOverride {
  override: OverrideFact;
  /** Null where the catalogue does not hold its plan: such an override gives nothing. */
  plan: CataloguePlan | null;
  counts: boolean;
  why: string;
  /** The moments at which time starts or ends it. */
  moments: Date[];
}

/** Its real end: an operator may have ended it early. The end itself is outside. */
const endOf = ({ endsAt, endedAt }: OverrideFact): Date => earliest([endsAt, endedAt]) ?? endsAt;

/** What one override says as of `now`. */
export function weighOverride(override: OverrideFact, catalogue: Catalogue, now: Date): WeighedOverride {
  const plan = catalogue.find(({ id }) => id === override.planId) ?? null;
  const end = endOf(override);
  const runs = override.startsAt <= now && now < end;
  const told = { override, plan, moments: [override.startsAt, end] };
  if (!plan) return { ...told, counts: false, why: `its plan "${override.planId}" is not in the catalogue` };
  if (runs) return { ...told, counts: true, why: `it runs until ${day(end)}` };
  const why = now < override.startsAt ? `it starts on ${day(override.startsAt)}` : `it ended on ${day(end)}`;
  return { ...told, counts: false, why };
}

/** The override that speaks for all that run: pinned before floor, then rank, the later end, and id. */
export const strongestOverride = (weighed: readonly WeighedOverride[]): WeighedOverride | undefined =>
  weighed
    .filter(({ counts }) => counts)
    .sort(
      (a, b) =>
        Number(b.override.pin) - Number(a.override.pin) ||
        (b.plan?.rank ?? 0) - (a.plan?.rank ?? 0) ||
        +endOf(b.override) - +endOf(a.override) ||
        (a.override.id < b.override.id ? -1 : 1),
    )[0];
