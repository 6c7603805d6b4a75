import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppProcess } from './app-process';
import type { DataDir } from './data-dir';
import { waitForPort } from './ports';
import type { Steps } from './steps';
import type { Teardown } from './teardown';

export interface Mailbox {
  smtpUrl: string;
  /** Its web page; its mails as JSON are at `/api/email` below it. */
  webUrl: string;
}

/** Starts the local mailbox, which takes every mail that the product sends and shows it. */
export async function startMailbox(data: DataDir, steps: Steps, teardown: Teardown): Promise<Mailbox> {
  const smtp = await data.port('mailboxSmtp');
  const web = await data.port('mailboxWeb');
  const folder = data.at('mail');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const env = { ...process.env, MAILBOX_SMTP_PORT: `${smtp}`, MAILBOX_WEB_PORT: `${web}`, MAILBOX_FOLDER: folder };
  const mailbox = new AppProcess(data, steps, {
    name: 'mailbox',
    script: join('dist', 'dev', 'mailbox', 'main.js'),
    env,
    graceMs: 5000,
    ready: async () => (await waitForPort(smtp, 500)) && (await waitForPort(web, 500)),
  });
  await teardown.add('stand-ins', { label: 'the mailbox', stop: (impatient) => mailbox.stop(impatient) });
  await mailbox.start();
  return { smtpUrl: `smtp://127.0.0.1:${smtp}`, webUrl: `http://127.0.0.1:${web}` };
}
