import { type DataSource, MoreThan } from 'typeorm';
import { AuditChain, AuditEntry, AuditPersonal } from './audit.entity';
import { entryHash, personalHash } from './record';

export interface Broken {
  chain: string;
  seq: number;
  fault: string;
}

const PAGE = 500;

async function verifyChain(db: DataSource, head: AuditChain): Promise<{ entries: number; broken: Broken | null }> {
  let seq = 0;
  let prevHash = '';
  for (;;) {
    const entries = await db
      .getRepository(AuditEntry)
      .find({ where: { chain: head.chain, seq: MoreThan(seq) }, order: { seq: 'ASC' }, take: PAGE });
    for (const entry of entries) {
      const fault = (text: string) => ({ entries: seq, broken: { chain: head.chain, seq: entry.seq, fault: text } });
      if (entry.seq !== seq + 1) return fault(`entry ${seq + 1} is missing`);
      if (entry.prevHash !== prevHash) return fault('does not follow the entry before it');
      if (entry.hash !== entryHash(entry)) return fault('was changed after it was written');
      const personal = await db.getRepository(AuditPersonal).findBy({ entryId: entry.id });
      const forged = personal.find(
        ({ field, salt, value }) => entry.personalHashes[field] !== personalHash(salt, value),
      );
      if (forged) return fault(`its personal value "${forged.field}" was changed`);
      seq = entry.seq;
      prevHash = entry.hash;
    }
    if (entries.length < PAGE) break;
  }
  const whole = seq === head.seq && prevHash === head.hash;
  return {
    entries: seq,
    broken: whole
      ? null
      : { chain: head.chain, seq, fault: 'the chain does not reach its head: entries at its end are gone' },
  };
}

/** Proves every audit chain whole. Personal values that were erased by law are no fault; changed ones are. */
export async function verifyAudit(db: DataSource): Promise<{ chains: number; entries: number; broken: Broken[] }> {
  const result = { chains: 0, entries: 0, broken: [] as Broken[] };
  for (let after = ''; ; ) {
    const heads = await db
      .getRepository(AuditChain)
      .find({ where: { chain: MoreThan(after) }, order: { chain: 'ASC' }, take: PAGE });
    for (const head of heads) {
      const { entries, broken } = await verifyChain(db, head);
      result.chains += 1;
      result.entries += entries;
      if (broken) result.broken.push(broken);
    }
    if (heads.length < PAGE) return result;
    after = heads.at(-1)!.chain;
  }
}
