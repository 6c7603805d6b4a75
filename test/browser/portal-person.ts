import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { type BrowserWorld, picture } from './world';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
// The mailbox outlives a run: each run's people have addresses of their own.
const RUN = Date.now().toString(36);

export const addressOf = (name: string): string => `${name}-${RUN}@customer.example`;

/** What axe finds wrong with the page, in words. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate('axe.run(document)')) as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** The page has no fault that axe knows, and nothing sticks out at its side. Keeps a picture. */
export async function isSound(page: Page, name: string): Promise<void> {
  expect(await faultsOf(page)).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await picture(page, `portal-${name}`);
}

/** The people of a world: reads their mails in order. */
export function mailReader(world: BrowserWorld) {
  const read = new Map<string, number>();
  const next = async (address: string) => {
    const before = read.get(address) ?? 0;
    const mail = await world.mailTo(address, before);
    read.set(address, before + 1);
    return mail;
  };
  return {
    next,
    code: async (address: string): Promise<string> => /\b\d{6}\b/.exec((await next(address)).text)![0],
    link: async (address: string): Promise<string> => /http\S+\/join#token=[\w-]+/.exec((await next(address)).text)![0],
    /** Signs in where the page asks for it. */
    async signIn(page: Page, address: string): Promise<void> {
      await page.getByLabel('Email address').fill(address);
      await page.getByRole('button', { name: 'Email me a code' }).click();
      await page.getByLabel('Code').fill(await this.code(address));
      await page.getByRole('button', { name: 'Sign in' }).click();
    },
  };
}
