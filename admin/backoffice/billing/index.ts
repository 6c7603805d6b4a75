export { planChanges } from './plan-changes';
export { stripeEvents } from './stripe-events';
export { subscriptions } from './subscriptions';
