import { signOut } from './api';
import { useAction } from './hooks';
import { Button, Fault, Title } from './parts';
import type { Me } from './types';

const wayIn = (subject: string) => (subject.startsWith('email:') ? 'A code by mail' : subject);

/** /profile: who the reader is here, by which sign-ins, and the way out. */
export function Profile({ me: { user, identities } }: { me: Me }) {
  const { busy, error, run } = useAction();
  return (
    <>
      <Title>Profile</Title>
      <section className="card">
        <dl>
          <dt>Name</dt>
          <dd>{user.name || 'None yet'}</dd>
          <dt>Email address</dt>
          <dd>{user.email ?? 'None'}</dd>
        </dl>
      </section>
      <section className="card">
        <h2>Ways to sign in</h2>
        <ul className="list">
          {identities.map(({ issuer, subject }) => (
            <li key={`${issuer} ${subject}`}>
              <strong>{wayIn(subject)}</strong>
              <span className="quiet">{issuer}</span>
            </li>
          ))}
        </ul>
      </section>
      <Fault error={error} />
      <Button busy={busy} onClick={() => void run(signOut)}>
        Sign out of this browser
      </Button>
    </>
  );
}
