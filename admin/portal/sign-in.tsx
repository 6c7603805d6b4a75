import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { requestCode, signIn } from './api';
import { useAction } from './hooks';
import { Button, Fault, Field, Notice } from './parts';
import { PROVIDER, ProviderButton, SignInOutcome } from './sign-in-provider';

/** Seconds before another code may be asked for. */
const RESEND_AFTER = 30;

/** Seconds left until `end` (milliseconds since 1970), counted down on the page. */
function useSecondsLeft(end: number): number {
  const [now, setNow] = useState(Date.now);
  const left = Math.max(0, Math.ceil((end - now) / 1000));
  useEffect(() => {
    setNow(Date.now());
    if (end <= Date.now()) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [end]);
  return left;
}

function EmailStep({ first, onSent }: { first: string; onSent: (email: string) => void }) {
  const [email, setEmail] = useState(first);
  const { busy, error, run } = useAction();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const address = email.trim();
    if (await run(() => requestCode(address))) onSent(address);
  };
  return (
    <form onSubmit={submit}>
      <Field
        label="Email address"
        type="email"
        name="email"
        autoComplete="email"
        required
        maxLength={254}
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        fault={error?.errors.email}
      />
      {!error?.errors.email && <Fault error={error} />}
      <Button type="submit" look={PROVIDER ? 'plain' : 'primary'} busy={busy}>
        Email me a code
      </Button>
    </form>
  );
}

function CodeStep({ email, onBack }: { email: string; onBack: () => void }) {
  const [code, setCode] = useState('');
  const [sentAt, setSentAt] = useState(Date.now);
  const [sentAgain, setSentAgain] = useState(false);
  const entering = useAction();
  const sending = useAction();
  const left = useSecondsLeft(sentAt + RESEND_AFTER * 1000);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void entering.run(() => signIn(email, code.replace(/\s/g, '')));
  };
  const resend = async () => {
    if (!(await sending.run(() => requestCode(email)))) return;
    setSentAt(Date.now());
    setSentAgain(true);
    setCode('');
  };
  return (
    <form onSubmit={submit}>
      <Notice>
        {sentAgain ? 'A new code is on its way to' : 'We sent a code to'} <strong>{email}</strong>.{' '}
        {sentAgain && 'Only the newest one works.'}
      </Notice>
      <Field
        label="Code"
        name="code"
        className="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        required
        autoFocus
        value={code}
        onChange={(event) => setCode(event.target.value)}
        hint="Not there yet? Look into the spam folder as well."
        fault={entering.error?.detail}
      />
      <Fault error={sending.error} />
      <Button type="submit" look="primary" busy={entering.busy}>
        Sign in
      </Button>
      <div className="row">
        <Button className="link" busy={sending.busy} disabled={left > 0} onClick={resend}>
          {left > 0 ? `Send a new code in ${left} s` : 'Send a new code'}
        </Button>
        <Button className="link" onClick={onBack}>
          Use another address
        </Button>
      </div>
    </form>
  );
}

/** Signs in where the reader is, by a code sent to the address or at the provider of the settings. `email` fills the address in. */
export function SignIn({ email = '', children }: { email?: string; children?: ReactNode }) {
  const [address, setAddress] = useState(email);
  const [sent, setSent] = useState(false);
  const onSent = (to: string) => {
    setAddress(to);
    setSent(true);
  };
  return (
    <section className="card narrow">
      {children}
      <SignInOutcome />
      {!sent && PROVIDER && (
        <div className="provider">
          <ProviderButton />
          <p className="quiet">or</p>
        </div>
      )}
      {sent ? (
        <CodeStep email={address} onBack={() => setSent(false)} />
      ) : (
        <EmailStep first={address} onSent={onSent} />
      )}
    </section>
  );
}
