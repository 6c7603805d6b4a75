import { Box, Card, Typography } from '@mui/material';

/** A titled part of a page. */
export const Section = ({
  title,
  action,
  children,
}: {
  title: string;
  action?: React.ReactNode;
  children: React.ReactNode;
}) => (
  <Card component="section" sx={{ mb: 2, overflow: 'hidden' }}>
    <Box
      sx={{
        px: 2,
        py: 1.25,
        display: 'flex',
        alignItems: 'center',
        justifyContent: 'space-between',
        gap: 1,
        minHeight: 50,
      }}
    >
      <Typography variant="h6" component="h2">
        {title}
      </Typography>
      {action}
    </Box>
    <Box sx={{ overflowX: 'auto' }}>{children}</Box>
  </Card>
);

/** Label and value pairs in as many columns as fit. */
export const Facts = ({ children }: { children: React.ReactNode }) => (
  <Box
    component="dl"
    sx={{
      m: 0,
      p: 2,
      pt: 0.5,
      display: 'grid',
      gap: 2,
      gridTemplateColumns: { xs: 'repeat(auto-fill, minmax(140px, 1fr))', sm: 'repeat(auto-fill, minmax(180px, 1fr))' },
    }}
  >
    {children}
  </Box>
);

export const Fact = ({ label, children }: { label: string; children: React.ReactNode }) => (
  <Box sx={{ minWidth: 0 }}>
    <Typography component="dt" variant="caption" color="textSecondary">
      {label}
    </Typography>
    <Typography component="dd" variant="body2" sx={{ m: 0, overflowWrap: 'anywhere' }}>
      {children}
    </Typography>
  </Box>
);
