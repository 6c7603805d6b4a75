import type { Catalogue, OverrideCode, OverrideFact } from './decide-plan.types';
import { day, earliest } from './moment';
import type { CataloguePlan } from './plan';

export interface WeighedOverride {
  override: OverrideFact;
  /** Null where the catalogue does not hold its plan: such an override gives nothing. */
  plan: CataloguePlan | null;
  counts: boolean;
  code: OverrideCode;
  why: string;
  /** The moments at which time starts or ends it. */
  moments: Date[];
}

/** Its real end: an operator may have ended it early. The end itself is outside. */
export const endOf = ({ endsAt, endedAt }: OverrideFact): Date => earliest([endsAt, endedAt]) ?? endsAt;

/** What one override says as of `now`. */
export function weighOverride(override: OverrideFact, catalogue: Catalogue, now: Date): WeighedOverride {
  const plan = catalogue.find(({ id }) => id === override.planId) ?? null;
  const end = endOf(override);
  // One that was ended before its start never begins.
  const told = { override, plan, moments: end <= override.startsAt ? [] : [override.startsAt, end] };
  const silent = (code: OverrideCode, why: string): WeighedOverride => ({ ...told, counts: false, code, why });
  if (!plan) return silent('override-unknown-plan', `its plan "${override.planId}" is not in the catalogue`);
  if (end <= now) return silent('override-ended', `it ended on ${day(end)}`);
  if (now < override.startsAt) return silent('override-scheduled', `it starts on ${day(override.startsAt)}`);
  // Of an invalid date neither is ever true.
  if (!(override.startsAt <= now && now < end)) return silent('override-unknown-dates', 'its dates are not known');
  const code = override.pin ? 'override-pinned' : 'override-floor';
  return { ...told, counts: true, code, why: `it runs until ${day(end)}` };
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
