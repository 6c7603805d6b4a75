import { Column, Entity, PrimaryColumn } from 'typeorm';
import { moment, nullableWord, word } from '../db/columns';

/** Who may do a piece of work now. `fence` grows with every holder, and the final transaction checks it. */
@Entity('leases')
export class LeaseRow {
  /** A Stripe customer's id, or the name of work that one process does for all: `sweep`, `catch-up`. */
  @PrimaryColumn(word()) name: string;
  @Column({ type: 'bigint', unsigned: true, default: 0 }) fence: string;
  @Column(nullableWord()) holder: string | null;
  @Column(moment) expiresAt: Date;
}
