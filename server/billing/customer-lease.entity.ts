import { Column, Entity, PrimaryColumn } from 'typeorm';
import { moment, nullableWord, word } from '../db/columns';

/** Who may sync a Stripe customer now. `fence` grows with every holder, and the final transaction checks it. */
@Entity('customer_leases')
export class CustomerLease {
  @PrimaryColumn(word()) customerId: string;
  @Column({ type: 'bigint', unsigned: true, default: 0 }) fence: string;
  @Column(nullableWord()) holder: string | null;
  @Column(moment) expiresAt: Date;
}
