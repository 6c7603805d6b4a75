import { createTransport, type Transporter } from 'nodemailer';

export type MailTransport = Pick<Transporter, 'sendMail' | 'verify' | 'close'>;

/** A pooled SMTP connection to `smtpUrl`. The timeouts lie well below the two minutes after which a claim is stale. */
export const openTransport = (smtpUrl: string): MailTransport =>
  createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: 4,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  });
