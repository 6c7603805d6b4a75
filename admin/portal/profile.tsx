import { type FormEvent, useState } from 'react';
import { ask, requestCode, signOut, tokenForLinking } from './api';
import { useAction, useLoad } from './hooks';
import { Button, Confirm, day, Fault, Field, Notice, Title } from './parts';
import { PROVIDER, ProviderButton, SignInOutcome } from './sign-in-provider';
import type { Identity, Me, Page, Session } from './types';

interface ProfileProps {
  me: Me;
  reload: () => Promise<Me | undefined>;
}

const byCode = ({ subject }: Identity) => subject.startsWith('email:');
const wayIn = (identity: Identity) =>
  byCode(identity) ? `A code mailed to ${identity.email ?? 'your address'}` : (identity.email ?? identity.subject);

function Name({ me: { user }, reload }: ProfileProps) {
  const [name, setName] = useState(user.name);
  const [saved, setSaved] = useState(false);
  const { busy, error, run } = useAction();
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setSaved(false);
    setSaved(
      await run(async () => {
        await ask('PATCH', '/v1/me', { name: name.trim() });
        await reload();
      }),
    );
  };
  return (
    <section className="card">
      <h2>You</h2>
      <form onSubmit={save}>
        <Field
          label="Your name"
          autoComplete="name"
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.target.value)}
          hint="Your teams and those whom you invite see it."
          fault={error?.errors.name}
        />
        {!error?.errors.name && <Fault error={error} />}
        {saved && <Notice kind="good">Your name is saved.</Notice>}
        <Button type="submit" busy={busy} disabled={name.trim() === user.name}>
          Save
        </Button>
      </form>
      <p className="quiet after">Mail goes to {user.email ?? 'nowhere: this account has no address'}.</p>
    </section>
  );
}

/** Proves another address by a code, and ties it to the account. */
function AddAddress({ reload, close }: Pick<ProfileProps, 'reload'> & { close: (linked: string | null) => void }) {
  const [email, setEmail] = useState('');
  const [code, setCode] = useState('');
  const [sent, setSent] = useState(false);
  const { busy, error, run } = useAction();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const address = email.trim();
    if (!sent) return setSent(await run(() => requestCode(address)));
    const linked = await run(async () => {
      const token = await tokenForLinking(address, code.replace(/\s/g, ''));
      await ask('POST', '/v1/me/identities', { token });
      await reload();
    });
    if (linked) close(address);
  };
  return (
    <form onSubmit={submit} className="after">
      <Field
        label="Another address of yours"
        type="email"
        required
        maxLength={254}
        readOnly={sent}
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        fault={error?.errors.email}
      />
      {sent && (
        <Field
          label="Code"
          className="code"
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          autoFocus
          value={code}
          onChange={(event) => setCode(event.target.value)}
          hint={`We sent it to ${email.trim()}.`}
          fault={error?.errors.code}
        />
      )}
      {!error?.errors.email && !error?.errors.code && <Fault error={error} />}
      <div className="row">
        <Button type="submit" look="primary" busy={busy}>
          {sent ? 'Add this address' : 'Email me a code'}
        </Button>
        <Button onClick={() => close(null)}>Cancel</Button>
      </div>
    </form>
  );
}

function WaysIn({ me: { identities }, reload }: ProfileProps) {
  const [adding, setAdding] = useState(false);
  const [added, setAdded] = useState<string>();
  const [leaving, setLeaving] = useState<Identity>();
  const { busy, error, run } = useAction();
  const remove = async () => {
    const removed = await run(async () => {
      await ask('DELETE', `/v1/me/identities/${encodeURIComponent(leaving!.id)}`);
      await reload();
    });
    if (removed) setLeaving(undefined);
  };
  return (
    <section className="card">
      <h2>Ways to sign in</h2>
      <ul className="list">
        {identities.map((identity) => (
          <li key={identity.id} className="entry">
            <span>
              <strong>{wayIn(identity)}</strong>
              {!byCode(identity) && <span className="quiet"> · {identity.issuer}</span>}
            </span>
            {identities.length > 1 && (
              <Button className="link" onClick={() => setLeaving(identity)}>
                Remove
              </Button>
            )}
          </li>
        ))}
      </ul>
      <SignInOutcome />
      {added && <Notice kind="good">You can sign in with {added} as well from now on.</Notice>}
      {adding ? (
        <AddAddress
          reload={reload}
          close={(linked) => {
            setAdding(false);
            setAdded(linked ?? undefined);
          }}
        />
      ) : (
        <div className="row">
          <Button onClick={() => setAdding(true)}>Add another address</Button>
          {PROVIDER && <ProviderButton link />}
        </div>
      )}
      {leaving && (
        <Confirm
          title="Remove this way to sign in?"
          verb="Remove"
          danger
          busy={busy}
          error={error}
          onConfirm={() => void remove()}
          onClose={() => setLeaving(undefined)}
        >
          <p>Whoever signs in by it comes to another, empty account from then on, and is signed out now.</p>
        </Confirm>
      )}
    </section>
  );
}

const BROWSERS: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
];
const nameIn = (names: [RegExp, string][], agent: string) => names.find(([sign]) => sign.test(agent))?.[1];

/** What a browser calls itself, in two words. */
function browserOf(agent: string | null): string {
  if (!agent) return 'An unknown browser';
  const [browser, system] = [nameIn(BROWSERS, agent), nameIn(SYSTEMS, agent)];
  return browser && system ? `${browser} on ${system}` : agent.slice(0, 60);
}

function Sessions() {
  const { data, error: fault, reload } = useLoad<Page<Session>>('/v1/me/sessions');
  const [asking, setAsking] = useState(false);
  const here = useAction();
  const everywhere = useAction();
  const endAll = () =>
    everywhere.run(async () => {
      await ask('DELETE', '/v1/me/sessions');
      await signOut();
    });
  return (
    <section className="card">
      <h2>Where you are signed in</h2>
      <Fault error={fault} retry={() => void reload()} />
      <ul className="list">
        {data?.items.map(({ id, agent, lastUsedAt }) => (
          <li key={id} className="entry">
            <strong>{browserOf(agent)}</strong>
            <span className="quiet">last used {day(lastUsedAt)}</span>
          </li>
        ))}
      </ul>
      <Fault error={here.error} />
      <div className="row">
        <Button busy={here.busy} onClick={() => void here.run(signOut)}>
          Sign out of this browser
        </Button>
        <Button look="danger" onClick={() => setAsking(true)}>
          Sign out everywhere
        </Button>
      </div>
      {asking && (
        <Confirm
          title="Sign out everywhere?"
          verb="Sign out everywhere"
          danger
          busy={everywhere.busy}
          error={everywhere.error}
          onConfirm={() => void endAll()}
          onClose={() => setAsking(false)}
        >
          <p>
            Every browser has to sign in again, this one too. A page that is open now works on for 15 minutes at most.
          </p>
        </Confirm>
      )}
    </section>
  );
}

/** /profile: who the reader is here, by which sign-ins, in which browsers, and the way out. */
export function Profile(props: ProfileProps) {
  return (
    <>
      <Title>Profile</Title>
      <Name {...props} />
      <WaysIn {...props} />
      <Sessions />
    </>
  );
}
