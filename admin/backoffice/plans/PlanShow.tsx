import { Alert, Box, Link, Typography } from '@mui/material';
import {
  EditButton,
  Pagination,
  ReferenceManyField,
  Show,
  TopToolbar,
  useCanAccess,
  useRecordContext,
} from 'react-admin';
import { Link as To } from 'react-router-dom';
import { Act } from '../parts/act';
import { PlanName } from '../parts/blast-radius';
import { counted } from '../parts/counted';
import { Id, Muted } from '../parts/fields';
import { listed } from '../parts/listed';
import { Fact, Facts, Section } from '../parts/section';
import { AuditTable } from '../parts/tables';
import { KINDS, type PlanRecord } from './plan';
import { PriceLines } from './prices';
import { RetirePlan } from './RetirePlan';

function Verbs() {
  const plan = useRecordContext<PlanRecord>();
  const { canAccess } = useCanAccess({ resource: 'plans', action: 'update' });
  if (!plan) return <TopToolbar />;
  return (
    <TopToolbar sx={{ gap: 1 }}>
      {!plan.active && (
        <Act
          verb="reactivate"
          label="Offer it again"
          explain="Customers and operators can choose it again. Tenants that have left for the successor stay there; none leaves any more."
          done="Offered again"
        />
      )}
      <RetirePlan />
      {canAccess && <EditButton />}
    </TopToolbar>
  );
}

function Retired({ plan: { successorId } }: { plan: PlanRecord }) {
  return (
    <Alert severity="info" sx={{ mb: 2 }}>
      Retired: nobody new can choose it, and who pays for it keeps it.{' '}
      {successorId ? (
        <>
          Tenants whose base plan it was go to{' '}
          <Link component={To} to={`/plans/${successorId}/show`} color="inherit">
            <PlanName planId={successorId} />
          </Link>
          .
        </>
      ) : (
        'Tenants whose base plan it is stay on it.'
      )}
    </Alert>
  );
}

function Facets({ plan }: { plan: PlanRecord }) {
  const { id, kind, description, priceText, rank, isDefault, tenantCount, limits, seatsFromQuantity } = plan;
  return (
    <Section title={plan.name}>
      {description && (
        <Typography variant="body2" sx={{ px: 2, pb: 1 }}>
          {description}
        </Typography>
      )}
      <Facts>
        <Fact label="Tenants on it">
          <Link component={To} to={listed('tenants', { planId: id })}>
            {counted(tenantCount, 'tenant')}
          </Link>
        </Fact>
        <Fact label="Kind">{KINDS[kind]}</Fact>
        <Fact label="Price, as people read it">{priceText || <Muted>—</Muted>}</Fact>
        <Fact label="Rank">{rank}</Fact>
        <Fact label="Seats">
          {seatsFromQuantity
            ? 'the quantity that is paid for'
            : limits.seats
              ? counted(limits.seats, 'seat')
              : 'unlimited'}
        </Fact>
        <Fact label="Trial">{plan.trialDays > 0 ? counted(plan.trialDays, 'day') : 'none'}</Fact>
        <Fact label="Default">{isDefault ? 'yes: every new tenant starts on it' : 'no'}</Fact>
        <Fact label="Id">
          <Id value={String(id)} />
        </Fact>
        <Fact label="Features">
          {plan.features.length === 0 ? (
            <Muted>—</Muted>
          ) : (
            <Box component="ul" sx={{ m: 0, pl: 2 }}>
              {plan.features.map((feature) => (
                <li key={feature}>{feature}</li>
              ))}
            </Box>
          )}
        </Fact>
      </Facts>
    </Section>
  );
}

function Page() {
  const plan = useRecordContext<PlanRecord>();
  if (!plan) return null;
  const { id, stripePriceIds, stripeLookupKey, kind } = plan;
  return (
    <>
      {!plan.active && <Retired plan={plan} />}
      <Facets plan={plan} />
      {(kind === 'stripe' || stripePriceIds.length > 0) && (
        <Section title="Prices in Stripe">
          <Box sx={{ px: 2, pb: 2, display: 'grid', gap: 1.5 }}>
            <PriceLines ids={stripePriceIds} planId={String(id)} />
            {stripeLookupKey && (
              <Typography variant="body2">
                Whatever price bears the lookup key <code>{stripeLookupKey}</code> earns it, too.
              </Typography>
            )}
          </Box>
        </Section>
      )}
      <Section title="History">
        <ReferenceManyField
          reference="audit-log"
          target="resourceId"
          filter={{ resource: 'plans' }}
          sort={{ field: 'at', order: 'DESC' }}
          perPage={10}
          pagination={<Pagination rowsPerPageOptions={[10, 50]} />}
        >
          <AuditTable hide={['tenant']} />
        </ReferenceManyField>
      </Section>
    </>
  );
}

/** A plan: who is on it, what it costs in Stripe, and what was changed of it. */
export const PlanShow = () => (
  <Show title="Plan" actions={<Verbs />} component="div">
    <Page />
  </Show>
);
