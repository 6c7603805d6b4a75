/** Dates as the rules need them: an invalid date is one that is not known, and never an exception. */

export const DAY_MS = 86_400_000;

/** The date, or null where it is missing or invalid. */
export const known = (moment: Date | null | undefined): Date | null =>
  moment && !Number.isNaN(moment.getTime()) ? moment : null;

/** `2026-03-31` (UTC), for sentences. */
export const day = (moment: Date): string => known(moment)?.toISOString().slice(0, 10) ?? 'an unknown date';

/** The earliest of the known moments, or null. */
export const earliest = (moments: readonly (Date | null | undefined)[]): Date | null =>
  moments.map(known).reduce((first, moment) => (moment && (!first || moment < first) ? moment : first), null);

const LONG = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

/** `31 March 2026` (UTC), for what is mailed to people. */
export const longDay = (moment: Date | string | null | undefined): string => {
  const date = known(typeof moment === 'string' ? new Date(moment) : moment);
  return date ? LONG.format(date) : 'an unknown date';
};
