import { failEmail, sendEmail } from '../server/emails/send-email';
import type { Processor } from './processor';

/** `subject` is the email's id. */
export const sendEmailProcessor: Processor = {
  run: ({ context, transport }, { subject }) => sendEmail(context, transport, subject),
  failed: ({ context }, { subject }, reason) => failEmail(context, subject, reason),
};
