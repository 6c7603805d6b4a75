import CopyIcon from '@mui/icons-material/ContentCopyOutlined';
import { Box, Button, Typography } from '@mui/material';
import { useState } from 'react';
import { useRecordContext } from 'react-admin';
import { Section } from '../parts/section';
import type { ShownEvent } from './event';

const WHY_NOT = {
  deleted:
    'Deleted: payloads are kept for 90 days. The event can still be replayed, since a replay reads Stripe itself.',
  hidden: 'Payloads are for support and admins.',
};

function Copy({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <Button size="small" startIcon={<CopyIcon />} onClick={copy}>
      {copied ? 'Copied' : 'Copy'}
    </Button>
  );
}

/** A token of JSON: a name, a text, or a number and the like. */
const TOKEN = /("(?:[^"\\]|\\.)*"(?:\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?)/g;

function colorOf(token: string): string | undefined {
  if (token.endsWith(':')) return 'text.primary';
  if (token.includes('••••')) return 'text.disabled';
  return token.startsWith('"') ? 'success.main' : 'primary.main';
}

/** JSON with its names, texts and numbers told apart by colour. */
const Json = ({ text }: { text: string }) => (
  <Box
    component="pre"
    className="mono"
    tabIndex={0}
    aria-label="Payload as JSON"
    sx={{ m: 0, maxHeight: 520, overflow: 'auto', lineHeight: 1.6, color: 'text.secondary' }}
  >
    {text.split(TOKEN).map((part, nth) =>
      nth % 2 === 1 ? (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text that never changes
        <Box key={nth} component="span" sx={{ color: colorOf(part) }}>
          {part}
        </Box>
      ) : (
        part
      ),
    )}
  </Box>
);

/** What Stripe sent, masked by the server: for people to read, never what a plan is decided from. */
export function Payload() {
  const event = useRecordContext<ShownEvent>();
  if (!event) return null;
  const { payload, payloadState } = event;
  const text = JSON.stringify(payload, null, 2);
  return (
    <Section title="Payload" action={payloadState === 'masked' && <Copy text={text} />}>
      <Box sx={{ px: 2, pb: 2 }}>
        {payloadState === 'masked' ? (
          <>
            <Typography variant="body2" color="textSecondary" sx={{ mb: 1 }}>
              Secrets, card and bank data, names, addresses, links and free text are masked.
            </Typography>
            <Json text={text} />
          </>
        ) : (
          <Typography variant="body2" color="textSecondary">
            {WHY_NOT[payloadState]}
          </Typography>
        )}
      </Box>
    </Section>
  );
}
