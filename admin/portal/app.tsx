import { useEffect, useState, useSyncExternalStore } from 'react';
import { type ApiError, refresh, session, signOut } from './api';
import { Home } from './home';
import { asApiError, useAction, useLoad } from './hooks';
import { Join } from './join';
import { Button, Fault, Loading, Title } from './parts';
import { PRODUCT } from './product';
import { Profile } from './profile';
import { Link, usePath } from './router';
import { SignIn } from './sign-in';
import { PROVIDER } from './sign-in-provider';
import { TenantPages } from './tenant';
import type { Me } from './types';

/** The signed-in part: what everything in it needs to know is who is there, and in which tenants. */
function SignedIn({ path }: { path: string }) {
  const me = useLoad<Me>('/v1/me');
  if (!me.data) return me.error ? <Fault error={me.error} retry={() => void me.reload()} /> : <Loading />;
  const [, room, tenantId, tab] = path.split('/');
  if (path === '/') return <Home me={me.data} reload={me.reload} />;
  if (path === '/profile') return <Profile me={me.data} reload={me.reload} />;
  if (room === 't' && tenantId)
    return <TenantPages key={tenantId} me={me.data} reload={me.reload} tenantId={tenantId} tab={tab || 'overview'} />;
  return (
    <section className="card narrow">
      <Title>There is nothing here</Title>
      <p>The address may be mistyped.</p>
      <Link href="/">Go to your teams</Link>
    </section>
  );
}

function Header({ signedIn }: { signedIn: boolean }) {
  const { busy, error, run } = useAction();
  return (
    <header>
      <Link href="/" className="brand">
        {PRODUCT}
      </Link>
      {signedIn && (
        <div className="row">
          <Link href="/profile" className="beside">
            Profile
          </Link>
          <Button busy={busy} onClick={() => void run(signOut)}>
            Sign out
          </Button>
        </div>
      )}
      <Fault error={error} />
    </header>
  );
}

/** The portal: signs in where the reader is, then shows what the address asks for. */
export function App() {
  const path = usePath();
  const signedIn = useSyncExternalStore(session.subscribe, session.get);
  const [error, setError] = useState<ApiError>();
  const resume = () => {
    setError(undefined);
    refresh().catch((caught) => setError(asApiError(caught)));
  };
  useEffect(resume, []);
  const page = () => {
    if (signedIn === 'unknown') return error ? <Fault error={error} retry={resume} /> : <Loading />;
    if (path === '/join') return <Join />;
    if (signedIn === 'in') return <SignedIn path={path} />;
    return (
      <SignIn>
        <Title>Sign in</Title>
        <p>{!PROVIDER && 'We mail you a code. '}Without an account yet, the same step makes one.</p>
      </SignIn>
    );
  };
  return (
    <>
      <Header signedIn={signedIn === 'in'} />
      <main>{page()}</main>
    </>
  );
}
