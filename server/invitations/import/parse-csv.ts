import { parse } from 'csv-parse/sync';
import { invalid } from '../../errors';

/** One line of a list of people to invite, as it was written. */
export interface CsvLine {
  /** Counted from 1, as an editor counts. */
  line: number;
  email: string;
  role: string;
  days: string;
}

export const MOST_LINES = 1000;

const COLUMNS: Record<keyof Omit<CsvLine, 'line'>, RegExp> = {
  email: /^(e-?mail|mail|address|e-?mail address)$/i,
  role: /^role$/i,
  days: /^(days|expires in days|expiresindays|good for)$/i,
};

/** Where each column stands: as the first line says, if it is a heading, else email, role, days. */
function columnsOf(first: readonly string[]): { heading: boolean; at: Record<keyof typeof COLUMNS, number> } {
  const find = (name: keyof typeof COLUMNS) => first.findIndex((cell) => COLUMNS[name].test(cell));
  if (find('email') < 0) return { heading: false, at: { email: 0, role: 1, days: 2 } };
  return { heading: true, at: { email: find('email'), role: find('role'), days: find('days') } };
}

interface Parsed {
  record: string[];
  info: { lines: number };
}

/**
 * Reads a list of people: commas, semicolons or tabs, quoted or not, with a heading or without, from any system.
 * @throws ProblemError 400 naming `csv` where it is no such list, is empty, or has more than 1,000 lines
 */
export function parseCsv(csv: string): CsvLine[] {
  let parsed: Parsed[];
  try {
    parsed = parse(csv, {
      bom: true,
      delimiter: [',', ';', '\t'],
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      info: true,
      record_delimiter: ['\r\n', '\n', '\r'],
    }) as unknown as Parsed[];
  } catch (error) {
    throw invalid({ csv: `can't be read: ${(error as Error).message}` });
  }
  const rows = parsed.filter(({ record }) => record.some((cell) => cell !== ''));
  if (rows.length === 0) throw invalid({ csv: 'is empty. Give one address a line.' });
  const { heading, at } = columnsOf(rows[0]!.record);
  const people = heading ? rows.slice(1) : rows;
  if (people.length === 0) throw invalid({ csv: 'has a heading and no lines. Give one address a line.' });
  if (people.length > MOST_LINES)
    throw invalid({ csv: `has ${people.length} lines; at most ${MOST_LINES} are imported at once. Split it.` });
  return people.map(({ record, info }) => ({
    line: info.lines,
    email: record[at.email] ?? '',
    role: (record[at.role] ?? '').toLowerCase(),
    days: record[at.days] ?? '',
  }));
}
