export interface MailboxSettings {
  smtpPort: number;
  webPort: number;
  /** Where mails are kept. */
  folder: string;
}

const port = (env: NodeJS.ProcessEnv, name: string): number => {
  const value = Number(env[name]);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new Error(`${name} must be a port number.`);
  return value;
};

/** Reads what the launcher set. Throws an Error naming the setting that is wrong. */
export function mailboxSettings(env: NodeJS.ProcessEnv): MailboxSettings {
  if (!env.MAILBOX_FOLDER) throw new Error('MAILBOX_FOLDER must name the folder for the mails.');
  return {
    smtpPort: port(env, 'MAILBOX_SMTP_PORT'),
    webPort: port(env, 'MAILBOX_WEB_PORT'),
    folder: env.MAILBOX_FOLDER,
  };
}
