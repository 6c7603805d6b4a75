export { planChanges } from './plan-changes';
export { subscriptions } from './subscriptions';
