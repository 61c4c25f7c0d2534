// Copying, which needs scripts.
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/test';
import { ServerPage } from '../pages/server';

test.use({ as: 'superuser', permissions: ['clipboard-read', 'clipboard-write'] });

const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

test("a server's endpoint and a client's configuration are copied, and the button says so", async ({ page, world }) => {
  const server = new ServerPage(page);
  await page.goto(`/servers/${world.server.id}`);

  const copy = page.getByRole('region', { name: 'About' }).getByRole('button', { name: 'Copy endpoint' });
  await copy.click();
  await expect(page.getByRole('status').filter({ hasText: 'Copied.' })).toBeAttached();
  expect(await clipboard(page)).toBe(world.server.endpoint);
  await expect(copy).toHaveText('Copy');

  const snippet = await server.openClient('VS Code');
  await server.clients.getByRole('button', { name: 'Copy configuration' }).filter({ visible: true }).click();
  await expect.poll(() => clipboard(page)).toBe(await snippet.innerText());
  expect(JSON.parse(await clipboard(page))).toMatchObject({ servers: {} });
});

test('a new token is copied whole', async ({ page, world }) => {
  const server = new ServerPage(page);
  await page.goto(`/servers/${world.server.id}`);
  await server.createToken('To copy');
  const token = await server.token();
  await server.newToken.getByRole('button', { name: 'Copy token' }).click();
  await expect.poll(() => clipboard(page)).toBe(token);
});
