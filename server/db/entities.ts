import { AuditChain, AuditEntry, AuditPersonal } from '../audit/audit.entity';
import { Checkout } from '../billing/checkout.entity';
import { PlanDecisionRow } from '../billing/explanation/plan-decision.entity';
import { Finding } from '../billing/finding.entity';
import { LeaseRow } from '../billing/lease.entity';
import { Override } from '../billing/override.entity';
import { PlanChange } from '../billing/plan-change.entity';
import { StripeCustomer } from '../billing/stripe-customer.entity';
import { StripeEvent } from '../billing/stripe-event.entity';
import { StripeState } from '../billing/stripe-state.entity';
import { Subscription } from '../billing/subscription.entity';
import { ConvergenceDay } from '../convergence/convergence-day.entity';
import { ContactRequest } from '../customer-api/contact-request.entity';
import { Email } from '../emails/email.entity';
import { EmailEvent } from '../emails/email-event.entity';
import { Suppression } from '../emails/suppression.entity';
import { IdempotencyKey } from '../http/idempotency-key.entity';
import { Invitation } from '../invitations/invitation.entity';
import { InvitationImport } from '../invitations/invitation-import.entity';
import { InvitationOpening } from '../invitations/invitation-opening.entity';
import { InvitationToken } from '../invitations/invitation-token.entity';
import { IssuerKey, MachineToken, SignInCode, UserSession } from '../issuer/issuer.entities';
import { OutboxRow } from '../jobs/outbox.entity';
import { Membership } from '../memberships/membership.entity';
import { ApiKey } from '../operators/api-key.entity';
import { Operator } from '../operators/operator.entity';
import { OperatorSession } from '../operators/operator-session.entity';
import { Plan } from '../plans/plan.entity';
import { PlanPrice } from '../plans/plan-price.entity';
import { ReconcileChange, ReconcileRow, ReconcileRun, ReconcileWindow } from '../reconcile/reconcile-run.entity';
import { Tenant } from '../tenants/tenant.entity';
import { Identity } from '../users/identity.entity';
import { User } from '../users/user.entity';

export const entities = [
  ApiKey,
  AuditChain,
  AuditEntry,
  AuditPersonal,
  Checkout,
  ContactRequest,
  ConvergenceDay,
  Email,
  EmailEvent,
  Finding,
  IdempotencyKey,
  Identity,
  Invitation,
  InvitationImport,
  InvitationOpening,
  InvitationToken,
  IssuerKey,
  LeaseRow,
  MachineToken,
  Membership,
  Operator,
  OperatorSession,
  OutboxRow,
  Override,
  Plan,
  PlanChange,
  PlanDecisionRow,
  PlanPrice,
  ReconcileChange,
  ReconcileRow,
  ReconcileRun,
  ReconcileWindow,
  SignInCode,
  StripeCustomer,
  StripeEvent,
  StripeState,
  Subscription,
  Suppression,
  Tenant,
  User,
  UserSession,
];
