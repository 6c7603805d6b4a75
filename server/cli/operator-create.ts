import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { OPERATOR_ROLES, type OperatorRole } from '../../domain/permissions';
import { systemActor } from '../audit/actor';
import { createOperator } from '../operators/create-operator';
import { runCommand } from './run';

const USAGE = 'Usage: npm run operator:create -- --email ann@example.com [--name Ann] [--role admin|support|viewer]';
const { values } = parseArgs({
  options: { email: { type: 'string' }, name: { type: 'string' }, role: { type: 'string', default: 'admin' } },
});
const { email, name, role } = values;

if (!email?.includes('@') || !OPERATOR_ROLES.includes(role as OperatorRole)) {
  console.error(USAGE);
  process.exit(1);
}

runCommand(async (db) => {
  const password = randomBytes(18).toString('base64url');
  await createOperator(db, systemActor, {
    email,
    name: name ?? email.split('@')[0]!,
    role: role as OperatorRole,
    password,
  });
  console.log(`Made the ${role} ${email}. The password is shown this once: ${password}`);
});
