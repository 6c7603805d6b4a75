export type ActorType = 'operator' | 'api-key' | 'user' | 'worker' | 'stripe' | 'system';

/** Who makes a change, and from where: goes with every verb and ends in the audit log. */
export interface Actor {
  type: ActorType;
  id: string | null;
  name: string;
  requestId?: string;
  ip?: string;
}

export const workerActor = (name: string): Actor => ({ type: 'worker', id: name, name });
/** What is no person: its name is nobody's to erase, and follows from what it is. */
const MACHINES: Partial<Record<ActorType, string>> = { worker: 'Worker', stripe: 'Stripe', system: 'Tenantry' };

export const isMachine = ({ type }: Pick<Actor, 'type'>): boolean => type in MACHINES;
export const machineName = ({ type, id }: Pick<Actor, 'type' | 'id'>): string | undefined =>
  type in MACHINES ? (id ?? MACHINES[type]) : undefined;

export const systemActor: Actor = { type: 'system', id: null, name: 'Tenantry' };
