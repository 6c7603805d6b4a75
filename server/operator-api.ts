import type { Context } from './context';
import type { OperatorRoute } from './http/operator-api';
import { operatorRoutes } from './operators/operators.routes';
import { tenantRoutes } from './tenants/tenants.routes';

/** Every address of the operator API. */
export const operatorApiRoutes = (context: Context): OperatorRoute[] => [
  ...tenantRoutes(context),
  ...operatorRoutes(context),
];
