import type { Context } from '../context';
import { invalid } from '../errors';
import { Tenant } from '../tenants/tenant.entity';

/** Throws 400 where a tenant that a run shall be about does not exist. */
export async function requireTenants({ db }: Context, ids: string[] | undefined): Promise<void> {
  if (!ids) return;
  const known = await db.getRepository(Tenant).createQueryBuilder('t').select('t.id').whereInIds(ids).getMany();
  const found = new Set(known.map(({ id }) => id));
  const unknown = ids.filter((id) => !found.has(id));
  if (unknown.length > 0) throw invalid({ tenantIds: `There is no tenant ${unknown.slice(0, 5).join(', ')}.` });
}
