import { Admin, Resource } from 'react-admin';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router-dom';
import { api } from './api';
import { apiKeys } from './api-keys';
import { auditLog } from './audit';
import { auth } from './auth';
import { planChanges, subscriptions } from './billing';
import { contactRequests } from './contact';
import { findings } from './findings';
import { invitations } from './invitations';
import { Home } from './layout/Home';
import { Shell } from './layout/Shell';
import { SignIn } from './layout/SignIn';
import { emails, suppressions } from './mail';
import { memberships } from './memberships';
import { operators } from './operators';
import { overrides } from './overrides';
import { plans } from './plans';
import { reconcileRuns } from './reconcile-runs';
import { stripeEvents } from './stripe-events';
import { tenants } from './tenants';
import { darkTheme, lightTheme } from './theme';
import { users } from './users';

const resources = [
  tenants,
  users,
  memberships,
  invitations,
  contactRequests,
  plans,
  subscriptions,
  planChanges,
  overrides,
  findings,
  reconcileRuns,
  stripeEvents,
  emails,
  suppressions,
  auditLog,
  operators,
  apiKeys,
];

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    // With transitions the old page lives on while the new one is made: a list's pending search then takes one back to it.
    <BrowserRouter basename="/admin" useTransitions={false}>
      <Admin
        title="Tenantry"
        dataProvider={api}
        authProvider={auth}
        dashboard={Home}
        layout={Shell}
        loginPage={SignIn}
        lightTheme={lightTheme}
        darkTheme={darkTheme}
        requireAuth
        disableTelemetry
      >
        {resources.map((resource) => (
          <Resource key={resource.name} {...resource} />
        ))}
      </Admin>
    </BrowserRouter>,
  );
}
