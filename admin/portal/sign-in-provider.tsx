import { useState } from 'react';
import { ask } from './api';
import { useAction } from './hooks';
import { Button, Fault, Notice } from './parts';

/** What the provider beside the code by mail is called; undefined where the settings name none. */
export const PROVIDER = document.documentElement.dataset.signIn;

const OUTCOMES: Record<string, { kind: 'good' | 'warn'; text: string }> = {
  linked: { kind: 'good', text: `You can sign in with ${PROVIDER} as well from now on.` },
  refused: { kind: 'warn', text: `The sign-in at ${PROVIDER} was cancelled. Nothing has changed.` },
  failed: { kind: 'warn', text: `The sign-in at ${PROVIDER} did not work. Try it once more, or use a code.` },
  away: { kind: 'warn', text: `${PROVIDER} does not answer just now. Try again in a moment, or use a code.` },
  late: { kind: 'warn', text: 'That took too long, or was begun in another tab. Begin once more.' },
  suspended: { kind: 'warn', text: 'The account is suspended. Contact support.' },
  'in-use': {
    kind: 'warn',
    text: 'That identity has an account of its own, which is in a team. Sign in with it and leave its teams, then add it here.',
  },
};

let outcome: string | null = null;

/** Takes what became of a sign-in at the provider out of the address bar: a reload shall not say it again. */
export function takeSignInOutcome(): void {
  outcome = new URLSearchParams(location.search).get('sign-in');
  if (outcome !== null) history.replaceState(null, '', location.pathname);
}

/** What became of the sign-in from which the reader has just come back. */
export function SignInOutcome() {
  const [said] = useState(() => OUTCOMES[outcome ?? '']);
  return said ? <Notice kind={said.kind}>{said.text}</Notice> : null;
}

/** The way to the provider; `link` ties the identity there to the account that is signed in. */
export function ProviderButton({ link = false }: { link?: boolean }) {
  const { busy, error, run } = useAction();
  const go = () =>
    run(async () => {
      const { url } = await ask<{ url: string }>('POST', '/auth/oidc', { returnTo: location.pathname, link });
      location.assign(url);
      // The button stays busy until the browser has left this page.
      await new Promise((resolve) => setTimeout(resolve, 10_000));
    });
  return (
    <>
      <Fault error={error} />
      <Button look={link ? 'plain' : 'primary'} busy={busy} onClick={() => void go()}>
        {link ? `Add ${PROVIDER}` : `Continue with ${PROVIDER}`}
      </Button>
    </>
  );
}
