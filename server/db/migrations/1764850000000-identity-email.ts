import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The address that each identity came with, so that its user can tell several apart. */
export class IdentityEmail1764850000000 implements MigrationInterface {
  name = 'IdentityEmail1764850000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE identities
      ADD COLUMN email varchar(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL AFTER subject`);
    // Until now a user came with one identity, whose address it took.
    await db.query('UPDATE identities i JOIN users u ON u.id = i.userId SET i.email = u.email');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE identities DROP COLUMN email');
  }
}
