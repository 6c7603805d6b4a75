import { type EntityManager, Not } from 'typeorm';
import { z } from 'zod';
import { EMAIL_ADDRESS, emailKey } from '../../domain/invitation';
import { OPERATOR_ROLES } from '../../domain/permissions';
import { changesBetween, recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { conflict, notFound } from '../errors';
import {
  type OperatorRoute,
  operatorRoute,
  presentOne,
  readRoutes,
  requireVersion,
  versionField,
} from '../http/operator-api';
import type { Listing } from '../http/simple-rest';
import { createOperator } from './create-operator';
import { Operator } from './operator.entity';
import { OperatorSession } from './operator-session.entity';
import { hashPassword, MIN_PASSWORD } from './password';

export const presentOperator = ({ passwordHash: _hash, emailKey: _key, ...operator }: Operator): object => operator;

export const operatorsListing: Listing<Operator> & { name: 'operators' } = {
  name: 'operators',
  entity: Operator,
  sorts: ['createdAt', 'email'],
  defaultSort: ['createdAt', 'ASC'],
  filters: {
    role: 'word',
    status: 'word',
    email: (query, value) => query.andWhere('r.emailKey = :key', { key: emailKey(String(value)) }),
  },
  present: async (rows) => rows.map(presentOperator),
};

const password = z.string().min(MIN_PASSWORD, `must have at least ${MIN_PASSWORD} characters.`).max(200);
const fields = {
  name: z.string().trim().min(1, 'is required.').max(120),
  role: z.enum(OPERATOR_ROLES, `must be one of ${OPERATOR_ROLES.join(', ')}.`),
};
const email = z.string('is required.').trim().max(254).regex(EMAIL_ADDRESS, 'must be an email address.');
const NewOperatorBody = z.object({ ...fields, email, password });
const OperatorBody = z
  .object({ ...fields, password, status: z.enum(['active', 'suspended']), ...versionField })
  .partial();

/** Somebody must be left who can manage operators: the last active admin stays one. Locks all admins. */
async function keepAnAdmin(tx: EntityManager, leaving: Operator): Promise<void> {
  const others = await tx.find(Operator, {
    where: { role: 'admin', status: 'active', id: Not(leaving.id) },
    lock: { mode: 'pessimistic_write' },
  });
  if (others.length === 0) throw conflict('last_admin', 'This is the last active admin. Make another admin first.');
}

const signOutEverywhere = (tx: EntityManager, operatorId: string) => tx.delete(OperatorSession, { operatorId });

async function updateOperator(
  tx: EntityManager,
  operator: Operator,
  given: Partial<Pick<Operator, 'name' | 'role' | 'status'>> & { password?: string },
) {
  const { password: newPassword, ...plain } = given;
  const change: Partial<Operator> = {
    ...plain,
    ...(newPassword ? { passwordHash: await hashPassword(newPassword) } : {}),
  };
  const after = { ...operator, ...change };
  const wasAdmin = operator.role === 'admin' && operator.status === 'active';
  if (wasAdmin && (after.role !== 'admin' || after.status !== 'active')) await keepAnAdmin(tx, operator);
  const changes = changesBetween<Operator>(operator, after, ['name', 'role', 'status']);
  if (newPassword) changes.password = { from: null, to: 'changed' };
  if (Object.keys(changes).length === 0) return undefined;
  await tx.update(Operator, { id: operator.id }, change);
  if (newPassword || after.status !== 'active') await signOutEverywhere(tx, operator.id);
  return changes;
}

export function operatorRoutes(context: Context): OperatorRoute[] {
  const locked = async (tx: EntityManager, id: string) => {
    const operator = await tx.findOne(Operator, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!operator) throw notFound('operator', id);
    return operator;
  };
  return [
    ...readRoutes(context, operatorsListing),
    operatorRoute({
      method: 'post',
      path: '/operators',
      access: 'operators:create',
      summary: 'Add an operator',
      status: 201,
      body: NewOperatorBody,
      async handle({ body, caller }) {
        const id = await createOperator(context.db, caller.actor, body);
        return presentOne(context, operatorsListing, id);
      },
    }),
    operatorRoute({
      method: 'put',
      path: '/operators/:id',
      access: 'operators:update',
      summary: 'Change an operator; a new password or a suspension signs them out everywhere',
      body: OperatorBody,
      async handle({ params, body: { version, ...given }, caller }) {
        await inTransaction(context.db, async (tx) => {
          const operator = await locked(tx, params.id!);
          await requireVersion(context, operatorsListing, operator, version);
          const changes = await updateOperator(tx, operator, given);
          if (changes)
            await recordAudit(tx, {
              actor: caller.actor,
              action: 'operator.update',
              resource: 'operators',
              resourceId: operator.id,
              changes,
            });
        });
        return presentOne(context, operatorsListing, params.id!);
      },
    }),
    operatorRoute({
      method: 'delete',
      path: '/operators/:id',
      access: 'operators:delete',
      summary: 'Remove an operator',
      handle: ({ params, caller }) =>
        inTransaction(context.db, async (tx) => {
          const operator = await locked(tx, params.id!);
          if (operator.role === 'admin' && operator.status === 'active') await keepAnAdmin(tx, operator);
          await signOutEverywhere(tx, operator.id);
          await tx.delete(Operator, { id: operator.id });
          const changes = { email: { from: operator.email, to: null }, role: { from: operator.role, to: null } };
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'operator.delete',
            resource: 'operators',
            resourceId: operator.id,
            changes,
          });
          return presentOperator(operator);
        }),
    }),
    operatorRoute({
      method: 'post',
      path: '/operators/:id/sign-out',
      access: 'operators:sign-out',
      summary: 'Sign an operator out everywhere',
      async handle({ params, caller }) {
        await inTransaction(context.db, async (tx) => {
          const operator = await locked(tx, params.id!);
          await signOutEverywhere(tx, operator.id);
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'operator.sign-out',
            resource: 'operators',
            resourceId: operator.id,
          });
        });
        return presentOne(context, operatorsListing, params.id!);
      },
    }),
  ];
}
