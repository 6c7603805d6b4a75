import { Box } from '@mui/material';
import { useRecordContext } from 'react-admin';
import type { Verification } from '../../../domain/verification';
import { When } from '../parts/fields';

const COLOURS: Record<Verification, string> = {
  proven: 'success.main',
  outdated: 'warning.main',
  unproven: 'warning.main',
  differs: 'error.main',
};

const WORDS: Record<Verification, string> = {
  proven: 'verified',
  outdated: 'verified',
  unproven: 'not proven yet',
  differs: 'differs since',
};

/** Whether a tenant is proven equal to Stripe: green only where it was within 24 hours. */
export function Verified(_column: { label?: string; sortable?: boolean }) {
  const tenant = useRecordContext();
  if (!tenant) return null;
  const verification: Verification = tenant.verification;
  const at = verification === 'differs' ? tenant.differsSince : tenant.lastVerifiedAt;
  return (
    <Box component="span" sx={{ color: COLOURS[verification], whiteSpace: 'nowrap' }}>
      {WORDS[verification]} {at && <When value={at} />}
    </Box>
  );
}
