import { createRoot } from 'react-dom/client';
import { App } from './app';
import { takeInvitationToken } from './join';
import { takeSignInOutcome } from './sign-in-provider';
import './style.css';

// Before anything is drawn, so that the token is in the address bar for no longer than it must.
takeInvitationToken();
takeSignInOutcome();

// Coming back from a payment page, some browsers show this page frozen as it was left.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});

const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
