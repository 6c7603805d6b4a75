import { Alert, Box, Typography } from '@mui/material';
import { ReferenceField, TextField } from 'react-admin';
import { Day } from './fields';
import { money } from './money';

interface Decision {
  planId: string;
  source: 'override' | 'subscription' | 'base';
  reason: string;
  seatLimit: number | null;
}

interface Seats {
  limit: number | null;
  members: number;
  pendingInvitations: number;
  membersOver: number;
  invitationsOver: number;
}

interface Proration {
  currency: string;
  dueNow: number;
  credit: number;
  lines: { description: string | null; amount: number }[];
  next: { amount: number; at: string } | null;
  prorationDate: string | null;
}

/** The answer of `POST /api/tenants/:id/preview`: what an action would lead to. Amounts are in minor units. */
export interface Preview {
  action: string;
  subscriptionId: string | null;
  stripeUrl: string | null;
  before: Decision;
  after: Decision & { at: string };
  seats: Seats;
  /** The subscriptions that end with it. */
  ends: { subscriptionId: string; stripeUrl: string | null; at: string }[];
  atEnd: (Decision & { at: string; seats: Seats }) | null;
  proration: Proration | null;
  mails: unknown[];
  warnings: { code: string; text: string }[];
}

/** A plan by its name, of which only the id is known. */
export const PlanName = ({ planId }: { planId: string }) => (
  <ReferenceField record={{ id: planId, planId }} source="planId" reference="plans" link={false}>
    <TextField source="name" sx={{ font: 'inherit' }} />
  </ReferenceField>
);

const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** Who would have no seat, in words; nothing where all fit. */
export function seatsOver({ limit, membersOver, invitationsOver }: Seats): string {
  const over = [
    ...(membersOver > 0 ? [count(membersOver, 'member')] : []),
    ...(invitationsOver > 0 ? [count(invitationsOver, 'pending invitation')] : []),
  ];
  return over.length > 0 ? `${over.join(' and ')} over the limit of ${count(limit ?? 0, 'seat')}` : '';
}

/** Whether it happens as soon as it is done: the server's clock and ours may differ a little. */
const isNow = (at: string) => Date.parse(at) - Date.now() < 60_000;

const Row = ({ label, children }: { label: string; children: React.ReactNode }) => (
  <>
    <Typography component="dt" variant="body2" color="textSecondary">
      {label}
    </Typography>
    <Typography component="dd" variant="body2" sx={{ m: 0, minWidth: 0, overflowWrap: 'anywhere' }}>
      {children}
    </Typography>
  </>
);

const Small = ({ children }: { children: React.ReactNode }) => (
  <Typography component="span" variant="caption" color="textSecondary" sx={{ display: 'block' }}>
    {children}
  </Typography>
);

function PlanRow({ action, before, after }: Pick<Preview, 'action' | 'before' | 'after'>) {
  const stays = before.planId === after.planId;
  return (
    <Row label="Plan">
      {stays ? (
        <>
          stays{' '}
          <b>
            <PlanName planId={after.planId} />
          </b>
        </>
      ) : (
        <>
          <PlanName planId={before.planId} /> →{' '}
          <b>
            <PlanName planId={after.planId} />
          </b>
          {action === 'buy-link' ? ' once it is paid' : isNow(after.at) ? ' at once' : ' on '}
          {!isNow(after.at) && <Day value={after.at} />}
        </>
      )}
      {action !== 'buy-link' && <Small>{after.reason}</Small>}
    </Row>
  );
}

function SeatsRow({ seats }: Pick<Preview, 'seats'>) {
  const over = seatsOver(seats);
  const invited = seats.pendingInvitations > 0 ? ` and ${count(seats.pendingInvitations, 'pending invitation')}` : '';
  return (
    <Row label="Seats">
      {seats.limit === null ? 'No limit' : count(seats.limit, 'seat')} for {count(seats.members, 'member')}
      {invited}
      {over && (
        <Box component="span" sx={{ display: 'block', color: 'warning.main', fontWeight: 560 }}>
          {over}: nobody is thrown out, but nobody can be invited
        </Box>
      )}
    </Row>
  );
}

