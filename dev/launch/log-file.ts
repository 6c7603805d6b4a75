import { createWriteStream, existsSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const KEEP_BYTES = 10 * 1024 * 1024;
const WARN = 40;
const SHOWN_CHARACTERS = 300;

/** Opens a log to append to; one that has grown large is set aside as `.1` first. */
export function openLog(path: string, onFault: (error: Error) => void): WriteStream {
  if (existsSync(path) && statSync(path).size > KEEP_BYTES) renameSync(path, `${path}.1`);
  const log = createWriteStream(path, { flags: 'a', mode: 0o600 });
  // A full disk must not take the launcher down, which is needed to stop everything in order.
  log.on('error', onFault);
  return log;
}

interface LogLine {
  level?: number;
  msg?: string;
  err?: { message?: string };
}

/** What of a pino line a person should see at once: warnings and errors, shortly. Undefined for the rest. */
export function worthShowing(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { level = 0, msg = '', err } = JSON.parse(line) as LogLine;
    if (level < WARN) return undefined;
    const word = level > WARN ? 'error' : 'warning';
    return `${word}: ${[msg, err?.message].filter(Boolean).join(': ')}`.slice(0, SHOWN_CHARACTERS);
  } catch {
    return undefined;
  }
}

/** Calls `use` with each line of a stream. */
export function eachLine(stream: Readable, use: (line: string) => void): void {
  createInterface({ input: stream }).on('line', use);
}
