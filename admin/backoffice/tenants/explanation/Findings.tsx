import { Link as Anchor, Box, Typography } from '@mui/material';
import { useGetList } from 'react-admin';
import { Link } from 'react-router-dom';
import { Status } from '../../parts/fields';
import { listed } from '../../parts/listed';
import type { PlanExplanation } from './explanation';

/** Where the open findings of a tenant are worked on, and how many there are. */
function OpenOnes({ tenantId }: { tenantId: string }) {
  const filter = { tenantId, status: 'open' };
  const { total } = useGetList('findings', { filter, pagination: { page: 1, perPage: 1 } });
  if (!total) return null;
  return (
    <Anchor component={Link} to={listed('findings', filter)} variant="body2">
      {total === 1 ? '1 open finding of this tenant' : `${total} open findings of this tenant`}
    </Anchor>
  );
}

/** What a person should look at that the decision came upon. */
export function Findings({ of: { findings, tenantId, live } }: { of: PlanExplanation }) {
  const found = findings ?? [];
  if (found.length === 0 && !live) return null;
  return (
    <Box sx={{ px: 2, py: found.length > 0 ? 1.5 : 0, borderTop: found.length > 0 ? 1 : 0, borderColor: 'divider' }}>
      {found.map(({ kind, subscriptionId, severity, summary }) => (
        <Box key={`${kind}${subscriptionId}`} sx={{ display: 'flex', gap: 1, alignItems: 'flex-start', mb: 0.75 }}>
          <Status value={severity} />
          <Typography variant="body2">{summary}</Typography>
        </Box>
      ))}
      {live && <OpenOnes tenantId={tenantId} />}
    </Box>
  );
}
