import { type FormEvent, useId, useState } from 'react';
import { canInTenant, mayGrantRole, TENANT_ROLES, type TenantRole } from '../../domain/permissions';
import { typoHint } from '../../domain/typo-hint';
import { ask } from './api';
import { useAction, useList } from './hooks';
import { Button, Confirm, day, Fault, Field, Loading, Notice } from './parts';
import type { PendingInvitation, TabProps } from './types';

/** Days that an invitation may be good. */
const TERMS = [1, 3, 7, 14, 30];

interface InviteProps {
  path: string;
  myRole: TenantRole;
  onChanged: () => Promise<unknown>;
}

function Invite({ path, myRole, onChanged }: InviteProps) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<string>('member');
  const [invited, setInvited] = useState<string>();
  const { busy, error, run } = useAction();
  const id = useId();
  const [days, setDays] = useState('');
  const meant = typoHint(email.trim());
  const invite = async (event: FormEvent) => {
    event.preventDefault();
    setInvited(undefined);
    const address = email.trim();
    const body = { email: address, role, ...(days ? { expiresInDays: Number(days) } : {}) };
    if (!(await run(() => ask('POST', path, body)))) return;
    setInvited(address);
    setEmail('');
    await onChanged();
  };
  return (
    <form onSubmit={invite} aria-label="Invite somebody">
      <div className="row">
        <Field
          label="Email address"
          type="email"
          required
          maxLength={254}
          autoComplete="off"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          hint={meant ? `Did you mean ${meant}?` : undefined}
          fault={error?.errors.email}
        />
        <div className="field short">
          <label htmlFor={id}>Role</label>
          <select id={id} value={role} onChange={(event) => setRole(event.target.value)}>
            {TENANT_ROLES.filter((one) => mayGrantRole(myRole, one)).map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </div>
        <div className="field short">
          <label htmlFor={`${id}-days`}>Good for</label>
          <select id={`${id}-days`} value={days} onChange={(event) => setDays(event.target.value)}>
            <option value="">as usual</option>
            {TERMS.map((term) => (
              <option key={term} value={term}>
                {term === 1 ? '1 day' : `${term} days`}
              </option>
            ))}
          </select>
        </div>
      </div>
      {!error?.errors.email && <Fault error={error} />}
      {invited && <Notice kind="good">The invitation for {invited} is on its way.</Notice>}
      <Button type="submit" look="primary" busy={busy}>
        Invite
      </Button>
    </form>
  );
}

interface InvitationRowProps {
  invitation: PendingInvitation;
  path: string;
  may: (action: 'invitations:resend' | 'invitations:revoke') => boolean;
  onChanged: () => Promise<unknown>;
}

function InvitationRow({ invitation, path, may, onChanged }: InvitationRowProps) {
  const [asking, setAsking] = useState(false);
  const [sent, setSent] = useState(false);
  const resending = useAction();
  const revoking = useAction();
  const { email, status } = invitation;
  const resend = async () => {
    setSent(false);
    setSent(await resending.run(() => ask('POST', `${path}/resend`)));
    await onChanged();
  };
  const revoke = async () => {
    if (!(await revoking.run(() => ask('DELETE', path)))) return;
    setAsking(false);
    await onChanged();
  };
  return (
    <li>
      <div className="grow">
        <strong>{email}</strong>
        <div className="quiet">
          {invitation.role} · {status === 'expired' ? 'expired' : `open until ${day(invitation.expiresAt)}`}
        </div>
        <Fault error={resending.error} />
        {sent && <Notice kind="good">Sent again. The older link no longer works.</Notice>}
      </div>
      {may('invitations:resend') && (
        <Button aria-label={`Send the invitation for ${email} again`} busy={resending.busy} onClick={resend}>
          Resend
        </Button>
      )}
      {may('invitations:revoke') && (
        <Button aria-label={`Withdraw the invitation for ${email}`} onClick={() => setAsking(true)}>
          Revoke
        </Button>
      )}
      {asking && (
        <Confirm
          title={`Withdraw the invitation for ${email}?`}
          verb="Withdraw"
          danger
          busy={revoking.busy}
          error={revoking.error}
          onConfirm={revoke}
          onClose={() => setAsking(false)}
        >
          <p>The link in the mail stops working.</p>
        </Confirm>
      )}
    </li>
  );
}

/** Whom the team waits for, and the way to ask somebody in. */
export function Invitations({ tenant, api }: TabProps) {
  const path = `${api}/invitations`;
  const invitations = useList<PendingInvitation>(path);
  const open = invitations.data?.filter(({ status }) => status === 'pending' || status === 'expired');
  const writable = tenant.status === 'active';
  return (
    <section className="card">
      <h2>Invitations</h2>
      {writable && canInTenant(tenant.role, 'invitations:create') && (
        <Invite path={path} myRole={tenant.role} onChanged={invitations.reload} />
      )}
      <Fault error={invitations.error} retry={() => void invitations.reload()} />
      {!open && !invitations.error && <Loading />}
      {open?.length === 0 && <p className="quiet">Nobody is asked in just now.</p>}
      <ul className="list">
        {open?.map((invitation) => (
          <InvitationRow
            key={invitation.id}
            invitation={invitation}
            path={`${path}/${encodeURIComponent(invitation.id)}`}
            may={(action) => writable && canInTenant(tenant.role, action)}
            onChanged={invitations.reload}
          />
        ))}
      </ul>
    </section>
  );
}
