import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import express, { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { Context } from '../context';
import { ProblemError } from '../errors';
import { parse } from '../http/routes';
import { applyEmailEvents, type ToldEvent } from './apply-email-events';
import { EMAIL_EVENT_KINDS, type EmailEventKind } from './email-event.entity';

/** Seconds that a signature may be old. */
const TOLERANCE = 300;
const MOST = 1000;

const badSignature = (detail: string) =>
  new ProblemError({ status: 400, code: 'bad_signature', title: 'Bad signature', detail });

const isSame = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

/** Throws 400 where the time that was signed is not a time, or too far from now. */
function requireFresh(seconds: string | undefined, { now }: Context): void {
  const age = Math.abs(+now() / 1000 - Number(seconds));
  if (!(age <= TOLERANCE))
    throw badSignature(`The signature is older than ${TOLERANCE / 60} minutes, or from a future.`);
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new ProblemError({ status: 400, code: 'bad_event', title: 'Not an event', detail: 'The body is no JSON.' });
  }
}

const text = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : null;

/** One provider's way: checks who sent the body, and reads events from it; kinds that say nothing to us are left out. */
interface Adapter {
  provider: string;
  /** Unset: the address does not exist. */
  key: (config: Context['config']) => string | undefined;
  check: (req: Request, body: Buffer, key: string, context: Context) => void;
  read: (body: unknown) => ToldEvent[];
}

const GenericEvent = z.object({
  id: z.string().min(1).max(191),
  type: z.string(),
  messageId: z.string().min(1).max(255),
  at: z.iso.datetime({ offset: true }),
  detail: z.string().max(2000).optional(),
});
const GenericBody = z.union([GenericEvent, z.array(GenericEvent).max(MOST)]);

/** Ours: `Tenantry-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY`. */
const generic: Adapter = {
  provider: 'generic',
  key: ({ emailWebhooks }) => emailWebhooks.secret,
  check(req, body, key, context) {
    const given = Object.fromEntries(
      (req.get('tenantry-signature') ?? '').split(',').map((part) => part.trim().split('=', 2) as [string, string]),
    );
    const wanted = createHmac('sha256', key).update(`${given.t}.`).update(body).digest('hex');
    if (!given.v1 || !isSame(given.v1, wanted))
      throw badSignature('The Tenantry-Signature header does not fit this body. Check EMAIL_WEBHOOK_SECRET.');
    requireFresh(given.t, context);
  },
  read: (body) =>
    [parse(GenericBody, body)]
      .flat()
      .flatMap(({ id, type, messageId, at, detail }) =>
        EMAIL_EVENT_KINDS.includes(type as EmailEventKind)
          ? [{ id, kind: type as EmailEventKind, messageId, at: new Date(at), detail: detail ?? null }]
          : [],
      ),
};

const MailgunBody = z.looseObject({
  signature: z.looseObject({ timestamp: z.coerce.string(), token: z.string(), signature: z.string() }),
  'event-data': z.looseObject({
    id: z.string(),
    event: z.string(),
    timestamp: z.number(),
    severity: z.string().optional(),
    message: z.looseObject({ headers: z.looseObject({ 'message-id': z.string() }) }),
    'delivery-status': z
      .looseObject({ message: z.unknown().optional(), description: z.unknown().optional() })
      .optional(),
  }),
});

const MAILGUN: Record<string, EmailEventKind> = { delivered: 'delivered', complained: 'complained' };

/** https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks */
const mailgun: Adapter = {
  provider: 'mailgun',
  key: ({ emailWebhooks }) => emailWebhooks.mailgunKey,
  check(_req, body, key, context) {
    const { timestamp, token, signature } = parse(MailgunBody, json(body)).signature;
    const wanted = createHmac('sha256', key).update(`${timestamp}${token}`).digest('hex');
    if (!isSame(signature, wanted)) throw badSignature('The signature does not fit. Check MAILGUN_SIGNING_KEY.');
    requireFresh(timestamp, context);
  },
  read(body) {
    const { 'event-data': data } = parse(MailgunBody, body);
    const failed = data.severity === 'permanent' ? 'bounced' : 'deferred';
    const kind = data.event === 'failed' ? failed : MAILGUN[data.event];
    const status = data['delivery-status'];
    const detail = text(status?.message) ?? text(status?.description);
    const messageId = data.message.headers['message-id'];
    return kind ? [{ id: data.id, kind, messageId, at: new Date(data.timestamp * 1000), detail }] : [];
  },
};

const SendgridBody = z
  .array(
    z.looseObject({
      event: z.string(),
      sg_event_id: z.string(),
      'smtp-id': z.string().optional(),
      timestamp: z.number(),
      type: z.string().optional(),
      reason: z.unknown().optional(),
      response: z.unknown().optional(),
    }),
  )
  .max(MOST);

/** `dropped`: the provider does not even try, since the address bounced or complained before. */
const SENDGRID: Record<string, EmailEventKind> = {
  delivered: 'delivered',
  deferred: 'deferred',
  bounce: 'bounced',
  dropped: 'bounced',
  spamreport: 'complained',
};

/** The key as SendGrid shows it (base64 of the SPKI form), or as PEM. */
const publicKeyOf = (key: string) =>
  createPublicKey(key.includes('BEGIN') ? key : { key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' });

/** https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features */
const sendgrid: Adapter = {
  provider: 'sendgrid',
  key: ({ emailWebhooks }) => emailWebhooks.sendgridKey,
  check(req, body, key, context) {
    const timestamp = req.get('x-twilio-email-event-webhook-timestamp') ?? '';
    const signature = Buffer.from(req.get('x-twilio-email-event-webhook-signature') ?? '', 'base64');
    const signed = Buffer.concat([Buffer.from(timestamp), body]);
    if (!verify('sha256', signed, publicKeyOf(key), signature))
      throw badSignature('The signature does not fit this body. Check SENDGRID_WEBHOOK_PUBLIC_KEY.');
    requireFresh(timestamp, context);
  },
  read: (body) =>
    parse(SendgridBody, body).flatMap(({ event, type, timestamp, reason, response, ...told }) => {
      // A block is the receiving server's mood of the moment, no verdict on the address.
      const kind = event === 'bounce' && type === 'blocked' ? 'deferred' : SENDGRID[event];
      const messageId = told['smtp-id'];
      if (!kind || !messageId) return [];
      const at = new Date(timestamp * 1000);
      return [{ id: told.sg_event_id, kind, messageId, at, detail: text(reason) ?? text(response) }];
    }),
};

/**
 * `POST /webhooks/email`, and `/webhooks/email/mailgun` and `/sendgrid`: what became of our mail. Mount it before any
 * body parser. Throws 400 for a bad signature or body, 404 where its key is not set, 413 over 1 MB; what can't be
 * stored is answered with 5xx, so that it is sent again.
 */
export function emailWebhooks(context: Context): Router {
  const router = Router();
  const raw = express.raw({ type: () => true, limit: '1mb' });
  const handler =
    ({ provider, key, check, read }: Adapter): RequestHandler =>
    async (req, res, next) => {
      const secret = key(context.config);
      if (secret === undefined) return next('route');
      const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
      check(req, body, secret, context);
      await applyEmailEvents(context, provider, read(json(body)));
      res.json({ received: true });
    };
  for (const [path, adapter] of [
    ['/webhooks/email', generic],
    ['/webhooks/email/mailgun', mailgun],
    ['/webhooks/email/sendgrid', sendgrid],
  ] as const)
    router.post(path, raw, handler(adapter));
  return router;
}
