// With scripts a form is answered in place: the page isn't loaded again.
import type { Page } from '@playwright/test';
import { connector, nobodyListens } from '../fixtures/environment';
import { expect, test } from '../fixtures/test';
import { ConnectorsPage } from '../pages/connectors';
import { CreateServerPage } from '../pages/create-server';
import { ServerPage } from '../pages/server';

test.use({ as: 'superuser' });

/** Counts the documents that are loaded from now on. */
function countLoads(page: Page): () => number {
  let loads = 0;
  page.on('request', (request) => {
    if (request.isNavigationRequest()) loads += 1;
  });
  return () => loads;
}

test('from registering a connector to deleting a server without one more page load', async ({ page, trouble, unique }) => {
  trouble.allow(400, '/fn/connectors/activate');
  const name = unique('swift');
  const connectors = new ConnectorsPage(page);
  const server = new ServerPage(page);
  await connectors.open();
  const loads = countLoads(page);

  await connectors.registerForm.register({ name, description: 'Without loads', secret: connector.secret() });
  await expect(page.getByRole('heading', { name: `Activate Connector: ${name}` })).toBeVisible();
  await connectors.activation.activate(nobodyListens);
  await expect(connectors.activation.alert).toContainText('Cannot reach connector server.');
  await connectors.activation.activate(connector.url());
  await connectors.card(name).getByRole('link', { name: `Create Server from ${name}` }).click();
  await new CreateServerPage(page).submit.click();
  await expect(server.newToken).toBeVisible();
  await server.createToken('Second');
  await expect(server.tokenRow('Second')).toBeVisible();
  const tool = await server.openTool('list_notes');
  await tool.call({});
  await expect(tool.result).toContainText('Succeeded');
  await page.getByRole('link', { name: 'Delete', exact: true }).click();
  await page.getByRole('button', { name: 'Delete server' }).click();
  await expect(page).toHaveURL('/servers');
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
  expect(loads()).toBe(0);
});

test('what was told on one page is gone on the next, and can be dismissed', async ({ page, unique }) => {
  const connectors = new ConnectorsPage(page);
  const notice = page.getByRole('status').filter({ hasText: 'registered successfully!' });
  await connectors.open();
  await connectors.registerForm.register({ name: unique('told'), description: 'To be told of' });
  await expect(notice).toBeVisible();
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(notice).toHaveCount(0);

  await connectors.registerForm.register({ name: unique('told'), description: 'To be told of' });
  await expect(notice).toBeVisible();
  await page.getByRole('link', { name: 'MCP servers', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'MCP servers', exact: true })).toBeVisible();
  await expect(notice).toHaveCount(0);
  await expect(page.getByRole('main')).toBeFocused();
});

test('a form that takes long says so, and is not sent twice', async ({ page, trouble, world }) => {
  trouble.allow(400, '/fn/connectors/activate');
  let sent = 0;
  let answer = (): void => {};
  const released = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/fn/connectors/activate', async (route) => {
    sent += 1;
    await released;
    await route.continue();
  });
  const { dialog, dialogForm } = new ConnectorsPage(page);
  await page.goto(`/connectors?activate=${world.waiting.connector_id}`);
  await dialogForm.activate(nobodyListens);
  await expect(dialogForm.submit).toBeDisabled();
  await expect(dialog.getByRole('status')).toHaveText("Reading the connector's definitions and logo…");
  answer();
  await expect(dialogForm.alert).toContainText('Cannot reach connector server.');
  await expect(dialogForm.submit).toBeEnabled();
  expect(sent).toBe(1);
});

test('a session that has ended leads to the sign-in page and back', async ({ page, context, trouble }) => {
  trouble.allow(401, '/fn/connectors/list');
  await page.goto('/');
  await context.clearCookies();
  await page.getByRole('link', { name: 'Connectors', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page).toHaveURL('/sign-in?next=/connectors');
});
