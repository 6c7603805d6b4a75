import type Redis from 'ioredis';
import { z } from 'zod';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { newId } from '../db/id';
import { inTransaction } from '../db/transaction';
import { queueEmail } from '../emails/queue-email';
import { notFound } from '../errors';
import { makeLimit } from '../http/limits';
import { Operator } from '../operators/operator.entity';
import { type UserRoute, userRoute } from './callers';
import { ContactRequest } from './contact-request.entity';
import { ownTenants } from './own-tenants';

const ContactBody = z.object({
  message: z
    .string('Say what it is about.')
    .trim()
    .min(1, 'Say what it is about.')
    .max(2000, 'must have at most 2000 characters.'),
  tenantId: z.string().max(64).nullish(),
  planId: z.string().max(64).nullish(),
});

/** The way to sales: kept in our list, and mailed to every active admin. */
export function contactRoutes(context: Context, redis: Redis): UserRoute[] {
  const perUser = makeLimit(redis, 'contact-user', 5, 3600);
  const perIp = makeLimit(redis, 'contact-ip', 20, 3600);
  return [
    userRoute({
      method: 'post',
      path: '/contact',
      access: 'user',
      summary: 'Write to sales; at most 5 times an hour',
      status: 201,
      body: ContactBody,
      async handle({ caller: { user, actor }, body: { message, tenantId = null, planId }, req }) {
        const tenant = (await ownTenants(context.db.manager, user.id)).find(({ id }) => id === tenantId);
        if (tenantId !== null && !tenant) throw notFound('tenant', tenantId);
        await perIp.take(req.ip ?? 'unknown');
        await perUser.take(user.id);
        const id = newId('con');
        await inTransaction(context.db, async (tx) => {
          await tx.insert(ContactRequest, { id, userId: user.id, tenantId, message });
          const admins = await tx.findBy(Operator, { role: 'admin', status: 'active' });
          const data = {
            message,
            name: user.name,
            email: user.email ?? '',
            ...(tenant ? { tenantName: tenant.name } : {}),
            ...(planId ? { planId } : {}),
          };
          const about = tenantId === null ? {} : { tenantId };
          for (const { email } of admins) await queueEmail(tx, context, { kind: 'contact', to: email, data, ...about });
          await recordAudit(tx, {
            actor,
            action: 'contact.create',
            resource: 'contact-requests',
            resourceId: id,
            tenantId,
          });
        });
        return { id, sent: true };
      },
    }),
  ];
}
