import type { MigrationInterface, QueryRunner } from 'typeorm';

const WORD = 'CHARACTER SET ascii COLLATE ascii_bin';
const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci';
const EXACT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';
const NOTHING = 'ON DELETE NO ACTION ON UPDATE NO ACTION';

/** Terms and stand-ins of invitations, what became of their mails, who opened them, and imports of many. */
export class Invitations1764900000000 implements MigrationInterface {
  name = 'Invitations1764900000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE invitations
      ADD COLUMN termDays smallint UNSIGNED NOT NULL DEFAULT '7' AFTER expiresAt,
      ADD COLUMN standsForId varchar(64) ${WORD} NULL AFTER invitedByName,
      ADD COLUMN standsForName varchar(120) ${TEXT} NULL AFTER standsForId,
      ADD COLUMN revokedReason varchar(32) ${WORD} NULL AFTER standsForName,
      ADD INDEX invitations_inviter (tenantId, invitedById),
      ADD INDEX invitations_delivery (deliveryStatus, createdAt)`);
    await db.query(`ALTER TABLE emails
      ADD COLUMN providerMessageId varchar(255) ${WORD} NULL AFTER messageId,
      ADD COLUMN deliveredAt datetime(3) NULL,
      ADD COLUMN bouncedAt datetime(3) NULL,
      ADD INDEX emails_provider_id (providerMessageId)`);
    await db.query(`CREATE TABLE email_events (
      id varchar(64) ${WORD} NOT NULL,
      emailId varchar(64) ${WORD} NULL,
      provider varchar(16) ${WORD} NOT NULL,
      providerEventId varchar(191) ${WORD} NOT NULL,
      kind varchar(16) ${WORD} NOT NULL,
      detail varchar(500) ${TEXT} NULL,
      at datetime(3) NOT NULL,
      receivedAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      UNIQUE INDEX email_events_once (provider, providerEventId),
      INDEX email_events_email (emailId, at),
      PRIMARY KEY (id)
    ) ${TABLE}`);
    await db.query(`CREATE TABLE suppressions (
      id varchar(64) ${WORD} NOT NULL,
      email varchar(254) ${TEXT} NOT NULL,
      emailKey varchar(254) ${EXACT} NOT NULL,
      reason varchar(16) ${WORD} NOT NULL,
      detail varchar(500) ${TEXT} NULL,
      emailId varchar(64) ${WORD} NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      UNIQUE INDEX suppressions_address (emailKey),
      INDEX suppressions_created (createdAt, id),
      PRIMARY KEY (id)
    ) ${TABLE}`);
    await db.query(`CREATE TABLE invitation_openings (
      id varchar(64) ${WORD} NOT NULL,
      invitationId varchar(64) ${WORD} NOT NULL,
      kind varchar(16) ${WORD} NOT NULL,
      agent varchar(32) ${WORD} NULL,
      at datetime(3) NOT NULL,
      INDEX invitation_openings_invitation (invitationId, at),
      PRIMARY KEY (id)
    ) ${TABLE}`);
    await db.query(`CREATE TABLE invitation_imports (
      id varchar(64) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NOT NULL,
      fingerprint varchar(64) ${WORD} NOT NULL,
      result json NOT NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      PRIMARY KEY (id)
    ) ${TABLE}`);
    await db.query(
      `ALTER TABLE email_events ADD CONSTRAINT FK_6f0b88890ddec99bd5bc032476c FOREIGN KEY (emailId) REFERENCES emails (id) ${NOTHING}`,
    );
    await db.query(
      `ALTER TABLE invitation_openings ADD CONSTRAINT FK_3df4b4e0a1f932ea280405b8ad5 FOREIGN KEY (invitationId) REFERENCES invitations (id) ${NOTHING}`,
    );
    await db.query(
      `ALTER TABLE invitation_imports ADD CONSTRAINT FK_690e3aa6df340217356c017ad81 FOREIGN KEY (tenantId) REFERENCES tenants (id) ${NOTHING}`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of ['invitation_imports', 'invitation_openings', 'suppressions', 'email_events'])
      await db.query(`DROP TABLE ${table}`);
    await db.query(`ALTER TABLE emails DROP INDEX emails_provider_id, DROP COLUMN bouncedAt, DROP COLUMN deliveredAt,
      DROP COLUMN providerMessageId`);
    await db.query(`ALTER TABLE invitations DROP INDEX invitations_delivery, DROP INDEX invitations_inviter,
      DROP COLUMN revokedReason, DROP COLUMN standsForName, DROP COLUMN standsForId, DROP COLUMN termDays`);
  }
}
