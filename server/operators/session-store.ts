import { type SessionData, Store } from 'express-session';
import { type DataSource, LessThan } from 'typeorm';
import { sha256 } from '../secrets';
import { OperatorSession } from './operator-session.entity';

declare module 'express-session' {
  interface SessionData {
    operatorId: string;
    /** When it runs out, in milliseconds, as it was read; kept beside it, not in it. */
    expiresAt?: number;
  }
}

type Done = (error?: unknown) => void;

/** Sessions of operators in MySQL, so that they outlive Redis. The id is stored as its SHA-256. */
export class OperatorSessionStore extends Store {
  constructor(
    private readonly db: DataSource,
    private readonly ttlMs: number,
  ) {
    super();
  }

  override get(sid: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.db
      .getRepository(OperatorSession)
      .findOneBy({ idHash: sha256(sid) })
      .then((row) => {
        if (!row || row.expiresAt <= new Date()) return done(null, null);
        done(null, { ...(row.data as SessionData), expiresAt: +row.expiresAt });
      })
      .catch((error) => done(error));
  }

  override set(sid: string, { expiresAt: _, ...session }: SessionData, done: Done = () => {}): void {
    const row = {
      idHash: sha256(sid),
      operatorId: session.operatorId,
      data: JSON.parse(JSON.stringify(session)) as object,
      expiresAt: new Date(Date.now() + this.ttlMs),
    };
    this.db
      .getRepository(OperatorSession)
      .upsert(row, ['idHash'])
      .then(() => done())
      .catch(done);
  }

  override destroy(sid: string, done: Done = () => {}): void {
    this.db
      .getRepository(OperatorSession)
      .delete({ idHash: sha256(sid) })
      .then(() => done())
      .catch(done);
  }

  /** A session in use lives on; written at most once a minute. */
  override touch(sid: string, session: SessionData, done: Done = () => {}): void {
    const expiresAt = new Date(Date.now() + this.ttlMs);
    // The answer waits for this: most of the time there is nothing to write, and so nothing to ask.
    if (session.expiresAt !== undefined && session.expiresAt >= +expiresAt - 60_000) {
      done();
      return;
    }
    this.db
      .getRepository(OperatorSession)
      .update({ idHash: sha256(sid), expiresAt: LessThan(new Date(expiresAt.getTime() - 60_000)) }, { expiresAt })
      .then(() => done())
      .catch(done);
  }
}
