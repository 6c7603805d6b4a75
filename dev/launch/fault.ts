import { readFileSync } from 'node:fs';

const TAIL_LINES = 15;
const DISK_FULL = /ENOSPC|no space left|disk is full|errno: 28\b/i;

/** Why the launcher can't go on, in words for the person at the keyboard: what is wrong and what to do. */
export class LaunchFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LaunchFault';
  }
}

/** The last lines of a text, or of the file at `path`; empty when there is no such file. */
export const lastLines = (text: string, lines = TAIL_LINES) => text.trim().split('\n').slice(-lines).join('\n');
export function lastLinesOf(path: string, lines = TAIL_LINES): string {
  try {
    return lastLines(readFileSync(path, 'utf8'), lines);
  } catch {
    return '';
  }
}

/** Something that was run has failed: says which, why, and quotes its last words. A full disk is named as such. */
export function failedRun(what: string, lastWords: string, remedy = ''): LaunchFault {
  const reason = DISK_FULL.test(lastWords) ? ' The disk is full: free some space, then try again.' : '';
  const quoted = lastWords ? ` Its last words:\n\n${lastWords}\n` : '';
  return new LaunchFault(`${what}.${reason}${quoted}${remedy ? `\n${remedy}` : ''}`.trim());
}

/** Waits for all, then throws every fault as one message, so that nobody mends one just to meet the next. */
export async function together<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value];
  const reasons = [first, second].flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (reasons.length > 1 && reasons.every((reason) => reason instanceof LaunchFault)) {
    throw new LaunchFault([...new Set(reasons.map(({ message }) => message))].join('\n\n'));
  }
  throw reasons[0];
}
