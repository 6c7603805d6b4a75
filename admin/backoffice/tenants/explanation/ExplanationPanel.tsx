import { Alert, Box, Button, Skeleton, Typography } from '@mui/material';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type RaRecord, useDataProvider, useRecordContext } from 'react-admin';
import type { Api } from '../../api';
import { faultOf } from '../../parts/ask';
import { When } from '../../parts/fields';
import { Section } from '../../parts/section';
import type { PlanExplanation } from './explanation';
import { Findings } from './Findings';
import { LayerRow } from './LayerRow';
import { MailText } from './MailText';
import { MomentPicker } from './MomentPicker';
import { PANEL_ID, useMoment } from './moment';
import { OriginLine } from './OriginLine';

const SOURCES = { base: 'the base plan', subscription: 'a subscription', override: 'an override' } as const;
const exactly = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

function seatsText(limit: number | null | undefined): string {
  if (limit === undefined) return 'seats not known';
  if (limit === null) return 'no seat limit';
  return limit === 1 ? '1 seat' : `${limit} seats`;
}

function Winner({ of: told }: { of: PlanExplanation }) {
  const { planName, source, since, seatLimit, nextChangeAt, decided, live, at } = told;
  return (
    <Box sx={{ px: 2, pt: 0.5, pb: 1.5 }}>
      {!live && (
        <Typography variant="body2" color="textSecondary">
          {exactly.format(new Date(at))}
        </Typography>
      )}
      <Typography
        component="p"
        sx={{ fontSize: '1.6rem', lineHeight: 1.25, fontWeight: 650, letterSpacing: '-0.015em' }}
      >
        {planName}
      </Typography>
      <Typography variant="body2">
        by {SOURCES[source]}
        {since && (
          <>
            , since <When value={since} />
          </>
        )}
        {' · '}
        {seatsText(seatLimit)}
        {nextChangeAt && (
          <>
            {' · '}
            {live ? 'changes by itself' : 'to change by itself'} <When value={nextChangeAt} />
          </>
        )}
      </Typography>
      <Typography variant="caption" color="textSecondary" component="p" sx={{ overflowWrap: 'anywhere' }}>
        <OriginLine origin={decided} verb={live ? 'This answer last changed' : 'So decided'} />
      </Typography>
    </Box>
  );
}

function Told({ of: told }: { of: PlanExplanation }) {
  return (
    <>
      <Winner of={told} />
      {!told.applied && (
        <Alert severity="info" sx={{ mx: 2, mb: 2 }}>
          This has just come about: the tenant gets the plan within a minute.
        </Alert>
      )}
      {!told.exact && (
        <Alert severity="info" sx={{ mx: 2, mb: 2 }}>
          What each layer said was not kept for this time. The plan, its source and what brought it are from the plan
          history.
        </Alert>
      )}
      {told.layers && (
        <Box component="ul" aria-label="Layers" sx={{ listStyle: 'none', m: 0, p: 0 }}>
          {[...told.layers]
            .sort((a, b) => Number(b.won) - Number(a.won) || Number(b.counts) - Number(a.counts))
            .map((layer) => (
              <LayerRow key={layer.id ?? 'base'} layer={layer} />
            ))}
        </Box>
      )}
      <Findings of={told} />
      <MailText sentences={told.sentences} text={told.text} />
    </>
  );
}

function Body({ tenant, at, onNow }: { tenant: RaRecord; at: string | null; onNow: () => void }) {
  const api = useDataProvider<Api>();
  const { data, error, isPlaceholderData, refetch } = useQuery({
    // A tenant that changed is explained anew.
    queryKey: ['plan-explanation', tenant.id, at, at ? null : tenant.version],
    queryFn: () => api.explainPlan(tenant.id, at),
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (error)
    return (
      <Alert
        severity="error"
        sx={{ mx: 2, mb: 2 }}
        action={
          <Button color="inherit" size="small" onClick={at ? onNow : () => refetch()}>
            {at ? 'Show now' : 'Try again'}
          </Button>
        }
      >
        The plan could not be explained: {faultOf(error)}
      </Alert>
    );
  if (!data)
    return (
      <Box sx={{ px: 2, pb: 2 }} role="status" aria-label="Loading the explanation">
        <Skeleton width={140} height={44} />
        <Skeleton width="60%" />
        <Skeleton variant="rounded" height={72} sx={{ mt: 2 }} />
      </Box>
    );
  return (
    <Box aria-busy={isPlaceholderData} sx={{ opacity: isPlaceholderData ? 0.5 : 1 }}>
      <Told of={data} />
    </Box>
  );
}

/** Why a tenant is on its plan, or was on a past date: the very answer that decides it. */
export function ExplanationPanel() {
  const tenant = useRecordContext();
  const [at, setMoment] = useMoment();
  if (!tenant) return null;
  return (
    <Box id={PANEL_ID} tabIndex={-1} sx={{ scrollMarginTop: 64, '&:focus': { outline: 'none' } }}>
      <Section title="Why this plan?">
        <Box sx={{ px: 2, pt: 0.75, pb: 1.5 }}>
          <MomentPicker at={at} earliest={tenant.createdAt} onChange={setMoment} />
        </Box>
        <Body tenant={tenant} at={at} onNow={() => setMoment(null)} />
      </Section>
    </Box>
  );
}
