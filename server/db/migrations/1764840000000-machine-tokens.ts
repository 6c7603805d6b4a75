import type { MigrationInterface, QueryRunner } from 'typeorm';

const WORD = 'CHARACTER SET ascii COLLATE ascii_bin';
const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci';

/** Built-in issuers beside the portal's, the tokens that they signed for programs, and what was answered to keyed requests. */
export class MachineTokens1764840000000 implements MigrationInterface {
  name = 'MachineTokens1764840000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE issuer_keys
      ADD COLUMN issuer varchar(32) ${WORD} NOT NULL DEFAULT 'portal' AFTER kid,
      ADD COLUMN verifiesUntil datetime(3) NULL AFTER retiredAt,
      ADD INDEX issuer_keys_issuer (issuer, createdAt)`);
    await db.query('UPDATE issuer_keys SET verifiesUntil = retiredAt + INTERVAL 1 HOUR WHERE retiredAt IS NOT NULL');
    await db.query(`ALTER TABLE user_sessions ADD COLUMN agent varchar(200) ${TEXT} NULL AFTER identityId`);
    await db.query(`CREATE TABLE machine_tokens (
      id varchar(64) ${WORD} NOT NULL,
      name varchar(120) ${TEXT} NOT NULL,
      issuer varchar(32) ${WORD} NOT NULL,
      kid varchar(64) ${WORD} NOT NULL,
      userId varchar(64) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NULL,
      scopes json NULL,
      expiresAt datetime(3) NOT NULL,
      lastUsedAt datetime(3) NULL,
      revokedAt datetime(3) NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      INDEX machine_tokens_user (userId),
      INDEX machine_tokens_tenant (tenantId),
      INDEX machine_tokens_kid (kid, expiresAt),
      INDEX machine_tokens_created (createdAt, id),
      PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(`ALTER TABLE machine_tokens
      ADD CONSTRAINT FK_2e6d772278e659c29381181bcc0 FOREIGN KEY (userId) REFERENCES users (id) ON DELETE NO ACTION ON UPDATE NO ACTION,
      ADD CONSTRAINT FK_b3d9534cda87491ba8d0aa903a4 FOREIGN KEY (tenantId) REFERENCES tenants (id) ON DELETE NO ACTION ON UPDATE NO ACTION`);
    await db.query(`CREATE TABLE idempotency_keys (
      userId varchar(64) ${WORD} NOT NULL,
      idempotencyKey varchar(255) ${WORD} NOT NULL,
      fingerprint varchar(64) ${WORD} NOT NULL,
      status smallint unsigned NULL,
      answer json NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      INDEX idempotency_keys_created (createdAt),
      PRIMARY KEY (userId, idempotencyKey)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE idempotency_keys');
    await db.query('DROP TABLE machine_tokens');
    await db.query('ALTER TABLE user_sessions DROP COLUMN agent');
    await db.query(
      'ALTER TABLE issuer_keys DROP INDEX issuer_keys_issuer, DROP COLUMN verifiesUntil, DROP COLUMN issuer',
    );
  }
}
