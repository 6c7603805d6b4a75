import pino, { type Logger } from 'pino';

export type { Logger };

/** Structured log. Facts are data beside a constant message; secrets and addresses never go in. */
export const createLogger = (level: string, name: string): Logger =>
  pino({
    level,
    base: { name, pid: process.pid },
    redact: {
      paths: [
        'password',
        'token',
        'code',
        'secret',
        '*.password',
        '*.token',
        'req.headers.authorization',
        'req.headers.cookie',
      ],
      censor: '[redacted]',
    },
  });
