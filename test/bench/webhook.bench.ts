import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { createPool, type Pool } from 'mysql2/promise';
import { startServer } from '../support/server';
import { sendSteadily } from './steady-sender';
import { bench, CONNECTIONS, httpRate, quantile, sideBySide } from './support';

const SHARE = 0.7;
const STEADY_RATE = 500;
const STEADY_SECONDS = 10;
const LIMIT_MS = 50;
const PATH = '/webhooks/stripe';

/** The least that keeps an event safe: two rows in one transaction by the bare driver; no signature, no framework. */
async function insertBoth(pool: Pool, event: { id: string; type: string; data: { object: { customer: string } } }) {
  const now = new Date();
  const { customer } = event.data.object;
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    await connection.query(
      'INSERT INTO stripe_events (id, type, customerId, livemode, createdAt, receivedAt, payload) VALUES (?)',
      [[event.id, event.type, customer, false, now, now, JSON.stringify(event)]],
    );
    await connection.query('INSERT INTO outbox (id, kind, subject, dueAt) VALUES (?)', [
      [`obx_${randomBytes(13).toString('hex')}`, 'sync-customer', customer, now],
    ]);
    await connection.commit();
  } finally {
    connection.release();
  }
}

void bench(async (report) => {
  const server = await startServer();
  const pool = createPool({ uri: server.context.config.databaseUrl, connectionLimit: CONNECTIONS, timezone: 'Z' });
  const app = express().post(PATH, express.json(), async (req, res) => {
    await insertBoth(pool, req.body);
    res.json({ received: true });
  });
  const bare = app.listen(0, '127.0.0.1');
  await once(bare, 'listening');
  const eventsTo = (url: string) => ({
    url,
    requests: [{ method: 'POST', path: PATH, setupRequest: join(__dirname, 'signed-event.js') }],
  });
  const rates = await sideBySide(
    httpRate(eventsTo(server.url)),
    httpRate(eventsTo(`http://127.0.0.1:${(bare.address() as AddressInfo).port}`)),
  );
  report.atLeast('Webhook taken, to a bare route', rates.ours, SHARE, rates.bare, '/s');
  const steady = { url: `${server.url}${PATH}`, perSecond: STEADY_RATE, seconds: STEADY_SECONDS };
  report.atMost(`Webhook at ${STEADY_RATE}/s, 99 of 100`, quantile(await sendSteadily(steady), 0.99), LIMIT_MS, 'ms');
  // What the sender's end cut off is still being written.
  await sleep(500);
  await pool.end();
  await server.close();
});
