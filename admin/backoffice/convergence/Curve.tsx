import {
  Box,
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableRow,
  Typography,
} from '@mui/material';
import { useState } from 'react';
import { provenPercent } from '../../../domain/verification';
import { type Convergence, dayText, withGaps } from './convergence';

const HEIGHT = 100;

interface Point {
  day: string;
  /** In per cent; null where nobody counted, or there was nobody to count. */
  percent: number | null;
  told: string;
}

const pointsOf = (convergence: Convergence): Point[] =>
  withGaps(convergence).map(({ day, counted }) => {
    const percent = counted && provenPercent(counted);
    const told = counted
      ? `${percent ?? '—'} %: ${counted.proven.toLocaleString('en')} of ${counted.tenants.toLocaleString('en')}`
      : 'not counted';
    return { day, percent, told };
  });

/** Where the axis begins: a round number below all that is shown, so that small steps show and large ones fit. */
function floorOf(points: readonly Point[]): number {
  const lowest = Math.min(100, ...points.flatMap(({ percent }) => percent ?? []));
  return [99, 95, 90, 80, 50].find((floor) => floor < lowest) ?? 0;
}

/** A line over days that follow each other; a gap ends it, and a day alone is a dot. */
function pathOf(points: readonly Point[], y: (percent: number) => number): string {
  let path = '';
  points.forEach(({ percent }, x) => {
    if (percent === null) return;
    const follows = x > 0 && points[x - 1]!.percent !== null;
    path += `${follows ? 'L' : 'M'}${x + 0.5} ${y(percent)}${follows ? '' : 'h0.01'}`;
  });
  return path;
}

/** The same in words, for those who can't see it. */
function summary(points: readonly Point[]): string {
  const counted = points.filter((point): point is Point & { percent: number } => point.percent !== null);
  const lowest = counted.reduce((low, one) => (one.percent < low.percent ? one : low), counted[0]!);
  const last = counted.at(-1);
  if (!lowest || !last) return 'No day was counted yet.';
  const gaps = points.slice(points.indexOf(counted[0]!)).length - counted.length;
  const missing = gaps > 0 ? ` ${gaps} ${gaps === 1 ? 'day was' : 'days were'} not counted.` : '';
  return `Share of tenants proven, over ${points.length} days: ${last.percent} % now, lowest ${lowest.percent} % on ${dayText(lowest.day)}.${missing}`;
}

function DaysTable({ points, close }: { points: readonly Point[]; close: () => void }) {
  return (
    <>
      <DialogTitle>Proven equal to Stripe, day by day</DialogTitle>
      <DialogContent>
        <Table size="small" stickyHeader>
          <TableHead>
            <TableRow>
              <TableCell>Day (UTC)</TableCell>
              <TableCell align="right">Proven</TableCell>
            </TableRow>
          </TableHead>
          <TableBody>
            {[...points].reverse().map(({ day, told }) => (
              <TableRow key={day}>
                <TableCell>{day}</TableCell>
                <TableCell align="right">{told}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>Close</Button>
      </DialogActions>
    </>
  );
}

/** The share that was proven on each of 90 days. A day that nobody counted is a gap, never a guess. */
export function Curve({ convergence }: { convergence: Convergence }) {
  const [open, setOpen] = useState(false);
  const points = pointsOf(convergence);
  const floor = floorOf(points);
  const y = (percent: number) => ((100 - percent) / (100 - floor)) * HEIGHT;
  const first = points.findIndex(({ percent }) => percent !== null);
  const gaps = first >= 0 && points.slice(first).some(({ percent }) => percent === null);
  const close = () => setOpen(false);
  return (
    <Box sx={{ minWidth: 0 }}>
      <Box sx={{ display: 'grid', gridTemplateColumns: 'auto 1fr', columnGap: 1 }}>
        <Axis top="100 %" bottom={`${floor} %`} />
        <Box
          component="svg"
          role="img"
          aria-label={summary(points)}
          viewBox={`0 -4 ${points.length} ${HEIGHT + 8}`}
          preserveAspectRatio="none"
          sx={{ width: '100%', height: 88, display: 'block', color: 'primary.main', overflow: 'visible' }}
        >
          {points.map(({ day, percent }, x) =>
            percent === null && first >= 0 && x > first ? (
              <Box
                component="rect"
                key={day}
                x={x}
                y={0}
                width={1}
                height={HEIGHT}
                sx={{ fill: 'currentColor', color: 'divider' }}
              />
            ) : null,
          )}
          {[0, HEIGHT].map((at) => (
            <Box
              component="line"
              key={at}
              x1={0}
              x2={points.length}
              y1={at}
              y2={at}
              vectorEffect="non-scaling-stroke"
              sx={{ stroke: 'currentColor', color: 'divider' }}
            />
          ))}
          <path
            d={pathOf(points, y)}
            fill="none"
            stroke="currentColor"
            strokeWidth={2}
            strokeLinejoin="round"
            strokeLinecap="round"
            vectorEffect="non-scaling-stroke"
          />
          {points.map(({ day, told }, x) => (
            <rect key={day} x={x} y={0} width={1} height={HEIGHT} fill="transparent">
              <title>{`${dayText(day)}: ${told}`}</title>
            </rect>
          ))}
        </Box>
        <span />
        <Box sx={{ display: 'flex', justifyContent: 'space-between', alignItems: 'center' }}>
          <Typography variant="caption" color="textSecondary" noWrap>
            {dayText(convergence.from)}
          </Typography>
          <Box sx={{ display: 'flex', flexWrap: 'wrap', justifyContent: 'center', alignItems: 'center', columnGap: 1 }}>
            {gaps && (
              <Typography
                variant="caption"
                color="textSecondary"
                sx={{ display: 'flex', alignItems: 'center', gap: 0.5 }}
              >
                <Box component="span" sx={{ width: 10, height: 10, bgcolor: 'divider' }} /> not counted
              </Typography>
            )}
            <Button size="small" onClick={() => setOpen(true)} sx={{ py: 0 }}>
              Show as a table
            </Button>
          </Box>
          <Typography variant="caption" color="textSecondary">
            today
          </Typography>
        </Box>
      </Box>
      <Dialog open={open} onClose={close} fullWidth maxWidth="xs">
        <DaysTable points={points} close={close} />
      </Dialog>
    </Box>
  );
}

const Axis = ({ top, bottom }: { top: string; bottom: string }) => (
  <Box
    sx={{ display: 'flex', flexDirection: 'column', justifyContent: 'space-between', textAlign: 'right' }}
    aria-hidden
  >
    {[top, bottom].map((text) => (
      <Typography key={text} variant="caption" color="textSecondary" sx={{ lineHeight: 1 }}>
        {text}
      </Typography>
    ))}
  </Box>
);
