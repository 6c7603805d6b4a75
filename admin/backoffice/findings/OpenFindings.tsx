import { Box, Button, Typography } from '@mui/material';
import { useGetList, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { counted } from '../parts/counted';
import { Muted, Status } from '../parts/fields';
import { listed } from '../parts/listed';
import { money } from '../parts/money';
import { Section } from '../parts/section';
import { causeOf } from './causes';
import type { Finding } from './finding';

const SHOWN = 3;

const Row = ({ finding: { id, cause, summary, severity, atRisk } }: { finding: Finding }) => (
  <Box sx={{ px: 2, pb: 1.5, display: 'flex', gap: 2, alignItems: 'flex-start', justifyContent: 'space-between' }}>
    <Box sx={{ minWidth: 0, overflowWrap: 'anywhere' }}>
      <Typography
        variant="body2"
        component={Link}
        to={`/findings/${id}/show`}
        sx={{ color: 'primary.main', textDecoration: 'none', fontWeight: 560, display: 'block' }}
      >
        {causeOf(cause).title}
      </Typography>
      <Muted>
        {summary}
        {atRisk && ` ${money(atRisk)} a month at risk.`}
      </Muted>
    </Box>
    <Status value={severity} />
  </Box>
);

/** The open findings of the tenant around it, the most money first; nothing where there is none. */
export function OpenFindings() {
  const tenant = useRecordContext();
  const filter = { tenantId: tenant?.id, status: 'open' };
  const { data = [], total = 0 } = useGetList<Finding>(
    'findings',
    { filter, pagination: { page: 1, perPage: SHOWN }, sort: { field: 'atRiskAmount', order: 'DESC' } },
    { enabled: Boolean(tenant) },
  );
  if (total === 0) return null;
  return (
    <Section
      title={counted(total, 'open finding')}
      action={
        <Button size="small" component={Link} to={listed('findings', filter)}>
          {total > SHOWN ? 'Show all' : 'Open the inbox'}
        </Button>
      }
    >
      {data.map((finding) => (
        <Row key={finding.id} finding={finding} />
      ))}
    </Section>
  );
}
