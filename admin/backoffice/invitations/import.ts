/** What the server says of one line of a list; see server/invitations/import. */
export interface Judged {
  line: number;
  email: string;
  role: string | null;
  verdict: string;
  note: string | null;
}

export interface Judgement {
  lines: Judged[];
  invited: number;
  /** Null: no limit. */
  seatsFree: number | null;
}

export interface Imported {
  lines: Judged[];
  invited: number;
  skipped: number;
}
