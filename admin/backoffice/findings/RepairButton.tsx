import {
  Alert,
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  LinearProgress,
  MenuItem,
  TextField,
  Typography,
} from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type HttpError, useDataProvider, useGetList, usePermissions } from 'react-admin';
import type { RepairVerb } from '../../../domain/finding';
import { can, type OperatorRole } from '../../../domain/permissions';
import type { Api } from '../api';
import { AskForm, faultOf } from '../parts/ask';
import { BlastRadius } from '../parts/blast-radius';
import { money } from '../parts/money';
import { type Choice, type Finding, type Outlook, settledBy } from './finding';
import { TenantChoice } from './TenantChoice';

const HINTS: Record<NonNullable<Outlook['suggestion']>['from'], string> = {
  'customer-metadata': 'the customer’s metadata in Stripe name it',
  'subscription-metadata': 'the subscription’s metadata in Stripe name it',
  checkout: 'the subscription was bought in a checkout that we opened for it',
};

interface ChooseProps {
  outlook: Outlook;
  choice: Choice;
  choose: (choice: Choice) => void;
}

/** Which tenant the customer pays for, the suggested one first and explained. */
function ChooseTenant({ outlook: { suggestion, choice: completed }, choice, choose }: ChooseProps) {
  const chosen = choice.tenantId ?? completed.tenantId;
  const suggested = suggestion && chosen === suggestion.tenantId;
  const help = suggestion
    ? suggested
      ? `Suggested, since ${HINTS[suggestion.from]}. Check that it is right.`
      : `Suggested was ${suggestion.tenantName}, since ${HINTS[suggestion.from]}.`
    : 'Nothing in Stripe names a tenant. Choose by what you know of the customer, never by the mail address alone.';
  return <TenantChoice value={chosen} help={help} choose={(tenantId) => choose({ ...choice, tenantId })} />;
}

const perPeriod = ({ unitAmount, currency, interval, intervalCount, quantity }: Outlook['prices'][number]) => {
  if (unitAmount === null || !currency || !interval) return '';
  const every = intervalCount && intervalCount > 1 ? `${intervalCount} ${interval}s` : interval;
  return ` · ${money({ amount: unitAmount, currency })} a ${every}${quantity > 1 ? `, ${quantity} of them` : ''}`;
};

/** Which of the unknown prices is meant, and the plan that it shall earn. */
function ChoosePlan({ outlook: { prices, choice: completed }, choice, choose }: ChooseProps) {
  const { data: plans = [] } = useGetList('plans', {
    filter: { kind: 'stripe' },
    pagination: { page: 1, perPage: 100 },
    sort: { field: 'rank', order: 'ASC' },
  });
  return (
    <>
      {prices.length > 0 && (
        <TextField
          select
          fullWidth
          required
          label="Price"
          helperText={prices.length > 1 ? 'The subscription has several prices that no plan has.' : undefined}
          value={choice.priceId ?? completed.priceId ?? ''}
          onChange={(event) => choose({ ...choice, priceId: event.target.value })}
        >
          {prices.map((price) => (
            <MenuItem key={price.priceId} value={price.priceId}>
              {price.priceId}
              {perPeriod(price)}
            </MenuItem>
          ))}
        </TextField>
      )}
      <TextField
        select
        fullWidth
        required
        label="Plan"
        helperText="What everybody who pays this price gets from now on."
        value={choice.planId ?? completed.planId ?? ''}
        onChange={(event) => choose({ ...choice, planId: event.target.value })}
      >
        {plans.map(({ id, name }) => (
          <MenuItem key={id} value={String(id)}>
            {name}
          </MenuItem>
        ))}
      </TextField>
    </>
  );
}

/** Whether the finding will be gone, before it is done. */
const Closes = ({ outlook: { closes, verb } }: { outlook: Outlook }) =>
  closes === null ? null : (
    <Alert severity={closes ? 'success' : 'info'} sx={{ py: 0 }}>
      {closes
        ? 'The finding closes by it.'
        : `The finding stays open: ${verb === 'sync' ? 'Stripe still says the same' : 'another difference stands behind it'}.`}
    </Alert>
  );

/** What must be typed where money or plans move. */
const TYPED: Partial<Record<RepairVerb, string>> = {
  'link-customer': 'link',
  'map-price': 'map',
  'cancel-subscription': 'cancel',
};

