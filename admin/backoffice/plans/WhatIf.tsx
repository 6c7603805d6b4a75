import { Alert, Box, Link, Table, TableBody, TableCell, TableHead, TableRow, Typography } from '@mui/material';
import { Link as To } from 'react-router-dom';
import { PlanName } from '../parts/blast-radius';
import { counted } from '../parts/counted';
import { money } from '../parts/money';
import { type Foreseen, type ForeseenTenant, touchesTenants } from './plan';

const seats = (limit: number | null) => (limit === null ? 'no limit' : counted(limit, 'seat'));

function Seats({ of: { from, to, over } }: { of: ForeseenTenant['seats'] }) {
  return (
    <>
      {from === to ? seats(to) : `${seats(from)} → ${seats(to)}`}
      {over > 0 && (
        <Box component="span" sx={{ display: 'block', color: 'warning.main' }}>
          {counted(over, 'member')} over
        </Box>
      )}
    </>
  );
}

function Row({ of: one }: { of: ForeseenTenant }) {
  const { tenantId, tenantName, fromPlanId, toPlanId, lowers, reason, worth } = one;
  return (
    <TableRow>
      <TableCell sx={{ minWidth: 140, overflowWrap: 'anywhere' }}>
        <Link component={To} to={`/tenants/${tenantId}/show`} target="_blank">
          {tenantName}
        </Link>
      </TableCell>
      <TableCell sx={{ minWidth: 150 }} title={reason}>
        {fromPlanId === toPlanId ? (
          <>
            stays <PlanName planId={toPlanId} />
          </>
        ) : (
          <>
            <PlanName planId={fromPlanId} /> →{' '}
            <Box component="b" sx={{ color: lowers ? 'error.main' : 'success.main' }}>
              <PlanName planId={toPlanId} />
            </Box>
          </>
        )}
      </TableCell>
      <TableCell>
        <Seats of={one.seats} />
      </TableCell>
      <TableCell align="right" sx={{ whiteSpace: 'nowrap' }}>
        {money(worth)}
      </TableCell>
    </TableRow>
  );
}

/** How many change, in one sentence. */
function sentence({ changed, lowered, raised, exact, considered }: Foreseen): string {
  const bound = exact ? '' : `, of the first ${considered.toLocaleString('en')} that it may touch`;
  if (changed === 0) return `No tenant changes plan${bound}.`;
  const more = exact ? '' : 'At least ';
  const parts = [
    ...(lowered > 0 ? [`${counted(lowered, 'tenant')} lowered`] : []),
    ...(raised > 0 ? [`${counted(raised, 'tenant')} lifted`] : []),
  ];
  return `${more}${counted(changed, 'tenant')} ${changed === 1 ? 'changes' : 'change'} plan: ${parts.join(', ')}${bound}.`;
}

/** Which tenants would change plan or seats, before it is done. */
export function WhatIf({ of: foreseen }: { of: Foreseen }) {
  const { lowered, loweredWorth, seatsChanged, overSeats, rows, changed } = foreseen;
  const told = changed + rows.filter(({ fromPlanId, toPlanId }) => fromPlanId === toPlanId).length;
  return (
    <Box sx={{ display: 'grid', gap: 1.5, gridTemplateColumns: 'minmax(0, 1fr)' }}>
      <Alert severity={lowered > 0 ? 'error' : touchesTenants(foreseen) ? 'info' : 'success'}>
        {sentence(foreseen)}
        {loweredWorth.length > 0 &&
          ` Those who are lowered pay ${loweredWorth.map((one) => money(one)).join(' and ')} a month.`}
        {seatsChanged > 0 &&
          ` The seat limit of ${counted(seatsChanged, 'tenant')} changes${overSeats > 0 ? `; ${overSeats} would have more members than seats: nobody is thrown out, but nobody can be invited` : ''}.`}
      </Alert>
      {rows.length > 0 && (
        <Box sx={{ overflow: 'auto', maxHeight: 320 }}>
          <Table size="small" stickyHeader aria-label="Tenants that change">
            <TableHead>
              <TableRow>
                <TableCell>Tenant</TableCell>
                <TableCell>Plan</TableCell>
                <TableCell>Seats</TableCell>
                <TableCell align="right" sx={{ whiteSpace: 'nowrap' }}>
                  Pays a month
                </TableCell>
              </TableRow>
            </TableHead>
            <TableBody>
              {rows.map((one) => (
                <Row key={one.tenantId} of={one} />
              ))}
            </TableBody>
          </Table>
        </Box>
      )}
      {told > rows.length && (
        <Typography variant="caption" color="textSecondary">
          These are the first {rows.length}, those who are lowered before all others.
        </Typography>
      )}
    </Box>
  );
}