/** What the tenant falls to when it ends by itself. */
function AtEndRow({ of: { planId, at, reason, seats } }: { of: NonNullable<Preview['atEnd']> }) {
  const over = seatsOver(seats);
  return (
    <Row label="Then">
      falls to{' '}
      <b>
        <PlanName planId={planId} />
      </b>{' '}
      on <Day value={at} />, when it ends
      <Small>{reason}</Small>
      {over && (
        <Box component="span" sx={{ display: 'block', color: 'warning.main', fontWeight: 560 }}>
          {over} then
        </Box>
      )}
    </Row>
  );
}

/** Who loses access where the tenant itself goes: seats say nothing any more. */
function AccessRow({ seats: { members, pendingInvitations } }: Pick<Preview, 'seats'>) {
  const invited = pendingInvitations === 0 ? '' : `, ${count(pendingInvitations, 'pending invitation')} can't be used`;
  return (
    <Row label="Access">
      {members === 0
        ? 'Nobody is a member'
        : `${count(members, 'member')} lose${members === 1 ? 's' : ''} access at once`}
      {invited}
    </Row>
  );
}

function EndsRow({ ends }: Pick<Preview, 'ends'>) {
  return (
    <Row label="Ends">
      {ends.length === 0 && 'No subscription is live'}
      {ends.map(({ subscriptionId, at }) => (
        <Box component="span" key={subscriptionId} sx={{ display: 'block' }}>
          <code>{subscriptionId}</code>{' '}
          {isNow(at) ? (
            'at once'
          ) : (
            <>
              on <Day value={at} />
            </>
          )}
        </Box>
      ))}
    </Row>
  );
}

function MoneyRow({ action, of: { currency, dueNow, credit, lines, next } }: { action: string; of: Proration }) {
  const told = (amount: number) => money({ amount, currency });
  return (
    <Row label="Money">
      {dueNow > 0 ? (
        <>
          <b>{told(dueNow)}</b> {action === 'buy-link' ? 'to pay by the link' : 'charged at once'}
        </>
      ) : (
        'Nothing is charged now'
      )}
      {credit > 0 && `, ${told(credit)} kept as credit for later invoices`}
      {next ? (
        <>
          , then {told(next.amount)} on <Day value={next.at} />
        </>
      ) : (
        dueNow === 0 && ', and no further charge follows'
      )}
      {lines.map(({ description, amount }, nth) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of an invoice have no ids and never change places
        <Small key={nth}>
          {told(amount)} {description}
        </Small>
      ))}
    </Row>
  );
}

/** What an action would lead to, before it is done: plan, seats, money, mails, and what to beware of. */
export function BlastRadius({ of }: { of: Preview }) {
  const { action, before, after, seats, ends, atEnd, proration, mails, warnings } = of;
  const removes = action === 'delete';
  return (
    <Box
      component="section"
      aria-label="What this leads to"
      sx={{
        display: 'grid',
        gap: 1.5,
        gridTemplateColumns: 'minmax(0, 1fr)',
        p: 1.5,
        borderRadius: 1,
        bgcolor: 'background.default',
      }}
    >
      <Box
        component="dl"
        sx={{ m: 0, display: 'grid', gridTemplateColumns: '56px minmax(0, 1fr)', columnGap: 1.5, rowGap: 1 }}
      >
        <PlanRow action={action} before={before} after={after} />
        {removes ? <AccessRow seats={seats} /> : <SeatsRow seats={seats} />}
        {removes && <EndsRow ends={ends} />}
        {atEnd && <AtEndRow of={atEnd} />}
        {proration && <MoneyRow action={action} of={proration} />}
        <Row label="Mail">
          {mails.length === 0
            ? 'No mail is sent'
            : `${count(mails.length, 'mail')} ${mails.length === 1 ? 'goes' : 'go'} out`}
        </Row>
      </Box>
      {warnings.map(({ code, text }) => (
        <Alert key={code + text} severity="warning" sx={{ py: 0, overflowWrap: 'anywhere' }}>
          {text}
        </Alert>
      ))}
    </Box>
  );
}
