import { raw, escape as safely } from 'mysql2';
import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';

/** Rows in one statement: enough to make the round trip cheap, and far below the server's packet limit. */
const CHUNK = 500;

export interface InsertOptions<Row> {
  /** What is written of each row, where its own properties may be more; else all properties of the first. */
  columns?: readonly (keyof Row & string)[];
  /** Columns that take the new row's value where its key is there already. */
  update?: readonly (keyof Row & string)[];
  /** Further assignments, in SQL: `version = version + 1`. */
  also?: readonly string[];
}

/** Text of which every character stands for itself between quotes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the driver escapes some of them
const PLAIN = /^[^'\\\u0000-\u001f\u007f]*$/;

/** A value as SQL. Moments are written in UTC, the connection's time zone. */
function literal(value: unknown, { type }: ColumnMetadata): string {
  if (value === null || value === undefined) return 'NULL';
  const plain = type === 'json' ? JSON.stringify(value) : value;
  if (typeof plain === 'string') return PLAIN.test(plain) ? `'${plain}'` : safely(plain);
  if (typeof plain === 'number' || typeof plain === 'boolean') return String(plain);
  if (plain instanceof Date) return `'${plain.toISOString().slice(0, -1)}'`;
  throw new Error(`A column of type ${String(type)} holds no ${typeof plain}.`);
}

/**
 * Inserts rows by the hundred, in the caller's transaction; all of them must have the properties of the first. With
 * `update` a row whose key is there already is updated. TypeORM's own insert builds one object and one parameter
 * a value, which is what most of its time goes into.
 */
export async function insertMany<Row extends ObjectLiteral>(
  tx: EntityManager,
  entity: EntityTarget<Row>,
  rows: readonly Partial<Row>[],
  { columns: properties, update = [], also = [] }: InsertOptions<Row> = {},
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const metadata = tx.connection.getMetadata(entity);
  const columns = (properties ?? Object.keys(first)).map((property) => {
    const column = metadata.findColumnWithPropertyName(property);
    if (!column) throw new Error(`${metadata.tableName} has no column for "${property}".`);
    return column;
  });
  const names = columns.map(({ databaseName }) => `\`${databaseName}\``).join(', ');
  const updates = [...update.map((name) => `\`${name}\` = VALUES(\`${name}\`)`), ...also];
  const tail = updates.length > 0 ? ` ON DUPLICATE KEY UPDATE ${updates.join(', ')}` : '';
  const sql = `INSERT INTO \`${metadata.tableName}\` (${names}) VALUES ?${tail}`;
  const written = (row: Partial<Row>) =>
    `(${columns.map((column) => literal(row[column.propertyName], column)).join(',')})`;
  for (let from = 0; from < rows.length; from += CHUNK) {
    const values = rows
      .slice(from, from + CHUNK)
      .map(written)
      .join(',');
    await tx.query(sql, [raw(values)]);
  }
}

/** Columns whose value the driver does not give as the entity has it. */
const isCoded = ({ type }: ColumnMetadata): boolean => type === 'json' || type === 'boolean';

/**
 * Reads whole rows by the hundred, as TypeORM's `find` would but for the class: its own query builder takes each id as
 * a parameter of its own and copies every value several times.
 *
 * @param where what follows the table's name, with `?` for each of `parameters`; a list of values may be one of them
 */
export async function selectMany<Row extends ObjectLiteral>(
  tx: EntityManager,
  entity: EntityTarget<Row>,
  where: string,
  parameters: unknown[],
): Promise<Row[]> {
  const { tableName, columns } = tx.connection.getMetadata(entity);
  const { driver } = tx.connection;
  const coded = columns.filter(isCoded);
  const names = columns.map(({ databaseName }) => `\`${databaseName}\``).join(', ');
  const rows: ObjectLiteral[] = await tx.query(`SELECT ${names} FROM \`${tableName}\` ${where}`, parameters);
  for (const row of rows)
    for (const column of coded)
      row[column.propertyName] = driver.prepareHydratedValue(row[column.propertyName], column);
  return rows as Row[];
}
