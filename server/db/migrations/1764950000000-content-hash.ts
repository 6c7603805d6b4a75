import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The content hash is made of other text: without one, the next reading of a subscription only writes it anew. */
export class ContentHash1764950000000 implements MigrationInterface {
  name = 'ContentHash1764950000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('UPDATE subscriptions SET contentHash = NULL');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('UPDATE subscriptions SET contentHash = NULL');
  }
}
