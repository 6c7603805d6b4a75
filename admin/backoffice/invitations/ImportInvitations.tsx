import UploadIcon from '@mui/icons-material/UploadFileOutlined';
import {
  Alert,
  Box,
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogContentText,
  DialogTitle,
  LinearProgress,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableRow,
  TextField,
} from '@mui/material';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useRefresh } from 'react-admin';
import type { Api } from '../api';
import { TenantChoice } from '../findings/TenantChoice';
import { faultOf } from '../parts/ask';
import { counted } from '../parts/counted';
import { Muted, Status } from '../parts/fields';
import { usePhone } from '../parts/list';
import type { Imported, Judged, Judgement } from './import';

const WORDS: Record<string, string> = {
  invite: 'will be invited',
  bad_address: 'bad address',
  bad_role: 'bad role',
  bad_days: 'bad days',
  duplicate: 'stands twice',
  member: 'member already',
  pending: 'invited already',
  address_bounced: 'bounced',
};

/** Columns that a phone has no room for. */
const WIDE = { display: { xs: 'none', sm: 'table-cell' } };

function Lines({ lines, done }: { lines: Judged[]; done: boolean }) {
  return (
    <Box sx={{ maxHeight: '46vh', overflow: 'auto', border: 1, borderColor: 'divider', borderRadius: 1 }}>
      <Table size="small" stickyHeader>
        <TableHead>
          <TableRow>
            <TableCell>Line</TableCell>
            <TableCell>Address</TableCell>
            <TableCell sx={WIDE}>Role</TableCell>
            <TableCell>{done ? 'Result' : 'What becomes of it'}</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {lines.map(({ line, email, role, verdict, note }) => (
            <TableRow key={line}>
              <TableCell>{line}</TableCell>
              <TableCell sx={{ overflowWrap: 'anywhere', minWidth: 140 }}>{email || '—'}</TableCell>
              <TableCell sx={WIDE}>{role ?? '—'}</TableCell>
              <TableCell>
                {verdict === 'invite' ? (
                  <Status value={done ? 'queued' : 'will be invited'} />
                ) : (
                  <Status value={WORDS[verdict] ?? verdict} />
                )}{' '}
                {note && <Muted>{note}</Muted>}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Box>
  );
}

/** Whether the seats suffice, and how many mails go out. */
function Summary({ of: { lines, invited, seatsFree } }: { of: Judgement }) {
  const left = lines.length - invited;
  if (seatsFree !== null && invited > seatsFree)
    return (
      <Alert severity="error">
        {counted(invited, 'person').replace('persons', 'people')} would be invited, and {counted(seatsFree, 'seat')}{' '}
        {seatsFree === 1 ? 'is' : 'are'} free. Shorten the list, or move the tenant to a plan with more.
      </Alert>
    );
  if (invited === 0) return <Alert severity="warning">Nobody on this list can be invited: see why below.</Alert>;
  return (
    <Alert severity={left > 0 ? 'warning' : 'info'}>
      {counted(invited, 'mail')} {invited === 1 ? 'goes' : 'go'} out. {left > 0 && `${counted(left, 'line')} left out.`}
    </Alert>
  );
}

const newId = () => `import-${crypto.randomUUID()}`;

function Wizard({ close }: { close: () => void }) {
  const api = useDataProvider<Api>();
  const [tenantId, setTenantId] = useState<string | null>(null);
  const [csv, setCsv] = useState('');
  // The same list again, after an answer that got lost, must not send twice.
  const [importId, setImportId] = useState(newId);
  const [judgement, setJudgement] = useState<Judgement>();
  const [result, setResult] = useState<Imported>();
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setFault('');
    await work().catch((error: unknown) => setFault(faultOf(error)));
    setBusy(false);
  };
  const take = (text: string) => {
    setCsv(text);
    setImportId(newId());
  };
  const look = () => attempt(async () => setJudgement(await api.previewImport(tenantId!, csv)));
  const run = () => attempt(async () => setResult(await api.runImport(tenantId!, importId, csv)));
  const fits = judgement && judgement.invited > 0 && (judgement.seatsFree ?? judgement.invited) >= judgement.invited;
  return (
    <>
      <DialogTitle>Invite many</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'minmax(0, 1fr)' }}>
        {!judgement && (
          <>
            <DialogContentText>
              One person a line: address, then role and days if you like. A heading, semicolons and spreadsheets’ files
              are fine. You see what becomes of each line before anything is sent.
            </DialogContentText>
            <TenantChoice value={tenantId} help="Whom they are invited to" choose={setTenantId} />
            <TextField
              multiline
              minRows={6}
              maxRows={14}
              label="List"
              placeholder={'ann@example.com, admin\nbob@example.com'}
              value={csv}
              onChange={(event) => take(event.target.value)}
            />
            <Button component="label" startIcon={<UploadIcon />} sx={{ justifySelf: 'start' }}>
              Take a CSV file
              <input
                hidden
                type="file"
                accept=".csv,.txt,text/csv,text/plain"
                onChange={(event) => void event.target.files?.[0]?.text().then(take)}
              />
            </Button>
          </>
        )}
        {judgement && !result && <Summary of={judgement} />}
        {result && (
          <Alert severity="success">
            {counted(result.invited, 'invitation')} {result.invited === 1 ? 'is' : 'are'} on the way.{' '}
            {result.skipped > 0 && `${counted(result.skipped, 'line')} left out.`}
          </Alert>
        )}
        {judgement && <Lines lines={result?.lines ?? judgement.lines} done={result !== undefined} />}
        {busy && <LinearProgress aria-label="Working" />}
        {fault && <Alert severity="error">{fault}</Alert>}
      </DialogContent>
      <DialogActions>
        {judgement && !result && <Button onClick={() => setJudgement(undefined)}>Back to the list</Button>}
        <Button onClick={close}>{result ? 'Close' : 'Cancel'}</Button>
        {!judgement && (
          <Button variant="contained" disabled={busy || !tenantId || csv.trim() === ''} onClick={() => void look()}>
            Preview
          </Button>
        )}
        {judgement && !result && (
          <Button variant="contained" disabled={busy || !fits} onClick={() => void run()}>
            Invite {counted(judgement.invited, 'person').replace('persons', 'people')}
          </Button>
        )}
      </DialogActions>
    </>
  );
}

/** Invites everybody on a list, after a preview with a verdict a line. */
export function ImportInvitations() {
  const { canAccess } = useCanAccess({ resource: 'invitations', action: 'create' });
  const refresh = useRefresh();
  const phone = usePhone();
  const [open, setOpen] = useState(false);
  if (!canAccess) return null;
  const close = () => {
    setOpen(false);
    refresh();
  };
  return (
    <>
      <Button size="small" startIcon={<UploadIcon />} onClick={() => setOpen(true)}>
        Invite many
      </Button>
      <Dialog
        open={open}
        fullWidth
        fullScreen={phone}
        maxWidth="md"
        onClose={(_event, reason) => reason === 'escapeKeyDown' && close()}
      >
        <Wizard close={close} />
      </Dialog>
    </>
  );
}
