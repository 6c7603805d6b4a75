import { useState } from 'react';
import { useDataProvider, useGetIdentity, usePermissions, useRecordContext } from 'react-admin';
import { FINDING_VERBS } from '../../../domain/finding';
import { can, type OperatorRole } from '../../../domain/permissions';
import type { Api } from '../api';
import { AskButton, AskForm } from '../parts/ask';
import type { Body } from '../parts/asked';
import type { Finding } from './finding';
import { ACTS, type FindingAct } from './verbs';

interface QuestionProps {
  act: FindingAct;
  finding: Finding;
  close: () => void;
}

function Question({ act: { verb, label, explain, asked, said }, finding, close }: QuestionProps) {
  const api = useDataProvider<Api>();
  const [fields, setFields] = useState<Body>(asked?.initial ?? {});
  return (
    <AskForm
      title={label}
      explain={explain}
      label={label}
      ready={!asked || asked.ready(fields)}
      done={said}
      submit={() => api.act('findings', finding.id, verb, fields)}
      close={close}
    >
      {asked && <asked.Fields value={fields} change={setFields} />}
    </AskForm>
  );
}

/** What the operator may do to a finding as it stands: whose it is, when it comes back, and letting it be. */
export function FindingActs() {
  const finding = useRecordContext<Finding>();
  const { identity } = useGetIdentity();
  const { permissions } = usePermissions<OperatorRole>();
  if (!finding || !permissions) return null;
  const { status, owner } = finding;
  const names = (['take', 'assign', 'snooze', 'dismiss', 'reopen'] as const).filter((name) => {
    const { verb } = ACTS[name];
    if (!can(permissions, `findings:${verb}`) || !FINDING_VERBS[verb].includes(status)) return false;
    if (name === 'take') return owner?.id !== identity?.id;
    if (name === 'reopen') return status !== 'open';
    return name !== 'dismiss' || status !== 'dismissed';
  });
  return (
    <>
      {names.map((name) => (
        <AskButton key={name} label={ACTS[name].label}>
          {(close) => <Question act={ACTS[name]} finding={finding} close={close} />}
        </AskButton>
      ))}
    </>
  );
}
