import { OPERATOR_ROLES } from '../../../domain/permissions';

/** The roles of operators and API keys, with what each may. */
export const operatorRoles = OPERATOR_ROLES.map((id) => ({
  id,
  name: {
    admin: 'admin: everything',
    support: 'support: no plans, overrides, operators or deletion',
    viewer: 'viewer: reads',
  }[id],
}));
