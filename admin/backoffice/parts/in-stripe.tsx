import OpenInNewIcon from '@mui/icons-material/OpenInNewOutlined';
import { Link } from '@mui/material';

/** The way to an object's page in Stripe's own dashboard. */
export const InStripe = ({ url }: { url: string | null }) =>
  url && (
    <Link
      href={url}
      target="_blank"
      rel="noreferrer"
      variant="body2"
      sx={{ display: 'inline-flex', alignItems: 'center', gap: 0.5, whiteSpace: 'nowrap' }}
    >
      Open in Stripe <OpenInNewIcon sx={{ fontSize: 14 }} />
    </Link>
  );
