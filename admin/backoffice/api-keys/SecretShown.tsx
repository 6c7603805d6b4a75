import { Alert, Button, Dialog, DialogActions, DialogContent, DialogTitle, TextField } from '@mui/material';
import { useRef, useState } from 'react';

/** The one time that a key's secret is seen: it can be copied, and nothing but the button closes the dialog. */
export function SecretShown({ secret, onDone }: { secret: string; onDone: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    field.current?.select();
    await navigator.clipboard.writeText(secret).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <Dialog open fullWidth maxWidth="sm" aria-labelledby="secret-title">
      <DialogTitle id="secret-title">Copy the key now</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        <Alert severity="warning">
          It is shown this once: we keep only its hash. If it gets lost, delete the key and make another.
        </Alert>
        <TextField
          fullWidth
          label="API key"
          value={secret}
          inputRef={field}
          onFocus={(event) => event.target.select()}
          slotProps={{ htmlInput: { readOnly: true, style: { fontFamily: 'monospace', fontSize: 13 } } }}
          helperText="Programs send it as “Authorization: Bearer tk_…”."
        />
      </DialogContent>
      <DialogActions>
        <Button onClick={copy} variant="contained" autoFocus>
          {copied ? 'Copied' : 'Copy'}
        </Button>
        <Button onClick={onDone}>I have it</Button>
      </DialogActions>
    </Dialog>
  );
}
