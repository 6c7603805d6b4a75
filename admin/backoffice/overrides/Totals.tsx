import { Alert, Link as Anchor, Box, Card, Skeleton, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useDataProvider } from 'react-admin';
import { Link } from 'react-router-dom';
import type { Api } from '../api';
import { listed } from '../parts/listed';
import { money } from '../parts/money';
import { COST_RULE, type OverrideCosts } from './override';

const Figure = ({ label, children, to }: { label: string; children: React.ReactNode; to?: string }) => (
  <Box sx={{ minWidth: 0 }}>
    <Typography variant="caption" color="textSecondary" component="p">
      {label}
    </Typography>
    <Typography sx={{ fontSize: '1.35rem', fontWeight: 650, fontVariantNumeric: 'tabular-nums' }}>
      {to ? (
        <Anchor component={Link} to={to} color="inherit" underline="hover">
          {children}
        </Anchor>
      ) : (
        children
      )}
    </Typography>
  </Box>
);

const together = ({ cost, unknown, counted }: OverrideCosts): string => {
  if (cost.length > 0) return cost.map(money).join(' + ');
  return unknown > 0 && unknown === counted ? 'not known' : 'nothing';
};

/** What all running overrides cost together, and how that is worked out. */
export function Totals() {
  const api = useDataProvider<Api>();
  const { data, error } = useQuery({ queryKey: ['override-costs'], queryFn: () => api.overrideCosts() });
  if (error) return <Alert severity="error">What the overrides cost could not be read: {error.message}</Alert>;
  if (!data) return <Skeleton variant="rounded" height={112} aria-label="Loading what the overrides cost" />;
  const { counted, more, unknown, upcoming, ending } = data;
  return (
    <Card component="section" aria-label="What the running overrides cost" sx={{ p: 2 }}>
      <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: { xs: '1fr 1fr', sm: '2fr 1fr 1fr 1fr' } }}>
        <Figure label="All running cost a month">
          {more && 'at least '}
          {together(data)}
        </Figure>
        <Figure label="Running" to={listed('overrides', { status: 'running' })}>
          {counted}
          {more && '+'}
        </Figure>
        <Figure label="Ending within 3 days" to={listed('overrides', { status: 'ending' })}>
          {ending}
        </Figure>
        <Figure label="Upcoming" to={listed('overrides', { status: 'upcoming' })}>
          {upcoming}
        </Figure>
      </Box>
      <Typography variant="caption" color="textSecondary" component="p" sx={{ mt: 1, maxWidth: 820 }}>
        {COST_RULE}
        {unknown > 0 && ` Not in the sum: ${unknown}, whose cost is not known.`}
      </Typography>
    </Card>
  );
}
