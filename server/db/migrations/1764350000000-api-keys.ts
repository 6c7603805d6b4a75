import type { MigrationInterface, QueryRunner } from 'typeorm';

const WORD = 'CHARACTER SET ascii COLLATE ascii_bin';
const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci';

/** Keys by which programs call the operator API; of each only the hash of its secret is kept. */
export class ApiKeys1764350000000 implements MigrationInterface {
  name = 'ApiKeys1764350000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE api_keys (
      id varchar(64) ${WORD} NOT NULL,
      name varchar(120) ${TEXT} NOT NULL,
      role varchar(16) ${WORD} NOT NULL,
      prefix varchar(16) ${WORD} NOT NULL,
      secretHash varchar(64) ${WORD} NOT NULL,
      createdByType varchar(16) ${WORD} NOT NULL,
      createdById varchar(64) ${WORD} NULL,
      createdByName varchar(120) ${TEXT} NOT NULL,
      lastUsedAt datetime(3) NULL,
      expiresAt datetime(3) NULL,
      createdAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      UNIQUE INDEX api_keys_secret (secretHash),
      INDEX api_keys_created (createdAt, id),
      PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE api_keys');
  }
}
