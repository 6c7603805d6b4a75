import { type ChildProcess, fork } from 'node:child_process';
import type { WriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataDir } from './data-dir';
import { failedRun, lastLines } from './fault';
import { eachLine, openLog, worthShowing } from './log-file';
import { endProcess, identify, isAlive, type ProcessIdentity } from './process-identity';
import type { Steps } from './steps';

const POLL_MS = 50;
const STEADY_MS = 60_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
const RECENT_LINES = 40;
const LEFTOVERS = 'children';
/** A process that lost its launcher ends by itself; it gets this long before it is told to. */
const BY_ITSELF_MS = 3000;

export interface AppProcessOptions {
  name: string;
  /** Path of the compiled program. */
  script: string;
  /** Node's own options. */
  execArgv?: string[];
  env: NodeJS.ProcessEnv;
  /** Whether it does its work by now; asked until true. */
  ready(): Promise<boolean>;
  readyMs?: number;
  /** How long it may take to finish its work when told to stop. */
  graceMs?: number;
}

/** Ends what a killed launcher's children still do, so that their ports are free again. */
export async function endLeftovers(data: DataDir): Promise<void> {
  const left = (data.recall<ProcessIdentity[]>(LEFTOVERS) ?? []).filter(isAlive);
  for (const end = Date.now() + BY_ITSELF_MS; left.some(isAlive) && Date.now() < end; ) await sleep(POLL_MS);
  await Promise.all(left.filter(isAlive).map((one) => endProcess(one, 15_000)));
  data.remember(LEFTOVERS, []);
}

/** One program of the product as a child: logged, started again when it dies, stopped when told to. */
export class AppProcess {
  private child?: ChildProcess;
  private identity?: ProcessIdentity;
  private log?: WriteStream;
  private stopping = false;
  private pause = FIRST_PAUSE_MS;
  private recent: string[] = [];

  constructor(
    private readonly data: DataDir,
    private readonly steps: Steps,
    private readonly options: AppProcessOptions,
  ) {}

  /** Starts it and waits until it is ready. Throws LaunchFault with its last words when it ends before. */
  async start(): Promise<void> {
    this.spawn();
    const { name, ready, readyMs = 60_000 } = this.options;
    for (const end = Date.now() + readyMs; Date.now() < end; await sleep(POLL_MS)) {
      if (!this.child || this.stopping) break;
      if (await ready().catch(() => false)) {
        this.watch();
        return;
      }
    }
    if (this.stopping) return;
    const died = !this.child;
    await this.stop(() => false);
    const what = died ? `${name} ended while starting` : `${name} was not ready after ${readyMs / 1000} s`;
    throw failedRun(what, lastLines(this.recent.join('\n')), `Its whole log: ${this.data.logOf(name)}`);
  }

  /** SIGTERM, then as long as it may take to finish its work, then SIGKILL. */
  async stop(impatient: () => boolean): Promise<void> {
    this.stopping = true;
    if (this.identity) await endProcess(this.identity, this.options.graceMs ?? 15_000, impatient);
    this.log?.end();
  }

  private spawn(): void {
    const { name, script, env, execArgv = [] } = this.options;
    this.log ??= openLog(this.data.logOf(name), (error) =>
      this.steps.complain(`The log of ${name} can't be written: ${error.message}`),
    );
    // In a session of its own, so that Ctrl-C reaches the launcher alone; the channel tells it when we are gone.
    const child = fork(script, [], {
      env,
      execArgv: [...process.execArgv, ...execArgv],
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    this.identity = identify(child.pid);
    if (this.identity) {
      const others = (this.data.recall<ProcessIdentity[]>(LEFTOVERS) ?? []).filter(isAlive);
      this.data.remember(LEFTOVERS, [...others, this.identity]);
    }
    for (const stream of [child.stdout, child.stderr]) if (stream) eachLine(stream, (line) => this.hear(line));
    child.once('error', (error) => this.hear(`${error.stack}`));
    child.once('exit', () => {
      if (this.child === child) this.child = undefined;
    });
  }

  private hear(line: string): void {
    this.log?.write(`${line}\n`);
    this.recent = [...this.recent, line].slice(-RECENT_LINES);
    const shown = worthShowing(line);
    if (shown) this.steps.complain(`  ${this.options.name} ${shown}`);
  }

  private watch(): void {
    const since = Date.now();
    const again = (code: number | null, signal: string | null) => {
      if (this.stopping) return;
      const steady = Date.now() - since > STEADY_MS;
      const pause = steady ? FIRST_PAUSE_MS : this.pause;
      this.pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      const how = signal ? `was killed (${signal})` : `ended with code ${code}`;
      this.steps.complain(`${this.options.name} ${how}; starting it again in ${pause / 1000} s`);
      setTimeout(() => {
        if (this.stopping) return;
        this.spawn();
        this.watch();
      }, pause);
    };
    if (this.child) this.child.once('exit', again);
    else again(null, null);
  }
}
