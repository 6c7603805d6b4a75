import { Box, Typography } from '@mui/material';
import { When } from '../parts/fields';
import { STEPS, type Trace } from './trace';

const REASONS: Record<string, string> = {
  inviter_removed: 'Whoever invited was removed from the tenant.',
  inviter_demoted: 'Whoever invited may not invite to this role any more.',
  inviter_suspended: 'Whoever invited is suspended.',
};

function Step({ of: { kind, at, detail }, last }: { of: Trace['steps'][number]; last: boolean }) {
  const words = STEPS[kind] ?? { say: () => kind, tone: 'default' as const };
  const more = words.told ? null : detail && (REASONS[detail] ?? detail);
  return (
    <Box component="li" sx={{ display: 'grid', gridTemplateColumns: '20px minmax(0, 1fr) auto', columnGap: 1 }}>
      <Box sx={{ display: 'grid', justifyItems: 'center', gridTemplateRows: '22px 1fr' }} aria-hidden>
        <Box
          sx={{
            mt: '6px',
            width: 10,
            height: 10,
            borderRadius: '50%',
            bgcolor: words.tone === 'default' ? 'text.disabled' : `${words.tone}.main`,
          }}
        />
        {!last && <Box sx={{ width: 2, bgcolor: 'divider', minHeight: 12 }} />}
      </Box>
      <Box sx={{ pb: 1.25 }}>
        <Typography variant="body2" sx={{ fontWeight: 560, overflowWrap: 'anywhere' }}>
          {words.say(detail)}
        </Typography>
        {more && (
          <Typography variant="caption" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
            {more}
          </Typography>
        )}
      </Box>
      <Typography variant="body2" color="textSecondary" sx={{ whiteSpace: 'nowrap' }}>
        <When value={at} />
      </Typography>
    </Box>
  );
}

/** What happened to an invitation, the newest last. */
export const Timeline = ({ steps }: Pick<Trace, 'steps'>) => (
  <Box component="ol" aria-label="What happened" sx={{ m: 0, p: 2, pt: 0, listStyle: 'none' }}>
    {steps.map((step, index) => (
      // Nothing else tells two looks of one second apart.
      // biome-ignore lint/suspicious/noArrayIndexKey: steps are only ever added at the end
      <Step key={index} of={step} last={index === steps.length - 1} />
    ))}
  </Box>
);
