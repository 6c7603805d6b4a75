import type Redis from 'ioredis';
import { auditListing } from './audit/audit.listing';
import { explanationRoutes } from './billing/explanation/explanation.routes';
import { findingRoutes } from './billing/findings/findings.routes';
import { operatorActionRoutes } from './billing/operator-actions/operator-actions.routes';
import { overrideRoutes } from './billing/overrides/overrides.routes';
import { planChangesListing, subscriptionsListing } from './billing/records.listings';
import { stripeEventRoutes } from './billing/stripe-events.routes';
import type { Context } from './context';
import { convergenceRoutes } from './convergence/convergence.routes';
import { contactRequestsListing } from './customer-api/contact-requests.listing';
import { emailsListing } from './emails/emails.listing';
import { suppressionRoutes } from './emails/suppressions.routes';
import { type OperatorRoute, readRoutes } from './http/operator-api';
import { invitationRoutes } from './invitations/invitations.routes';
import { membershipRoutes } from './memberships/memberships.routes';
import { apiKeyRoutes } from './operators/api-keys.routes';
import { operatorRoutes } from './operators/operators.routes';
import { overviewRoutes } from './overview/overview.routes';
import { planRoutes } from './plans/plans.routes';
import { reconcileRunRoutes } from './reconcile/reconcile-runs.routes';
import { tenantRoutes } from './tenants/tenants.routes';
import { userRoutes } from './users/users.routes';

/** Every address of the operator API. */
export const operatorApiRoutes = (context: Context, redis: Redis): OperatorRoute[] => [
  ...overviewRoutes(context),
  ...convergenceRoutes(context),
  ...tenantRoutes(context),
  ...explanationRoutes(context),
  ...operatorActionRoutes(context),
  ...userRoutes(context),
  ...membershipRoutes(context),
  ...planRoutes(context),
  ...invitationRoutes(context, redis),
  ...readRoutes(context, subscriptionsListing),
  ...readRoutes(context, planChangesListing),
  ...overrideRoutes(context),
  ...findingRoutes(context),
  ...reconcileRunRoutes(context),
  ...stripeEventRoutes(context),
  ...readRoutes(context, emailsListing),
  ...suppressionRoutes(context),
  ...readRoutes(context, contactRequestsListing),
  ...readRoutes(context, auditListing),
  ...operatorRoutes(context),
  ...apiKeyRoutes(context),
];
