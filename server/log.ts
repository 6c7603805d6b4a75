import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino';

export type { Logger };

/** Structured log, to the standard output or `to`. Facts are data beside a constant message; secrets and addresses never go in. */
export const createLogger = (level: string, name: string, to?: DestinationStream): Logger => {
  const options: LoggerOptions = {
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
  };
  return to ? pino(options, to) : pino(options);
};
