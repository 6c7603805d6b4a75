import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataDir } from '../data-dir';
import { failedRun, lastLinesOf } from '../fault';
import { endProcess, identify, isAlive, type ProcessIdentity } from '../process-identity';

const START_MS = 60_000;
const ADOPT_MS = 10_000;
const STOP_MS = 20_000;
const POLL_MS = 50;

/** A database or Redis that the product may use. */
export interface Service {
  url: string;
  /** Where it came from, for the log: "private MariaDB 10.11.14 on port 23306". */
  source: string;
  /** Stops it, if it is ours to stop. */
  stop(): Promise<void>;
  /** False once a server of ours died; servers of others are not watched. */
  alive(): boolean;
  /** Where its last words stand, if it is ours. */
  log?: string;
}

/** How to run one private server. */
export interface PrivateServer {
  name: string;
  /** For messages: "MariaDB". */
  label: string;
  file: string;
  args(port: number): string[];
  cwd: string;
  /** Resolves once the server answers to *our* password, throws until then. */
  answers(port: number): Promise<void>;
}

interface Running {
  process: ProcessIdentity;
  port: number;
  command: string[];
}

export interface RunningServer {
  port: number;
  /** It was still running from an earlier start. */
  adopted: boolean;
  stop(): Promise<void>;
  alive(): boolean;
}

async function answersWithin(server: PrivateServer, { process: process_, port }: Running, ms: number) {
  let last: unknown;
  for (const end = Date.now() + ms; Date.now() < end && isAlive(process_); await sleep(POLL_MS)) {
    try {
      await server.answers(port);
      return undefined;
    } catch (error) {
      last = error;
    }
  }
  return last ?? new Error(`${server.label} ended at once`);
}

/** A server that an earlier launcher left behind: taken over when it is what we would start, else stopped. */
async function adopt(data: DataDir, server: PrivateServer): Promise<Running | undefined> {
  const left = data.recall<Running>(server.name);
  if (!left || !isAlive(left.process)) return undefined;
  const same = JSON.stringify(left.command) === JSON.stringify([server.file, ...server.args(left.port)]);
  if (same && !(await answersWithin(server, left, ADOPT_MS))) return left;
  await endProcess(left.process, STOP_MS);
  return undefined;
}

async function startNew(data: DataDir, server: PrivateServer): Promise<Running> {
  const port = await data.port(server.name);
  const args = server.args(port);
  const log = openSync(data.logOf(server.name), 'w', 0o600);
  // In a session of its own: Ctrl-C in the terminal must reach the launcher alone, which stops things in order.
  const child = spawn(server.file, args, { cwd: server.cwd, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  failed.catch(() => undefined);
  child.unref();
  const started = identify(child.pid);
  const running = started && { process: started, port, command: [server.file, ...args] };
  if (running) {
    data.remember(server.name, running);
    const fault = await Promise.race([answersWithin(server, running, START_MS), failed]);
    if (!fault) return running;
    await endProcess(running.process, STOP_MS);
  }
  const log_ = data.logOf(server.name);
  throw failedRun(`${server.label} did not start`, lastLinesOf(log_), `Its whole log: ${log_}`);
}

/**
 * Runs a private server with its data in our folder, or adopts the one that a killed launcher left behind.
 * Throws LaunchFault with the log's last lines when it does not come up.
 */
export async function runPrivate(data: DataDir, server: PrivateServer): Promise<RunningServer> {
  const adopted = await adopt(data, server);
  const running = adopted ?? (await startNew(data, server));
  return {
    port: running.port,
    adopted: Boolean(adopted),
    alive: () => isAlive(running.process),
    stop: () => endProcess(running.process, STOP_MS),
  };
}
