import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';

/** Rows in one statement: enough to make the round trip cheap, and far below the server's packet limit. */
const CHUNK = 500;

export interface OnDuplicate<Row> {
  /** Columns that take the new row's value where its key is there already. */
  update: readonly (keyof Row & string)[];
  /** Further assignments, in SQL: `version = version + 1`. */
  also?: readonly string[];
}

/**
 * Inserts rows by the hundred, in the caller's transaction; all of them must have the properties of the first. With
 * `onDuplicate` a row whose key is there already is updated. TypeORM's own insert builds one object and one parameter
 * a value, which is what most of its time goes into.
 */
export async function insertMany<Row extends ObjectLiteral>(
  tx: EntityManager,
  entity: EntityTarget<Row>,
  rows: readonly Partial<Row>[],
  onDuplicate?: OnDuplicate<Row>,
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const { driver } = tx.connection;
  const metadata = tx.connection.getMetadata(entity);
  const columns = Object.keys(first).map((property) => {
    const column = metadata.findColumnWithPropertyName(property);
    if (!column) throw new Error(`${metadata.tableName} has no column for "${property}".`);
    return column;
  });
  const names = columns.map(({ databaseName }) => `\`${databaseName}\``).join(', ');
  const updates = [
    ...(onDuplicate?.update ?? []).map((name) => `\`${name}\` = VALUES(\`${name}\`)`),
    ...(onDuplicate?.also ?? []),
  ];
  const tail = updates.length > 0 ? ` ON DUPLICATE KEY UPDATE ${updates.join(', ')}` : '';
  for (let from = 0; from < rows.length; from += CHUNK) {
    const values = rows
      .slice(from, from + CHUNK)
      .map((row) => columns.map((column) => driver.preparePersistentValue(row[column.propertyName], column) ?? null));
    await tx.query(`INSERT INTO \`${metadata.tableName}\` (${names}) VALUES ?${tail}`, [values]);
  }
}
