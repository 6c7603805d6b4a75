import { mailboxSettings } from './settings';

/**
 * The development mailbox: takes any mail over SMTP, keeps it in a folder, shows it on a web page (`/`) and as JSON
 * (`/api/email`). On this machine alone, and never in production.
 */
async function main(): Promise<void> {
  const { smtpPort, webPort, folder } = mailboxSettings(process.env);
  // An ES module: CommonJS can only import it this way.
  const { MailDev } = await import('maildev');
  const mailbox = new MailDev({
    smtp: smtpPort,
    web: webPort,
    ip: '127.0.0.1',
    webIp: '127.0.0.1',
    mailDirectory: folder,
    silent: true,
  });
  await mailbox.start();
  const stop = () => {
    mailbox.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.once('disconnect', stop);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
