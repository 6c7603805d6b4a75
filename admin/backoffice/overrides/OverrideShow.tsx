import { Show, TopToolbar, useRecordContext } from 'react-admin';
import { ActorField, Id, PlanField, TenantField, When } from '../parts/fields';
import { money } from '../parts/money';
import { Fact, Facts, Section } from '../parts/section';
import { ChangeOverride } from './ChangeOverride';
import { Cost, Standing } from './fields';
import type { Override } from './override';

function Verbs() {
  const override = useRecordContext<Override>();
  if (!override || override.status === 'ended') return <TopToolbar />;
  return (
    <TopToolbar sx={{ gap: 1 }}>
      <ChangeOverride verb="extend" />
      <ChangeOverride verb="end" />
    </TopToolbar>
  );
}

const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

const Moment = ({ value }: { value: string }) => (
  <>
    {date.format(new Date(value))}, <When value={value} />
  </>
);

function Page() {
  const override = useRecordContext<Override>();
  if (!override) return null;
  const { pin, reason, startsAt, endsAt, endedAt, notedAt, noteDueAt, status, worth, paid, id } = override;
  return (
    <Section title={reason} action={<Standing />}>
      <Facts>
        <Fact label="Tenant">
          <TenantField />
        </Fact>
        <Fact label="Plan">
          <PlanField />
        </Fact>
        <Fact label="Kind">{pin ? 'pinned: exactly this plan' : 'floor: at least this plan'}</Fact>
        <Fact label={status === 'upcoming' ? 'Starts' : 'Started'}>
          <Moment value={startsAt} />
        </Fact>
        <Fact label={endedAt ? 'Was to end' : status === 'ended' ? 'Ended' : 'Ends'}>
          <Moment value={endsAt} />
        </Fact>
        {endedAt && (
          <Fact label="Ended early">
            <Moment value={endedAt} />
          </Fact>
        )}
        {status === 'running' && (
          <>
            <Fact label="Costs a month">
              <Cost />
            </Fact>
            <Fact label="Sold for a month">{money(worth)}</Fact>
            <Fact label="The tenant pays a month">{money(paid)}</Fact>
          </>
        )}
        <Fact label="Note before the end">
          {notedAt || noteDueAt ? (
            <>
              by mail, <When value={notedAt ?? noteDueAt} />
            </>
          ) : (
            'none'
          )}
        </Fact>
        <Fact label="Granted by">
          <ActorField source="createdBy" />
        </Fact>
        <Fact label="Id">
          <Id value={id} />
        </Fact>
      </Facts>
    </Section>
  );
}

export const OverrideShow = () => (
  <Show<Override> title="Override" actions={<Verbs />} component="div">
    <Page />
  </Show>
);
