import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { ProblemError, type ProblemOptions } from '../errors';
import type { Logger } from '../log';

const send = (req: Request, res: Response, problem: ProblemOptions) => {
  const { status, code, title, detail, errors, current, retryAfterSeconds } = problem;
  if (retryAfterSeconds !== undefined) res.set('Retry-After', String(Math.max(1, Math.ceil(retryAfterSeconds))));
  res
    .status(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `about:blank#${code}`,
        title,
        status,
        code,
        detail,
        message: detail,
        requestId: req.id,
        errors,
        current,
      }),
    );
};

/** Faults of express.json and friends, by their `type`. */
const BODY_FAULTS: Record<string, ProblemOptions> = {
  'entity.parse.failed': {
    status: 400,
    code: 'invalid_json',
    title: 'Invalid JSON',
    detail: 'The body is not valid JSON.',
  },
  'entity.too.large': {
    status: 413,
    code: 'too_large',
    title: 'Too large',
    detail: 'The body is larger than this address takes.',
  },
  'encoding.unsupported': {
    status: 415,
    code: 'unsupported_encoding',
    title: 'Unsupported',
    detail: 'Send the body as UTF-8 JSON.',
  },
  'charset.unsupported': {
    status: 415,
    code: 'unsupported_charset',
    title: 'Unsupported',
    detail: 'Send the body as UTF-8 JSON.',
  },
};

/** Connection and pool faults of the database: it is gone for a while, and the request may be made again. */
const DATABASE_AWAY =
  /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|PROTOCOL_CONNECTION_LOST|ER_SERVER_SHUTDOWN|ER_CON_COUNT_ERROR|ER_QUERY_INTERRUPTED)$/;

/** Text beyond ASCII where the database keeps or compares machine words. */
const FOREIGN_LETTERS = /^ER_(CANT_AGGREGATE_[23N]COLLATIONS|TRUNCATED_WRONG_VALUE_FOR_FIELD)$/;

/** The last middleware: every error becomes problem+json; what was not foreseen is logged and told as 500 or 503. */
export const problemHandler =
  (log: Logger): ErrorRequestHandler =>
  (error, req, res, next) => {
    if (res.headersSent) return next(error);
    if (error instanceof ProblemError) return send(req, res, error.problem);
    const fault = BODY_FAULTS[(error as { type?: string }).type ?? ''];
    if (fault) return send(req, res, fault);
    if (error instanceof URIError) {
      return send(req, res, {
        status: 400,
        code: 'invalid_path',
        title: 'Invalid address',
        detail: 'The address is not validly encoded.',
      });
    }
    const code =
      (error as { driverError?: { code?: string }; code?: string }).driverError?.code ??
      (error as { code?: string }).code ??
      '';
    if (FOREIGN_LETTERS.test(code)) {
      return send(req, res, {
        status: 400,
        code: 'invalid',
        title: 'Invalid input',
        detail: 'An id or a key in this request holds letters beyond ASCII, which none of ours does.',
      });
    }
    if (DATABASE_AWAY.test(code)) {
      log.error({ err: error, requestId: req.id }, 'database unreachable');
      return send(req, res, {
        status: 503,
        code: 'unavailable',
        title: 'Unavailable',
        detail: 'The database can not be reached just now. Nothing was changed; try again in a moment.',
        retryAfterSeconds: 5,
      });
    }
    log.error({ err: error, requestId: req.id }, 'request failed');
    send(req, res, {
      status: 500,
      code: 'internal',
      title: 'Something went wrong',
      detail: 'This is our fault, and it is logged. Try again; if it stays, tell support the request id.',
    });
  };

export const unknownAddress: RequestHandler = (req) => {
  throw new ProblemError({
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: `There is nothing at ${req.method} ${req.baseUrl}${req.path}.`,
  });
};
