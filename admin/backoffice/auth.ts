import { type AuthProvider, fetchUtils, HttpError } from 'react-admin';
import { can, type OperatorRole, type Permission } from '../../domain/permissions';

interface Operator {
  id: string;
  name: string;
  email: string;
  role: OperatorRole;
}

/** Asked once a page load; cleared by signing in or out. */
let asked: Promise<Operator> | undefined;

async function whoAmI(): Promise<Operator> {
  asked ??= fetchUtils.fetchJson('/api/session').then(({ json }) => json as Operator);
  try {
    return await asked;
  } catch (error) {
    asked = undefined;
    throw error;
  }
}

/** What react-admin calls an action, in the words of the permission table. */
const ACTIONS: Record<string, string> = { list: 'read', show: 'read', export: 'read', edit: 'update' };

export const auth: AuthProvider = {
  async login({ username, password }) {
    try {
      const { json } = await fetchUtils.fetchJson('/api/session', {
        method: 'POST',
        body: JSON.stringify({ email: username, password }),
      });
      asked = Promise.resolve(json);
    } catch (error) {
      throw new Error(
        error instanceof HttpError ? error.message : 'Tenantry can not be reached. Check your connection.',
      );
    }
  },
  async logout() {
    asked = undefined;
    await fetchUtils.fetchJson('/api/session', { method: 'DELETE' }).catch(() => undefined);
  },
  /** Only a refusal signs out: an outage must not. */
  async checkAuth() {
    await whoAmI().catch((error: { status?: number }) => {
      if (error.status === 401) throw error;
    });
  },
  async checkError(error: { status?: number }) {
    if (error.status !== 401) return;
    asked = undefined;
    throw error;
  },
  async getIdentity() {
    const { id, name } = await whoAmI();
    return { id, fullName: name };
  },
  async getPermissions() {
    return (await whoAmI()).role;
  },
  async canAccess({ resource, action }) {
    const { role } = await whoAmI();
    return can(role, `${resource}:${ACTIONS[action] ?? action}` as Permission);
  },
};
