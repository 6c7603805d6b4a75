export type ActorType = 'operator' | 'user' | 'worker' | 'stripe' | 'system';

/** Who makes a change, and from where: goes with every verb and ends in the audit log. */
export interface Actor {
  type: ActorType;
  id: string | null;
  name: string;
  requestId?: string;
  ip?: string;
}

export const workerActor = (name: string): Actor => ({ type: 'worker', id: null, name });
export const systemActor: Actor = { type: 'system', id: null, name: 'Tenantry' };
