import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { word } from '../db/columns';

/** A Stripe price earns exactly one plan: the price is the key. */
@Entity('plan_prices')
@Index('plan_prices_plan', ['planId'])
export class PlanPrice {
  @PrimaryColumn(word()) priceId: string;
  @ForeignKey('plans') @Column(word()) planId: string;
}
