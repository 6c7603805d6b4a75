import {
  Alert,
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
} from '@mui/material';
import { useRef, useState } from 'react';
import {
  downloadCSV,
  type RaRecord,
  useCanAccess,
  useDataProvider,
  useListContext,
  useRefresh,
  useResourceContext,
  useUnselectAll,
} from 'react-admin';
import type { Api, Outcome } from '../api';
import { faultOf } from './ask';
import type { Asked, Body } from './asked';
import { counted } from './counted';
import { Status } from './fields';

interface Verb {
  verb: string;
  /** The right that the verb needs, where it is called otherwise. */
  right?: string;
  label: string;
  icon?: React.ReactNode;
  /** What the rows are, for one: `event`. */
  noun: string;
  /** What will happen, before it does. */
  explain: React.ReactNode;
  asked?: Asked;
  /** What is sent besides. */
  body?: object;
  /** What became of those that were done, in a word: `queued`. */
  done: string;
  /** A sentence more on what that means. */
  after?: string;
  /** How a row is called among the results. */
  nameOf: (record: RaRecord) => React.ReactNode;
}

interface Result {
  outcomes: Outcome[];
  /** The rows as they were: the list behind the dialog may lose them by what is done. */
  records: RaRecord[];
}

type ResultsProps = Result & Pick<Verb, 'noun' | 'done' | 'after' | 'nameOf'>;

function Results({ outcomes, records, noun, done, after = '', nameOf }: ResultsProps) {
  const refused = outcomes.filter(({ ok }) => !ok).length;
  const went = outcomes.length - refused;
  return (
    <>
      <Alert severity={refused > 0 ? 'warning' : 'success'}>
        {counted(went, noun)} {done}. {went > 0 && after}
        {refused > 0 && ` ${counted(refused, noun)} refused: see why below.`}
      </Alert>
      <Table size="small">
        <TableHead>
          <TableRow>
            <TableCell sx={{ textTransform: 'capitalize' }}>{noun}</TableCell>
            <TableCell>Result</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {outcomes.map(({ id, ok, error }) => {
            const record = records.find((one) => String(one.id) === id);
            return (
              <TableRow key={id}>
                <TableCell sx={{ overflowWrap: 'anywhere' }}>{record ? nameOf(record) : <code>{id}</code>}</TableCell>
                <TableCell>{ok ? <Status value={done} /> : (error ?? 'refused')}</TableCell>
              </TableRow>
            );
          })}
        </TableBody>
      </Table>
    </>
  );
}

/** So many go to the server in one request: few enough that the bar moves, and that stopping is heeded soon. */
const CHUNK = 10;

const quoted = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
const csvOf = ({ outcomes }: Result, done: string) =>
  [
    'id,result',
    ...outcomes.map(({ id, ok, error }) => `${quoted(id)},${quoted(ok ? done : (error ?? 'refused'))}`),
  ].join('\r\n');

interface QuestionProps extends Omit<Verb, 'icon' | 'right'> {
  result: Result | undefined;
  setResult: (result: Result) => void;
  close: () => void;
}

/** Asks, does it to all that are selected, then tells of each what became of it; mounted anew each time it opens. */
function Question({ verb, label, noun, explain, asked, body, result, setResult, close, ...told }: QuestionProps) {
  const resource = useResourceContext() ?? '';
  const { selectedIds, data = [] } = useListContext();
  const api = useDataProvider<Api>();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const [finished, setFinished] = useState(0);
  const stopped = useRef(false);
  const [fields, setFields] = useState<Body>(asked?.initial ?? {});
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    setFault('');
    const outcomes: Outcome[] = [];
    try {
      for (let from = 0; from < selectedIds.length && !stopped.current; from += CHUNK) {
        const chunk = selectedIds.slice(from, from + CHUNK);
        outcomes.push(...(await api.actOnMany(resource, chunk, verb, { ...body, ...fields })));
        setFinished(outcomes.length);
      }
      setResult({ outcomes, records: data });
    } catch (error) {
      if (outcomes.length > 0) setResult({ outcomes, records: data });
      setFault(faultOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <DialogTitle>{result ? label : `${label}: ${counted(selectedIds.length, noun)}`}</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        {result ? (
          <Results {...result} {...told} noun={noun} />
        ) : (
          <>
            <DialogContentText component="div">{explain}</DialogContentText>
            {asked && <asked.Fields value={fields} change={setFields} />}
            {busy && selectedIds.length > CHUNK && (
              <LinearProgress
                variant="determinate"
                aria-label={`${finished} of ${selectedIds.length}`}
                value={(100 * finished) / selectedIds.length}
              />
            )}
          </>
        )}
        {fault && <Alert severity="error">{fault}</Alert>}
      </DialogContent>
      <DialogActions>
        {result && <Button onClick={() => downloadCSV(csvOf(result, told.done), label)}>Download CSV</Button>}
        {busy ? (
          <Button
            onClick={() => {
              stopped.current = true;
            }}
          >
            Stop
          </Button>
        ) : (
          <Button onClick={close}>{result ? 'Close' : 'Cancel'}</Button>
        )}
        {!result && (
          <Button type="submit" variant="contained" disabled={busy || (asked && !asked.ready(fields))}>
            {label}
          </Button>
        )}
      </DialogActions>
    </form>
  );
}

/** A bulk button of a list: asks first, then tells of each row what became of it. It is not there without the right. */
export function ActOnMany({ icon, right, ...verb }: Verb) {
  const resource = useResourceContext() ?? '';
  const { canAccess } = useCanAccess({ resource, action: right ?? verb.verb });
  const unselectAll = useUnselectAll(resource);
  const refresh = useRefresh();
  const [open, setOpen] = useState(false);
  const [result, setResult] = useState<Result>();
  if (!canAccess) return null;
  const close = () => {
    setOpen(false);
    if (!result) return;
    setResult(undefined);
    unselectAll();
    refresh();
  };
  return (
    <>
      <Button size="small" startIcon={icon} onClick={() => setOpen(true)}>
        {verb.label}
      </Button>
      <Dialog open={open} fullWidth maxWidth="sm" onClose={close}>
        <Question {...verb} result={result} setResult={setResult} close={close} />
      </Dialog>
    </>
  );
}
