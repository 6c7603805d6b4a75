import { Alert, Box, Skeleton, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { ReferenceManyField, Show, TopToolbar, useDataProvider, useRecordContext } from 'react-admin';
import type { Api } from '../api';
import { faultOf } from '../parts/ask';
import { Id, Status, TenantField, UserField, When } from '../parts/fields';
import { Fact, Facts, Section } from '../parts/section';
import { EmailsTable } from '../parts/tables';
import { Timeline } from './Timeline';
import { ALL, NextButton, termName } from './verbs';

function Head() {
  const invitation = useRecordContext();
  if (!invitation) return null;
  const { status, invitedBy, standsFor, acceptedAt } = invitation;
  return (
    <Section title={invitation.email} action={<Status value={status} />}>
      <Facts>
        <Fact label="Tenant">
          <TenantField />
        </Fact>
        <Fact label="Role">{invitation.role}</Fact>
        <Fact label="Invited by">{invitedBy.name}</Fact>
        {standsFor && <Fact label="Stood for by">{standsFor.name}, since the inviter left</Fact>}
        <Fact label={status === 'expired' ? 'Expired' : 'Expires'}>
          <When value={invitation.expiresAt} />
        </Fact>
        <Fact label="Good for">{termName(invitation.termDays)} from each sending</Fact>
        <Fact label="Delivery">
          <Status value={invitation.deliveryStatus} /> sent {invitation.sentCount}×
        </Fact>
        {acceptedAt && (
          <Fact label="Accepted">
            <When value={acceptedAt} /> by <UserField source="acceptedByUserId" />
          </Fact>
        )}
        {invitation.addressMismatch && <Fact label="Note">Accepted by a user with another address.</Fact>}
        <Fact label="Id">
          <Id value={invitation.id} />
        </Fact>
      </Facts>
    </Section>
  );
}

/** The way of the invitation, and above it what can sensibly be done now. */
function Way() {
  const invitation = useRecordContext();
  const api = useDataProvider<Api>();
  const { data, error, isPending } = useQuery({
    queryKey: ['invitations', 'trace', invitation?.id, invitation?.version, invitation?.deliveryStatus],
    queryFn: () => api.trace(invitation!.id),
    enabled: invitation !== undefined,
    refetchInterval: 15_000,
  });
  const open = invitation?.status === 'pending' || invitation?.status === 'expired';
  const next = data?.next.filter(({ action }) => action !== 'revoke') ?? [];
  const others = ALL.filter((action) => !next.some((one) => one.action === action));
  return (
    <Section title="What happened">
      {error && <Alert severity="error">{faultOf(error)}</Alert>}
      {isPending && <Skeleton variant="rounded" height={120} sx={{ m: 2, mt: 0 }} />}
      {data && <Timeline steps={data.steps} />}
      {data && open && (
        <Box sx={{ px: 2, pb: 2, pt: 1.5, borderTop: 1, borderColor: 'divider', display: 'grid', gap: 1.25 }}>
          <Typography variant="subtitle2" component="h3">
            {next.length > 0 ? 'What to do next' : 'Nothing needs to be done'}
          </Typography>
          {next.map(({ action, why }) => (
            <Box key={action} sx={{ display: 'flex', gap: 1.5, flexWrap: 'wrap', alignItems: 'center' }}>
              <NextButton action={action} suppressionId={data.suppressionId} />
              <Typography variant="body2" color="textSecondary" sx={{ flex: '1 1 220px' }}>
                {why}
              </Typography>
            </Box>
          ))}
          <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap', pt: 0.5 }}>
            {others.map((action) => (
              <NextButton key={action} action={action} suppressionId={data.suppressionId} />
            ))}
          </Box>
        </Box>
      )}
    </Section>
  );
}

export const InvitationShow = () => (
  <Show actions={<TopToolbar />} component="div">
    <Head />
    <Way />
    <Section title="Mails">
      <ReferenceManyField reference="emails" target="invitationId" sort={{ field: 'createdAt', order: 'DESC' }}>
        <EmailsTable hide={['tenant']} />
      </ReferenceManyField>
    </Section>
  </Show>
);
