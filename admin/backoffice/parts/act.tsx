import { TextField } from '@mui/material';
import { useState } from 'react';
import { type RaRecord, useCanAccess, useDataProvider, useRecordContext, useResourceContext } from 'react-admin';
import type { Api } from '../api';
import { AskButton, AskForm } from './ask';

interface ActProps {
  resource?: string;
  verb: string;
  label: string;
  /** What will happen, before it does. */
  explain: React.ReactNode;
  done: string;
  /** The right that the verb needs, where it is called otherwise. */
  right?: string;
  /** Ask for a reason; the server keeps it in the audit trail. */
  reason?: boolean;
  /** One more thing that the server needs to know, sent under this name. */
  ask?: { name: string; label: string; help: string };
  /** What must be typed before the button works, where access or money hangs on it. */
  typed?: string;
  /** What is sent besides. */
  body?: object;
  color?: 'primary' | 'error';
  variant?: 'outlined' | 'contained' | 'text';
  /** The stock provider's own call, for `delete`; else POST to the verb. */
  run?: (api: Api, id: string) => Promise<unknown>;
}

/** A button for a verb that asks first, shows the server's own words when it refuses, and is not there without the right. */
export function Act({ right, label, color = 'primary', variant = 'outlined', ...act }: ActProps) {
  const record = useRecordContext();
  const resource = useResourceContext(act) ?? '';
  const { canAccess } = useCanAccess({ resource, action: right ?? act.verb });
  if (!canAccess || !record) return null;
  return (
    <AskButton label={label} color={color} variant={variant}>
      {(close) => <Question {...act} resource={resource} record={record} label={label} color={color} close={close} />}
    </AskButton>
  );
}

interface QuestionProps extends Omit<ActProps, 'right' | 'variant' | 'resource'> {
  resource: string;
  record: RaRecord;
  close: () => void;
}

function Question({ resource, record, verb, label, ask, body, run, ...more }: QuestionProps) {
  const api = useDataProvider<Api>();
  const [answer, setAnswer] = useState('');
  const id = String(record.id);
  return (
    <AskForm
      {...more}
      title={label}
      label={label}
      back={verb === 'cancel' ? 'Back' : 'Cancel'}
      ready={!ask || answer.trim() !== ''}
      submit={(said) =>
        run
          ? run(api, id)
          : api.act(resource, id, verb, { ...body, ...said, ...(ask ? { [ask.name]: answer.trim() } : {}) })
      }
    >
      {ask && (
        <TextField
          autoFocus
          fullWidth
          required
          label={ask.label}
          helperText={ask.help}
          value={answer}
          onChange={(event) => setAnswer(event.target.value)}
        />
      )}
    </AskForm>
  );
}
