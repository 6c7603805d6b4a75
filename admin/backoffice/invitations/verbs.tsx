import { MenuItem, TextField } from '@mui/material';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useRecordContext } from 'react-admin';
import type { NextAction } from '../../../domain/invitation-next';
import { typoHint } from '../../../domain/typo-hint';
import type { Api } from '../api';
import { Act } from '../parts/act';
import { AskButton, AskForm } from '../parts/ask';
import type { Asked } from '../parts/asked';
import { FreshLink } from './FreshLink';

/** Days that an invitation may be good. */
export const TERMS = [1, 3, 7, 14, 30];
export const termName = (days: number) => (days === 1 ? '1 day' : `${days} days`);

/** Asks for how many days from now. */
export const askDays: Asked = {
  initial: () => ({ days: 7 }),
  ready: () => true,
  Fields: ({ value, change }) => (
    <TextField
      select
      fullWidth
      label="Good from now on for"
      value={value.days}
      onChange={(event) => change({ days: Number(event.target.value) })}
    >
      {TERMS.map((days) => (
        <MenuItem key={days} value={days}>
          {termName(days)}
        </MenuItem>
      ))}
    </TextField>
  ),
};

function ReaddressForm({ close }: { close: () => void }) {
  const api = useDataProvider<Api>();
  const invitation = useRecordContext()!;
  const [email, setEmail] = useState(typoHint(invitation.email) ?? invitation.email);
  const hint = typoHint(email);
  return (
    <AskForm
      title="Correct the address"
      explain={`A new mail goes to the right address. The link that went to ${invitation.email} stops working.`}
      label="Correct and send"
      done="The mail is on its way to the right address"
      ready={email.trim() !== '' && email.trim() !== invitation.email}
      submit={() => api.act('invitations', invitation.id, 'readdress', { email: email.trim() })}
      close={close}
    >
      <TextField
        autoFocus
        fullWidth
        type="email"
        label="Right address"
        value={email}
        helperText={hint ? `Did you mean ${hint}?` : ' '}
        onChange={(event) => setEmail(event.target.value)}
      />
    </AskForm>
  );
}

function ExtendForm({ close }: { close: () => void }) {
  const api = useDataProvider<Api>();
  const invitation = useRecordContext()!;
  const [value, setValue] = useState(askDays.initial());
  return (
    <AskForm
      title="Extend the invitation"
      explain="The link of the last mail goes on working until then. No mail is sent."
      label="Extend"
      done="Extended"
      submit={() => api.act('invitations', invitation.id, 'extend', value)}
      close={close}
    >
      <askDays.Fields value={value} change={setValue} />
    </AskForm>
  );
}

function ClearSuppression({ suppressionId }: { suppressionId: string | null }) {
  const api = useDataProvider<Api>();
  const { canAccess } = useCanAccess({ resource: 'suppressions', action: 'clear' });
  if (!suppressionId || !canAccess) return null;
  return (
    <AskButton label="Let it be mailed again">
      {(close) => (
        <AskForm
          title="Let the address be mailed again"
          explain="Do so only where the address is right. Mail that comes back again and again harms how all of your mail is delivered."
          label="Let it be mailed"
          done="The address can be mailed again"
          submit={() => api.act('suppressions', suppressionId, 'clear')}
          close={close}
        />
      )}
    </AskButton>
  );
}

function Dialog({
  action,
  label,
  form,
}: {
  action: string;
  label: string;
  form: (close: () => void) => React.ReactNode;
}) {
  const { canAccess } = useCanAccess({ resource: 'invitations', action });
  return canAccess ? <AskButton label={label}>{form}</AskButton> : null;
}

function LinkButton() {
  const { canAccess } = useCanAccess({ resource: 'invitations', action: 'link' });
  return canAccess ? <FreshLink /> : null;
}

/** The button of each thing that can be done about an invitation. */
export function NextButton({ action, suppressionId }: { action: NextAction; suppressionId: string | null }) {
  const email = useRecordContext()?.email;
  switch (action) {
    case 'resend':
      return (
        <Act
          resource="invitations"
          verb="resend"
          label="Resend"
          explain={`A new mail goes to ${email}. Links in earlier mails stop working.`}
          done="The mail is on its way"
        />
      );
    case 'revoke':
      return (
        <Act
          resource="invitations"
          verb="revoke"
          label="Revoke"
          color="error"
          explain={`The link that ${email} got stops working at once.`}
          done="Revoked"
        />
      );
    case 'link':
      return <LinkButton />;
    case 'extend':
      return <Dialog action="extend" label="Extend" form={(close) => <ExtendForm close={close} />} />;
    case 'readdress':
      return (
        <Dialog action="readdress" label="Correct the address" form={(close) => <ReaddressForm close={close} />} />
      );
    case 'clear-suppression':
      return <ClearSuppression suppressionId={suppressionId} />;
  }
}

/** All that can be done about an open invitation, in the order of the buttons above its page. */
export const ALL: NextAction[] = ['resend', 'link', 'readdress', 'extend', 'revoke'];
