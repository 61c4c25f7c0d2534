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

test('after a deployment nothing that is shown once is lost', async ({ page, trouble, world }) => {
  const path = `/servers/${world.server.id}`;
  const server = new ServerPage(page);
  await page.goto(path);
  // As if the page had been loaded before it.
  await page.route(`**${path}*`, async (route) => {
    const headers = route.request().headers();
    if ('patchbay-build' in headers) headers['patchbay-build'] = '/pkg/patchbay-boot.of-yesterday.js';
    await route.continue({ headers });
  });
  trouble.allow(412, path);
  const loads = countLoads(page);
  await server.createToken('To outlive a deployment');
  await expect(server.newToken).toBeVisible();
  expect(await server.token()).toMatch(/^mcp_token_/);
  expect(loads()).toBe(1);
});

test('what is refused on its way to a form tells why', async ({ page, trouble, world }) => {
  const message = 'The body is larger than it may be.';
  trouble.allow(413, '/fn/connectors/activate');
  await page.route('**/fn/connectors/activate', (route) =>
    route.fulfill({ status: 413, json: { status: 413, error: 'TOO_LARGE', message, detail: message, request_id: 'r-1' } }),
  );
  const { dialogForm } = new ConnectorsPage(page);
  await page.goto(`/connectors?activate=${world.waiting.connector_id}`);
  await dialogForm.activate(nobodyListens);
  await expect(dialogForm.alert).toContainText(message);
  await expect(dialogForm.alert).toContainText('Request r-1');
});

test('the keyboard goes on in the page after a search, and not at its top', async ({ page, world }) => {
  const connectors = new ConnectorsPage(page);
  await connectors.open();
  await connectors.search(world.waiting.name);
  await expect(page).toHaveURL(`/connectors?q=${world.waiting.name}`);
  await expect(connectors.card(world.waiting.name)).toBeVisible();
  await expect(page.getByRole('main')).toBeFocused();
});

test('of two forms that activate, each shows what was wrong with itself', async ({ page, people, trouble, unique, world }) => {
  trouble.allow(400, '/fn/connectors/activate');
  const registered = await (await people.superuser()).register(unique('two-ways'));
  const connectors = new ConnectorsPage(page);
  await connectors.open(`?registered=${registered.connector_id}&activate=${world.waiting.connector_id}`);
  await connectors.dialogForm.activate(nobodyListens);
  await expect(connectors.dialogForm.alert).toContainText('Cannot reach connector server.');
  await page.keyboard.press('Escape');
  await expect(connectors.dialog).toHaveCount(0);
  await expect(connectors.activation.submit).toBeVisible();
  await expect(connectors.activation.alert).toHaveCount(0);
  await connectors.activation.activate(nobodyListens);
  await expect(connectors.activation.alert).toContainText('Cannot reach connector server.');
});

test('a session that has ended leads to the sign-in page and back', async ({ page, context }) => {
  await page.goto('/');
  await context.clearCookies();
  await page.getByRole('link', { name: 'Connectors', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page).toHaveURL('/sign-in?next=/connectors');
});
