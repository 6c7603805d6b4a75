import { Column, Entity, PrimaryColumn } from 'typeorm';
import { count, moment, word } from '../db/columns';

/** How many tenants were proven equal to Stripe, as last counted on a day. A day without a row was never counted. */
@Entity('convergence_days')
export class ConvergenceDay {
  /** `2026-03-31`, in UTC. */
  @PrimaryColumn(word(10)) day: string;
  @Column(count) tenants: number;
  @Column(count) proven: number;
  /** When it was counted. */
  @Column(moment) countedAt: Date;
}
