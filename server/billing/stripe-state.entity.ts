import { Column, Entity, PrimaryColumn } from 'typeorm';
import { json, updatedMoment, word } from '../db/columns';

/** What is remembered of Stripe beyond single objects; see stripe-state.ts for the names. */
@Entity('stripe_state')
export class StripeState {
  @PrimaryColumn(word()) name: string;
  @Column(json) value: object;
  @Column(updatedMoment) updatedAt: Date;
}