interface DialogProps {
  finding: Finding;
  repair: NonNullable<Finding['repair']>;
  close: () => void;
}

/** What became of it, once it is done. */
function Outcome({ after, close }: { after: Finding; close: () => void }) {
  const gone = after.status === 'resolved';
  return (
    <>
      <DialogTitle>{gone ? 'Repaired' : 'Done, and still open'}</DialogTitle>
      <DialogContent>
        <Alert severity={gone ? 'success' : 'warning'}>
          {gone
            ? `The finding closed. ${settledBy(after).text}`
            : `It was done, but the difference is still there: ${after.summary}`}
        </Alert>
      </DialogContent>
      <DialogActions>
        <Button autoFocus variant="contained" onClick={close}>
          Close
        </Button>
      </DialogActions>
    </>
  );
}

function useOutlook(finding: Finding, choice: Choice) {
  const api = useDataProvider<Api>();
  return useQuery<Outlook, HttpError>({
    queryKey: ['outlook', finding.id, choice],
    queryFn: () => api.outlook(finding.id, choice),
    retry: false,
    gcTime: 0,
    // The fields stay while what follows from another choice is worked out.
    placeholderData: (last) => last,
  });
}

/** Shows what the repair leads to, asks what must be chosen, does it, and says whether the finding closed. */
function RepairDialog({ finding, repair, close }: DialogProps) {
  const api = useDataProvider<Api>();
  const [choice, setChoice] = useState<Choice>({});
  const [after, setAfter] = useState<Finding>();
  const { data: outlook, error, isFetching, refetch } = useOutlook(finding, choice);
  if (after) return <Outcome after={after} close={close} />;
  return (
    <AskForm
      title={repair.label}
      explain={repair.effect}
      label={repair.label}
      color={repair.verb === 'cancel-subscription' ? 'error' : 'primary'}
      back="Back"
      ready={!isFetching && !error && outlook?.closes != null}
      typed={outlook?.confirm ?? TYPED[repair.verb]}
      submit={async () => {
        const said = { ...outlook?.choice, confirm: outlook?.confirm };
        setAfter((await api.act('findings', finding.id, 'repair', said)) as Finding);
      }}
      close={close}
    >
      {outlook?.needs.includes('tenantId') && <ChooseTenant outlook={outlook} choice={choice} choose={setChoice} />}
      {outlook?.needs.includes('planId') && <ChoosePlan outlook={outlook} choice={choice} choose={setChoice} />}
      {isFetching && <LinearProgress aria-label="Working out what follows" />}
      {!isFetching && error && (
        <Alert
          severity={error.status === 503 ? 'warning' : 'error'}
          action={
            <Button color="inherit" size="small" onClick={() => void refetch()}>
              Try again
            </Button>
          }
        >
          {faultOf(error)}
        </Alert>
      )}
      {!isFetching && !error && outlook && (
        <>
          {outlook.preview && <BlastRadius of={outlook.preview} />}
          {outlook.closes === null && (
            <Typography variant="body2" color="textSecondary">
              Choose, and what follows from it shows here.
            </Typography>
          )}
          <Closes outlook={outlook} />
        </>
      )}
    </AskForm>
  );
}

/**
 * The one safe repair of a finding; for whoever may not, who may. Its dialog outlives the repair, which the page around
 * it is told of at once.
 */
export function RepairButton({ finding }: { finding: Finding }) {
  const { permissions } = usePermissions<OperatorRole>();
  const [asked, setAsked] = useState<Pick<DialogProps, 'finding' | 'repair'>>();
  const { repair } = finding;
  if (!permissions || !can(permissions, 'findings:repair')) return null;
  return (
    <>
      {repair &&
        (can(permissions, repair.access) ? (
          <Button variant="contained" sx={{ justifySelf: 'start' }} onClick={() => setAsked({ finding, repair })}>
            {repair.label}
          </Button>
        ) : (
          <Typography variant="body2">An admin can do it from here: “{repair.label}”.</Typography>
        ))}
      <Dialog open={Boolean(asked)} onClose={() => setAsked(undefined)} fullWidth maxWidth="sm">
        {asked && <RepairDialog {...asked} close={() => setAsked(undefined)} />}
      </Dialog>
    </>
  );
}
