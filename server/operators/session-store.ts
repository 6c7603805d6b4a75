import { type SessionData, Store } from 'express-session';
import { type DataSource, LessThan } from 'typeorm';
import { sha256 } from '../secrets';
import { OperatorSession } from './operator-session.entity';

declare module 'express-session' {
  interface SessionData {
    operatorId: string;
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
      .then((row) => done(null, row && row.expiresAt > new Date() ? (row.data as SessionData) : null))
      .catch((error) => done(error));
  }

  override set(sid: string, session: SessionData, done: Done = () => {}): void {
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
  override touch(sid: string, _session: SessionData, done: Done = () => {}): void {
    const expiresAt = new Date(Date.now() + this.ttlMs);
    this.db
      .getRepository(OperatorSession)
      .update({ idHash: sha256(sid), expiresAt: LessThan(new Date(expiresAt.getTime() - 60_000)) }, { expiresAt })
      .then(() => done())
      .catch(done);
  }
}
