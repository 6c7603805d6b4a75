import { Box, Typography } from '@mui/material';
import { Status } from '../../parts/fields';
import type { PlanExplanation } from './explanation';

/** What stood out at a past time; what does so now stands among the open findings. */
export function Findings({ of: { findings, live } }: { of: PlanExplanation }) {
  if (live || !findings || findings.length === 0) return null;
  return (
    <Box
      component="ul"
      aria-label="Findings then"
      sx={{ listStyle: 'none', m: 0, px: 2, py: 1.5, borderTop: 1, borderColor: 'divider' }}
    >
      {findings.map(({ kind, subscriptionId, severity, summary }) => (
        <Box component="li" key={`${kind}${subscriptionId}`} sx={{ display: 'flex', gap: 1, alignItems: 'flex-start' }}>
          <Status value={severity} />
          <Typography variant="body2">{summary}</Typography>
        </Box>
      ))}
    </Box>
  );
}
