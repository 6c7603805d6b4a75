import { AsyncLocalStorage } from 'node:async_hooks';

/** Who waits for a call to Stripe, the most urgent first. */
export const STRIPE_PRIORITIES = ['person', 'event', 'sweep'] as const;
export type StripePriority = (typeof STRIPE_PRIORITIES)[number];

const current = new AsyncLocalStorage<StripePriority>();

/** Runs `work`; every call to Stripe that it makes, however deep, waits for its turn as `priority` says. */
export const withStripePriority = <T>(priority: StripePriority, work: () => T): T => current.run(priority, work);

/** The priority of the work that runs now: a person's, where nothing else was said. */
export const stripePriority = (): StripePriority => current.getStore() ?? 'person';
