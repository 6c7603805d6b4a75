import type { Page } from 'playwright-core';
import { type BrowserWorld, browserWorld, OPERATOR, picture } from './world';

let world: BrowserWorld;
let staff: Page;

beforeAll(async () => {
  world = await browserWorld();
  staff = await world.person();
  await staff.goto(`${world.url}/admin/`);
  await staff.fill('input[name=username]', OPERATOR.email);
  await staff.fill('input[name=password]', OPERATOR.password);
  await staff.getByRole('button', { name: 'Sign in' }).click();
  await staff.getByText('Tenants by plan').waitFor();
}, 60_000);
afterAll(() => world.close());

const statusWith = async (secret: string) =>
  (await fetch(`${world.url}/api/tenants`, { headers: { authorization: `Bearer ${secret}` } })).status;

it('a key is made, seen once, used by a program, and ended', async () => {
  await staff.goto(`${world.url}/admin/api-keys`);
  await staff.getByText('No keys yet').waitFor();
  await staff.goto(`${world.url}/admin/api-keys/create`);
  await staff.fill('input[name=name]', 'CRM sync');
  await staff.getByRole('button', { name: 'Save' }).click();
  const secret = await staff.getByLabel('API key', { exact: true }).inputValue();
  await picture(staff, '20-api-key');
  await staff.getByRole('button', { name: 'I have it' }).click();
  await staff.getByRole('row', { name: /CRM sync/ }).waitFor();
  expect(await staff.content()).not.toContain(secret);
  expect(await statusWith(secret)).toBe(200);

  await staff.getByRole('row', { name: /CRM sync/ }).click();
  await staff.getByRole('button', { name: 'Delete' }).click();
  await staff.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await staff.getByText('No keys yet').waitFor();
  expect(await statusWith(secret)).toBe(401);
});
