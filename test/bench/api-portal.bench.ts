import type { Browser, CDPSession, Page } from 'playwright-core';
import { freePort } from '../../dev/launch/ports';
import { startChromium } from '../browser/chromium';
import { anEmail, secretOf } from '../customer-api/people';
import { startServer, type TestServer } from '../support/server';
import { bench, quantile } from './support';

const BYTES_LIMIT_KB = 150;
const USABLE_LIMIT_MS = 1000;
const ROUNDS = 9;
const SETTLED_MS = 1000;

/** What comes over the wire until somebody can sign in, in kB: headers and bodies of every answer. */
async function firstLoad(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const wire: CDPSession = await context.newCDPSession(page);
  await wire.send('Network.enable');
  let bytes = 0;
  wire.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await page.goto(url);
  await page.getByLabel('Email address').waitFor();
  await page.waitForTimeout(SETTLED_MS);
  await context.close();
  return bytes / 1000;
}

/** A page of somebody who has just signed in. */
async function signedIn(browser: Browser, server: TestServer): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  const email = anEmail();
  await page.goto(server.url);
  await page.getByLabel('Email address').fill(email);
  await page.getByRole('button', { name: 'Email me a code' }).click();
  await page.getByLabel('Code').waitFor();
  await page.getByLabel('Code').fill(await secretOf(server, email, 'sign-in-code'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Your teams' }).waitFor();
  return page;
}

/** Milliseconds from the beginning of a visit, with the browser's cache as it is, until the teams can be opened. */
async function untilUsable(page: Page, url: string): Promise<number> {
  const begin = performance.now();
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator('a.choice').first().waitFor();
  await page.getByLabel('Name of a new team').waitFor();
  return performance.now() - begin;
}

void bench(async (report) => {
  const port = await freePort();
  const server = await startServer({ PORT: `${port}`, PUBLIC_URL: `http://127.0.0.1:${port}` });
  const browser = await startChromium();
  report.atMost('first load of the portal', await firstLoad(browser, server.url), BYTES_LIMIT_KB, 'kB');
  const page = await signedIn(browser, server);
  const times: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) times.push(await untilUsable(page, server.url));
  report.atMost('portal usable, signed in, warm: median', quantile(times, 0.5), USABLE_LIMIT_MS, 'ms');
  await browser.close();
  await server.close();
});
