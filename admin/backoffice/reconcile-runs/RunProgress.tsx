import { Box, LinearProgress } from '@mui/material';
import type { Run } from './run';

const COLOURS = { running: 'primary', done: 'success', failed: 'error', cancelled: 'inherit' } as const;

/** How far a run is, or was when it ended, as a bar with its per cent. */
export function RunProgress({ run: { status, progress } }: { run: Run }) {
  const percent = Math.floor(progress * 100);
  const variant = status === 'running' && percent === 0 ? 'indeterminate' : 'determinate';
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, minWidth: 110 }}>
      <LinearProgress
        key={variant}
        variant={variant}
        color={COLOURS[status]}
        value={percent}
        aria-label="Progress"
        sx={{ flex: 1, height: 6, borderRadius: 3 }}
      />
      <Box component="span" sx={{ minWidth: '2.6em', textAlign: 'right', fontVariantNumeric: 'tabular-nums' }}>
        {percent} %
      </Box>
    </Box>
  );
}
