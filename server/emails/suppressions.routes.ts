import { z } from 'zod';
import { emailKey } from '../../domain/invitation';
import type { Context } from '../context';
import { type OperatorRoute, operatorRoute, readRoutes } from '../http/operator-api';
import type { Listing } from '../http/simple-rest';
import { Suppression } from './suppression.entity';
import { clearSuppression } from './suppressions';

const presentSuppression = ({ emailKey: _key, ...shown }: Suppression) => shown;

export const suppressionsListing: Listing<Suppression> & { name: 'suppressions' } = {
  name: 'suppressions',
  entity: Suppression,
  sorts: ['createdAt'],
  defaultSort: ['createdAt', 'DESC'],
  filters: {
    reason: 'word',
    createdAt: 'moment',
    email: (query, value) => query.andWhere('r.emailKey = :mail', { mail: emailKey(String(value)) }),
  },
  present: async (rows) => rows.map(presentSuppression),
};

/** Addresses that are not mailed again until somebody clears them. */
export const suppressionRoutes = (context: Context): OperatorRoute[] => [
  ...readRoutes(context, suppressionsListing),
  operatorRoute({
    method: 'post',
    path: '/suppressions/:id/clear',
    access: 'suppressions:clear',
    summary: 'Let an address be mailed again',
    body: z.object({}),
    handle: async ({ params, caller }) => presentSuppression(await clearSuppression(context, caller.actor, params.id!)),
  }),
];
