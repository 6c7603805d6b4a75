import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { exactText, json, moment, nullableText, nullableWord, text, word } from '../db/columns';
import type { ActorType } from './actor';

/** One change, chained to the one before it. Never updated: personal values stand in audit_personal. */
@Entity('audit_log')
@Index('audit_log_chain', ['chain', 'seq'], { unique: true })
@Index('audit_log_at', ['at', 'id'])
@Index('audit_log_tenant', ['tenantId', 'at'])
@Index('audit_log_resource', ['resource', 'resourceId', 'at'])
@Index('audit_log_actor', ['actorId', 'at'])
@Index('audit_log_action', ['action', 'at'])
export class AuditEntry {
  @PrimaryColumn(word()) id: string;
  @Column(word(80)) chain: string;
  @Column({ type: 'int', unsigned: true }) seq: number;
  @Column(moment) at: Date;
  @Column(word(16)) actorType: ActorType;
  @Column(nullableWord()) actorId: string | null;
  @Column(word(64)) action: string;
  @Column(word(32)) resource: string;
  @Column(word(128)) resourceId: string;
  @Column(nullableWord()) tenantId: string | null;
  /** Field → {from, to}; a personal value stands as {personal: its salted hash}. */
  @Column(json) changes: Record<string, { from: unknown; to: unknown }>;
  @Column(nullableText(500)) reason: string | null;
  @Column(nullableWord()) requestId: string | null;
  /** Salted hashes of the personal values beside this entry, by name: they prove the values while these stand. */
  @Column(json) personalHashes: Record<string, string>;
  @Column(word()) prevHash: string;
  @Column(word()) hash: string;
}

/** A personal value of an entry (a name, an address): may be erased, and the chain stays provable. */
@Entity('audit_personal')
export class AuditPersonal {
  @PrimaryColumn(word()) entryId: string;
  @PrimaryColumn(word(80)) field: string;
  @Column(word()) salt: string;
  @Column(text(500)) value: string;
}

/** The head of each chain: locked while an entry is appended. */
@Entity('audit_chains')
export class AuditChain {
  @PrimaryColumn(word(80)) chain: string;
  @Column({ type: 'int', unsigned: true, default: 0 }) seq: number;
  @Column({ ...exactText(64), default: '' }) hash: string;
}
