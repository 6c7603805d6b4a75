import { useEffect, useState } from 'react';
import { ask } from './api';
import { useAction } from './hooks';
import { Confirm, day, Fault, Loading, money, Notice } from './parts';
import type { PlanOffer, PlanPreview, TenantPlan } from './types';

/** The plan's own words for when it takes effect and what it costs. */
function Consequence({ plan, offer, preview }: { plan: TenantPlan; offer: PlanOffer; preview: PlanPreview }) {
  const { proration, at } = preview;
  if (offer.kind === 'free')
    return (
      <p>
        Your subscription is cancelled. You keep {plan.planName} until {day(at)}, then move to {offer.name}. Until then
        you can change your mind.
      </p>
    );
  return (
    <>
      <p>Your subscription moves to {offer.name} at once.</p>
      {proration && (
        <dl>
          <dt>Charged now</dt>
          <dd>{money(proration.dueNow, proration.currency)}, before taxes that may come on top</dd>
          {proration.credit > 0 && (
            <>
              <dt>Kept for you</dt>
              <dd>{money(proration.credit, proration.currency)}, towards your next invoices</dd>
            </>
          )}
          {proration.next && (
            <>
              <dt>Next charge</dt>
              <dd>
                {money(proration.next.amount, proration.currency)} on {day(proration.next.at)}
              </dd>
            </>
          )}
        </dl>
      )}
    </>
  );
}

const people = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

function Seats({ offer, seats }: { offer: PlanOffer; seats: PlanPreview['seats'] }) {
  const { limit, membersOver, invitationsOver, members } = seats;
  if (limit === null || membersOver + invitationsOver === 0) return null;
  return (
    <Notice kind="warn">
      {offer.name} has {people(limit, 'seat')}, and you are {people(members, 'member')}
      {seats.pendingInvitations > 0 && ` with ${people(seats.pendingInvitations, 'open invitation')}`}. Nobody is
      removed, but nobody can join until there is room.
    </Notice>
  );
}

interface PlanChangeProps {
  api: string;
  plan: TenantPlan;
  offer: PlanOffer;
  /** Makes the change; given the preview, so that exactly its amounts are charged. */
  onConfirm: (preview: PlanPreview) => Promise<unknown>;
  onClose: () => void;
}

/** Asks before a change of a plan that is paid for, with what it costs and when it comes. */
export function PlanChange({ api, plan, offer, onConfirm, onClose }: PlanChangeProps) {
  const [preview, setPreview] = useState<PlanPreview>();
  const loading = useAction();
  const changing = useAction();
  const { run } = loading;
  const read = () =>
    run(async () => setPreview(await ask<PlanPreview>('POST', `${api}/plan/preview`, { planId: offer.id })));
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each plan that is asked about.
  useEffect(() => void read(), [offer.id]);
  const free = offer.kind === 'free';
  return (
    <Confirm
      title={`Change to ${offer.name}?`}
      verb={free ? 'Cancel the subscription' : `Change to ${offer.name}`}
      danger={free}
      ready={preview !== undefined}
      busy={changing.busy}
      error={changing.error}
      onConfirm={() => void changing.run(() => onConfirm(preview!))}
      onClose={onClose}
    >
      {!preview && !loading.error && <Loading what="Asking what it costs…" />}
      <Fault error={loading.error} retry={() => void read()} />
      {preview && <Consequence plan={plan} offer={offer} preview={preview} />}
      {preview && <Seats offer={offer} seats={preview.seats} />}
    </Confirm>
  );
}
