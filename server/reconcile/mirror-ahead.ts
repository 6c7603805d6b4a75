import type { Context } from '../context';
import type { Seen } from './compare';
import type { Window } from './windows';

/** Rows that are read in one go: thirty of Stripe's pages, some 160 KB. */
const ROWS = 3000;
/** A SHA-256 in base64. */
const HASH_LENGTH = 44;
/** Digits of a second since 1970, until 2286. */
const SECOND_LENGTH = 10;
const RECORD_LENGTH = SECOND_LENGTH + HASH_LENGTH;

/** A span of Stripe's `created`, in seconds: `(after, until]`. */
interface Span {
  after: number;
  until: number;
}

/**
 * What our mirror has of a window, read ahead of Stripe's pages: second and content hash of each subscription, the
 * newest first, as one text that each page is held against. What is written after it was read here comes of a sync
 * that read Stripe itself: no page is held against it.
 */
export class MirrorAhead {
  private text = '';
  /** Where in the text the rows begin that no page was held against. */
  private at = 0;
  /** The text has every row of the seconds after this one. */
  private reach: number;

  constructor(
    private readonly context: Context,
    private readonly window: Pick<Window, 'since' | 'until'>,
    private readonly rows = ROWS,
  ) {
    this.reach = window.until;
  }

  /**
   * Whether what was listed of a span is just what our mirror had of it. Spans come in the order of the pages. A "no"
   * is not the last word: the caller looks at the rows themselves.
   */
  async isSame(span: Span, seen: readonly Pick<Seen, 'stripe' | 'hash'>[]): Promise<boolean> {
    if (this.reach > span.after) await this.read(span.until);
    if (this.reach > span.after) return false;
    while (this.at < this.text.length && this.secondAt(this.at) > span.until) this.at += RECORD_LENGTH;
    const listed = [...seen]
      .sort((a, b) => b.stripe.created - a.stripe.created || (a.stripe.id < b.stripe.id ? 1 : -1))
      .map(({ stripe, hash }) => `${stripe.created}${hash}`)
      .join('');
    const end = this.at + listed.length;
    if (!this.text.startsWith(listed, this.at)) return false;
    return end === this.text.length || this.secondAt(end) <= span.after;
  }

  private secondAt(at: number): number {
    return Number(this.text.slice(at, at + SECOND_LENGTH));
  }

  /** Reads on from `until`, as far as may be. One row comes over the wire instead of thousands. */
  private async read(until: number): Promise<void> {
    const { db, config } = this.context;
    const since = this.window.since;
    const [read]: { rows: number; text: string | null }[] = await db.query(
      `SELECT /*+ SET_VAR(group_concat_max_len = 1000000) */ COUNT(*) AS \`rows\`,
         GROUP_CONCAT(second, COALESCE(contentHash, REPEAT('-', ?)) ORDER BY second DESC, id DESC SEPARATOR '') AS text
       FROM (
         SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', createdAt) AS second, id, contentHash
         FROM subscriptions FORCE INDEX (subscriptions_created)
         WHERE livemode = ? AND createdAt >= ? AND createdAt <= ? AND missingSince IS NULL
         ORDER BY createdAt DESC, id DESC LIMIT ?
       ) newest`,
      [HASH_LENGTH, config.stripe.livemode, new Date(since * 1000), new Date(until * 1000), this.rows],
    );
    const rows = Number(read?.rows);
    this.text = read?.text ?? '';
    this.at = 0;
    // The oldest second of a full answer may go on behind it.
    const reach = rows < this.rows ? since - 1 : this.secondAt(this.text.length - RECORD_LENGTH);
    // An answer that the server cut short (group_concat_max_len; the comment lifts MySQL's) tells nothing.
    this.reach = this.text.length === rows * RECORD_LENGTH ? reach : until;
  }
}
