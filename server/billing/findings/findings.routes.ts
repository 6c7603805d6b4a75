import { In } from 'typeorm';
import { z } from 'zod';
import type { FindingVerb } from '../../../domain/finding';
import { can, OPERATOR_ROLES } from '../../../domain/permissions';
import type { Actor } from '../../audit/actor';
import type { Context } from '../../context';
import { notFound } from '../../errors';
import { bulkRoute } from '../../http/bulk';
import { type OperatorRoute, operatorRoute, presentOne, readRoutes } from '../../http/operator-api';
import { parse } from '../../http/routes';
import { Operator } from '../../operators/operator.entity';
import { stripeOf } from '../../stripe/client';
import { Finding } from '../finding.entity';
import { assignFinding, dismissFinding, reopenFinding, snoozeFinding } from './change-finding';
import { findingsListing } from './findings.listing';
import { foreseeRepair } from './foresee-repair';
import { queueRepair } from './queue-repair';
import { repairFinding } from './repair-finding';
import { suggestTenant } from './suggest-tenant';

const until = z.iso
  .datetime({ offset: true, error: 'Say until when: an ISO 8601 time.' })
  .transform((value) => new Date(value));
const reason = z.string('Say why, in a few words.').trim().min(3, 'Say why, in a few words.').max(500);

const chosen = z.string().trim().max(64).nullish();
const RepairBody = z.object({ tenantId: chosen, planId: chosen, priceId: chosen, confirm: chosen });

interface Verb<Shape extends z.ZodRawShape> {
  name: FindingVerb;
  summary: string;
  fields: Shape;
  run: (actor: Actor, id: string, body: z.output<z.ZodObject<Shape>>) => Promise<void>;
}

/** `POST /findings/bulk/VERB {ids, …}` and `POST /findings/:id/VERB {…}`, which answers with the finding as it is then. */
function verbRoutes<Shape extends z.ZodRawShape>(context: Context, { name, summary, fields, run }: Verb<Shape>) {
  return [
    bulkRoute(context, {
      resource: 'findings',
      verb: name,
      access: `findings:${name}`,
      summary: `${summary}: many at once`,
      fields,
      run: (id, actor, body) => run(actor, id, body),
    }),
    operatorRoute({
      method: 'post',
      path: `/findings/:id/${name}`,
      access: `findings:${name}`,
      summary,
      body: z.object(fields),
      async handle({ params, body, caller }) {
        await run(caller.actor, params.id!, body);
        return presentOne(context, findingsListing, params.id!);
      },
    }),
  ];
}

const OWNER_ROLES = OPERATOR_ROLES.filter((role) => can(role, 'findings:assign'));

/** The inbox of findings: whose they are, when they come back, why they were let be, and their repair. */
export function findingRoutes(context: Context): OperatorRoute[] {
  return [
    operatorRoute({
      method: 'get',
      path: '/findings/owners',
      access: 'findings:assign',
      summary: 'List the operators whom findings can be given to',
      handle: () =>
        context.db.getRepository(Operator).find({
          select: { id: true, name: true },
          where: { status: 'active', role: In(OWNER_ROLES) },
          order: { name: 'ASC', id: 'ASC' },
        }),
    }),
    ...readRoutes(context, findingsListing),
    ...verbRoutes(context, {
      name: 'assign',
      summary: 'Give a finding to an operator; without ownerId to oneself, with null to nobody',
      fields: { ownerId: z.string('must be the id of an operator, or null.').nullish() },
      run: (actor, id, { ownerId }) => assignFinding(context, actor, id, ownerId === undefined ? actor.id : ownerId),
    }),
    ...verbRoutes(context, {
      name: 'snooze',
      summary: 'Let a finding sleep until a time',
      fields: { until },
      run: (actor, id, body) => snoozeFinding(context, actor, id, body.until),
    }),
    ...verbRoutes(context, {
      name: 'dismiss',
      summary: 'Dismiss a finding for as long as the difference stays',
      fields: { reason },
      run: (actor, id, body) => dismissFinding(context, actor, id, body.reason),
    }),
    ...verbRoutes(context, {
      name: 'reopen',
      summary: 'Open a snoozed or dismissed finding again',
      fields: {},
      run: (actor, id) => reopenFinding(context, actor, id),
    }),
    bulkRoute(context, {
      resource: 'findings',
      verb: 'repair',
      access: 'findings:repair',
      summary: 'Have Stripe read again for findings whose repair is just that: many at once, by the workers',
      run: (id, actor) => queueRepair(context, actor, id),
    }),
    operatorRoute({
      method: 'get',
      path: '/findings/:id/repair',
      access: 'findings:repair',
      summary: 'Tell what the repair of a finding needs (?tenantId=, ?planId=, ?priceId=) and leads to, and do nothing',
      handle: ({ params, query, caller }) => foreseeRepair(context, caller, params.id!, parse(RepairBody, query)),
    }),
    operatorRoute({
      method: 'get',
      path: '/findings/:id/suggestion',
      access: 'findings:repair-billing',
      summary: 'Ask Stripe which tenant an orphan customer seems to belong to',
      async handle({ params }) {
        const finding = await context.db.getRepository(Finding).findOneBy({ id: params.id! });
        if (!finding) throw notFound('finding', params.id!);
        const suggestion = await suggestTenant(context, stripeOf(context.config), finding);
        return suggestion ?? { tenantId: null, tenantName: null, from: null };
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/findings/:id/repair',
      access: 'findings:repair',
      summary: 'Do the one safe repair that the finding tells of',
      body: RepairBody,
      async handle({ params, body, caller: { actor, role } }) {
        await repairFinding(context, { actor, role }, params.id!, body);
        return presentOne(context, findingsListing, params.id!);
      },
    }),
  ];
}
