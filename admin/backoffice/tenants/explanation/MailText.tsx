import DoneIcon from '@mui/icons-material/Check';
import CopyIcon from '@mui/icons-material/ContentCopyOutlined';
import { Box, Button, Typography } from '@mui/material';
import { useEffect, useState } from 'react';
import { useNotify } from 'react-admin';

/** The explanation as sentences for a mail, with a button that copies them. */
export function MailText({ sentences, text }: { sentences: string[]; text: string }) {
  const [copied, setCopied] = useState<string | null>(null);
  const notify = useNotify();
  useEffect(() => {
    if (copied === null) return;
    const timer = setTimeout(() => setCopied(null), 4000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(text);
    } catch {
      notify('The browser did not allow copying. Select the text instead.', { type: 'error' });
    }
  };
  const done = copied === text;
  return (
    <Box sx={{ m: 2, p: 1.5, borderRadius: 1, bgcolor: 'background.default' }}>
      <Box sx={{ display: 'flex', justifyContent: 'space-between', alignItems: 'center', gap: 1, mb: 0.5 }}>
        <Typography variant="caption" color="textSecondary" component="h3">
          For a mail
        </Typography>
        <Button
          size="small"
          onClick={copy}
          startIcon={done ? <DoneIcon /> : <CopyIcon />}
          color={done ? 'success' : 'primary'}
        >
          {done ? 'Copied' : 'Copy text'}
        </Button>
      </Box>
      <Typography variant="body2" component="p" sx={{ overflowWrap: 'anywhere', maxWidth: '75ch' }}>
        {sentences.join(' ')}
      </Typography>
      <Box
        role="status"
        sx={{ position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clip: 'rect(0 0 0 0)' }}
      >
        {done ? 'The text is copied.' : ''}
      </Box>
    </Box>
  );
}
