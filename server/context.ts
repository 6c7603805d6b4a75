import type { DataSource } from 'typeorm';
import type { Config } from './config';
import type { Logger } from './log';
import type { Sealer } from './secrets';

/** What a verb needs of the running process. Made once at start, handed down, never global. */
export interface Context {
  config: Config;
  db: DataSource;
  log: Logger;
  sealer: Sealer;
  /** The clock, so that tests can move it. */
  now: () => Date;
}
