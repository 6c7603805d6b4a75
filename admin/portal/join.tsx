import { useEffect, useState, useSyncExternalStore } from 'react';
import { type ApiError, ask, session, signOut } from './api';
import { asApiError, useAction, useLoad } from './hooks';
import { Button, day, Fault, Loading, Notice, Title } from './parts';
import { Link, navigate } from './router';
import { SignIn } from './sign-in';
import { forTab } from './storage';
import { calledBy, type InvitationPreview, type Me } from './types';

/** Takes the token out of the address bar, so that neither history nor a shared screen keeps it. */
export function takeInvitationToken(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (location.pathname !== '/join' || token === null) return;
  forTab.set('invitation', token);
  history.replaceState(null, '', '/join');
}

/** The token of the link opened last in this tab; a link opened over this page changes the fragment alone. */
function useInvitationToken(): string | null {
  const [token, setToken] = useState(() => forTab.get('invitation'));
  useEffect(() => {
    const take = () => {
      takeInvitationToken();
      setToken(forTab.get('invitation'));
    };
    window.addEventListener('hashchange', take);
    return () => window.removeEventListener('hashchange', take);
  }, []);
  return token;
}

const sameAddress = (a: string, b: string) => a.trim().toLowerCase() === b.trim().toLowerCase();

function Accept({ token, preview }: { token: string; preview: InvitationPreview }) {
  const me = useLoad<Me>('/v1/me?noTenantProvisioning=1');
  const accepting = useAction();
  const leaving = useAction();
  if (!me.data) return me.error ? <Fault error={me.error} retry={() => void me.reload()} /> : <Loading />;
  const email = calledBy(me.data.user);
  if (me.data.tenants.some(({ id }) => id === preview.tenantId))
    return (
      <>
        <Notice kind="good">
          You are a member of {preview.tenantName} already, as <strong>{email}</strong>. There is nothing to accept.
        </Notice>
        <Link href={`/t/${encodeURIComponent(preview.tenantId)}`} className="button">
          Go to {preview.tenantName}
        </Link>
      </>
    );
  const same = sameAddress(email, preview.email);
  const accept = () =>
    accepting.run(async () => {
      const { tenantId } = await ask<{ tenantId: string }>('POST', '/v1/invitations/accept', { token });
      forTab.set('invitation', null);
      navigate(`/t/${encodeURIComponent(tenantId)}`, { replace: true });
    });
  return (
    <>
      {same ? (
        <p>
          You are signed in as <strong>{email}</strong>.
        </p>
      ) : (
        <Notice kind="warn">
          You are signed in as <strong>{email}</strong>, and the invitation was sent to <strong>{preview.email}</strong>
          . Both ways are fine: choose with which address you want to be a member.
        </Notice>
      )}
      <Fault error={accepting.error} />
      <Fault error={leaving.error} />
      <div className="row">
        <Button look="primary" busy={accepting.busy} onClick={accept}>
          {same ? 'Accept the invitation' : `Accept as ${email}`}
        </Button>
        <Button busy={leaving.busy} onClick={() => void leaving.run(signOut)}>
          {same ? 'Use another account' : `Sign in as ${preview.email}`}
        </Button>
      </div>
    </>
  );
}

/** Each way in which an invitation can be over, or not open just now, as its heading; the sentence is the server's. */
const ENDINGS: Record<string, string> = {
  invitation_not_found: 'This link is not complete',
  invitation_replaced: 'A newer invitation was sent to you',
  invitation_expired: 'This invitation has expired',
  invitation_revoked: 'This invitation was withdrawn',
  invitation_used: 'This invitation was accepted already',
  tenant_unavailable: 'This team is gone',
  tenant_suspended: 'This team is suspended',
  seats_full: 'This team is full',
};
/** What may be otherwise in a moment, once somebody has acted. */
const RECHECKED = ['tenant_suspended', 'seats_full'];

function Invitation({ token }: { token: string }) {
  const [preview, setPreview] = useState<InvitationPreview>();
  const [error, setError] = useState<ApiError>();
  const [turn, setTurn] = useState(0);
  const signedIn = useSyncExternalStore(session.subscribe, session.get);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again.
  useEffect(() => {
    let stale = false;
    setError(undefined);
    ask<InvitationPreview>('POST', '/v1/invitations/preview', { token }).then(
      (answer) => !stale && setPreview(answer),
      (caught) => !stale && setError(asApiError(caught)),
    );
    return () => {
      stale = true;
    };
  }, [token, turn]);
  if (error) {
    const mayPass = error.status === 0 || error.status >= 500 || error.status === 429;
    return (
      <section className="card narrow">
        <Title tab="Invitation">{ENDINGS[error.code] ?? 'This invitation can’t be opened'}</Title>
        {mayPass ? (
          <Fault error={error} retry={() => setTurn(turn + 1)} />
        ) : (
          <Notice kind="warn">{error.detail}</Notice>
        )}
        {error.code === 'invitation_used' && <p>If it was you who accepted it, you find the team among yours.</p>}
        <div className="row middle">
          {RECHECKED.includes(error.code) && <Button onClick={() => setTurn(turn + 1)}>Look again</Button>}
          <Link href="/">Go to your teams</Link>
        </div>
      </section>
    );
  }
  if (!preview) return <Loading what="Reading the invitation…" />;
  const told = (
    <>
      <Title tab="Invitation">{`Join ${preview.tenantName}`}</Title>
      <p>
        {preview.inviterName} invites <strong>{preview.email}</strong> as <strong>{preview.role}</strong>. The
        invitation is open until {day(preview.expiresAt)}.
      </p>
    </>
  );
  if (signedIn === 'out')
    return (
      <SignIn email={preview.email}>
        {told}
        <p>Sign in to accept it; without an account yet, the same step makes one.</p>
      </SignIn>
    );
  return (
    <section className="card narrow">
      {told}
      <Accept token={token} preview={preview} />
    </section>
  );
}

/** /join: what the link in an invitation's mail opens. */
export function Join() {
  const token = useInvitationToken();
  if (token !== null) return <Invitation key={token} token={token} />;
  return (
    <section className="card narrow">
      <Title tab="Invitation">No invitation here</Title>
      <p>Open the link in your invitation’s mail again, whole. It may have been used already in this tab.</p>
      <Link href="/">Go to your teams</Link>
    </section>
  );
}
