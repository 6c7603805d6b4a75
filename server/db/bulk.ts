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

const DAY_MS = 86_400_000;
const MOST_DAYS = 4000;
const twoDigits = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));
const days = new Map<number, string>();

function dayText(day: number): string {
  const known = days.get(day);
  if (known) return known;
  if (days.size === MOST_DAYS) days.clear();
  const text = new Date(day * DAY_MS).toISOString().slice(0, -'00:00:00.000Z'.length);
  days.set(day, text);
  return text;
}

/** `'2026-11-24T15:00:00.000'`, in UTC: toISOString costs several times as much, and sweeps write a million of these. */
function momentText(moment: Date): string {
  const time = +moment;
  const day = Math.floor(time / DAY_MS);
  const ms = time - day * DAY_MS;
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const thousandths = String((ms % 1000) + 1000).slice(1);
  const clock = `${twoDigits[Math.floor(minutes / 60)]}:${twoDigits[minutes % 60]}:${twoDigits[seconds % 60]}`;
  return `'${dayText(day)}${clock}.${thousandths}'`;
}

/** A value as SQL. Moments are written in UTC, the connection's time zone. */
function literal(value: unknown, { type }: ColumnMetadata): string {
  if (value === null || value === undefined) return 'NULL';
  const plain = type === 'json' ? JSON.stringify(value) : value;
  if (typeof plain === 'string') return PLAIN.test(plain) ? `'${plain}'` : safely(plain);
  if (typeof plain === 'number' || typeof plain === 'boolean') return String(plain);
  if (plain instanceof Date) return momentText(plain);
  throw new Error(`A column of type ${String(type)} holds no ${typeof plain}.`);
}

/** Whether leaving a column out writes the NULL that all of the rows have: the server reads no text for it. */
const isLeftOut = <Row extends ObjectLiteral>(column: ColumnMetadata, rows: readonly Partial<Row>[]): boolean =>
  column.isNullable && column.default == null && rows.every((row) => row[column.propertyName] == null);

/** Writes one column's values; most columns say the same in row after row. */
function writerOf(column: ColumnMetadata): (value: unknown) => string {
  let last: unknown;
  let text = 'NULL';
  return (value) => {
    if (value !== last) {
      last = value;
      text = literal(value, column);
    }
    return text;
  };
}

function valuesOf<Row extends ObjectLiteral>(
  columns: readonly ColumnMetadata[],
  rows: readonly Partial<Row>[],
): string[] {
  const written = columns.map((column) => ({ property: column.propertyName, write: writerOf(column) }));
  return rows.map((row) => {
    let text = '';
    for (const { property, write } of written) text += (text ? ',' : '(') + write(row[property]);
    return `${text})`;
  });
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
  const updates = [...update.map((name) => `\`${name}\` = VALUES(\`${name}\`)`), ...also];
  const tail = updates.length > 0 ? ` ON DUPLICATE KEY UPDATE ${updates.join(', ')}` : '';
  for (let from = 0; from < rows.length; from += CHUNK) {
    const chunk = rows.length > CHUNK ? rows.slice(from, from + CHUNK) : rows;
    const given = columns.filter((column) => !isLeftOut(column, chunk));
    const names = given.map(({ databaseName }) => `\`${databaseName}\``).join(', ');
    // As a parameter, for the driver looks for placeholders in all that is not.
    const values = raw(valuesOf(given, chunk).join(','));
    await tx.query(`INSERT INTO \`${metadata.tableName}\` (${names}) VALUES ?${tail}`, [values]);
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
