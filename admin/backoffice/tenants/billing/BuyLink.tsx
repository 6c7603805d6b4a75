import { Alert, Box, Button, DialogActions, DialogContent, DialogTitle, TextField, Typography } from '@mui/material';
import { useState } from 'react';
import { useDataProvider } from 'react-admin';
import type { Api } from '../../api';
import { AskButton } from '../../parts/ask';
import { When } from '../../parts/fields';
import { PreviewedForm } from '../../parts/previewed-act';
import { type OfTenant, type SubscriptionRecord, useMay, whyDeleted } from './rights';
import { SoldPlan } from './SoldPlan';

interface Opened {
  checkoutUrl: string;
  expiresAt: string;
}

/** The address to send on, and until when it can be paid by. */
function LinkShown({ link: { checkoutUrl, expiresAt }, close }: { link: Opened; close: () => void }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  const copy = () =>
    navigator.clipboard.writeText(checkoutUrl).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <>
      <DialogTitle>Link to pay by</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        <Box sx={{ display: 'flex', gap: 1, alignItems: 'flex-start', pt: 1 }}>
          <TextField
            fullWidth
            label="Checkout at Stripe"
            value={checkoutUrl}
            onFocus={(event) => event.target.select()}
            slotProps={{ htmlInput: { readOnly: true, className: 'mono' } }}
          />
          <Button autoFocus variant="contained" onClick={copy} sx={{ height: 40 }}>
            {copied ? 'Copied' : 'Copy'}
          </Button>
        </Box>
        {copied === false && <Alert severity="warning">Your browser does not let us copy. Select it by hand.</Alert>}
        <Typography variant="body2">
          It can be paid by until <b>{new Date(expiresAt).toLocaleString()}</b> (<When value={expiresAt} />
          ). No mail is sent: send it to whoever pays.
        </Typography>
        <Typography variant="body2" color="textSecondary">
          The plan changes as soon as it is paid. Another link for this tenant ends this one.
        </Typography>
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>Close</Button>
      </DialogActions>
    </>
  );
}

function BuyForm({ tenant, close }: OfTenant & { close: () => void }) {
  const api = useDataProvider<Api>();
  const [planId, setPlanId] = useState('');
  const [link, setLink] = useState<Opened | null>(null);
  if (link) return <LinkShown link={link} close={close} />;
  return (
    <PreviewedForm
      tenantId={tenant.id}
      title={`Link to buy a plan for ${tenant.name}`}
      explain="Opens a checkout page at Stripe, which you send to whoever pays. No mail is sent."
      asked={planId ? { action: 'buy-link', planId } : null}
      first="Choose a plan to see what buying it leads to."
      label="Make the link"
      submit={async () => setLink((await api.act('tenants', tenant.id, 'buy-link', { planId })) as unknown as Opened)}
      close={close}
    >
      <SoldPlan value={planId} onChange={setPlanId} />
    </PreviewedForm>
  );
}

/** Sells a tenant its first paid plan by a link. */
export function BuyLink({ tenant, live }: OfTenant & { live: SubscriptionRecord[] }) {
  if (!useMay('buy-link')) return null;
  const paid = live.length > 0 && 'It has a live subscription: change the plan of that one, so that nobody pays twice.';
  return (
    <AskButton label="Link to buy" variant="contained" wide disabled={whyDeleted(tenant) ?? paid}>
      {(close) => <BuyForm tenant={tenant} close={close} />}
    </AskButton>
  );
}
