// Dialogs that rest the page behind them and give the focus back.
import { expect, test } from '../fixtures/test';
import { ConnectorsPage } from '../pages/connectors';
import { ServerPage } from '../pages/server';

test.use({ as: 'superuser' });

test('Escape closes the activation dialog and the focus goes back to its button', async ({ page, world }) => {
  const connectors = new ConnectorsPage(page);
  const query = `?q=${world.waiting.name}`;
  await connectors.open(query);
  await connectors.activateLink(world.waiting.name).press('Enter');
  await expect(connectors.dialog).toBeVisible();
  await expect(connectors.dialogForm.url).toBeFocused();

  await page.keyboard.press('Escape');
  await expect(connectors.dialog).toHaveCount(0);
  await expect(page).toHaveURL(`/connectors${query}`);
  await expect(connectors.activateLink(world.waiting.name)).toBeFocused();
});

test('the keyboard stays inside the dialog', async ({ page, world }) => {
  const connectors = new ConnectorsPage(page);
  await connectors.open(`?activate=${world.waiting.connector_id}`);
  await expect(connectors.dialog).toBeVisible();
  const stops = new Set<string>();
  for (let presses = 0; presses < 10; presses++) {
    await page.keyboard.press('Tab');
    stops.add(await page.evaluate(whereTheFocusIs));
  }
  // The browser's own buttons are among the stops; the page counts as having no focus then.
  expect([...stops].filter((stop) => stop !== 'the browser')).toEqual(['the dialog']);
});

test('the way back in the history opens and closes dialogs', async ({ page, world }) => {
  const server = new ServerPage(page);
  await page.goto(`/servers/${world.server.id}`);
  await page.getByRole('link', { name: 'Delete', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: `Delete ${world.server.name}?` });
  await expect(dialog).toBeVisible();
  await page.goBack();
  await expect(dialog).toHaveCount(0);
  await expect(server.tools).toBeVisible();
  await page.goForward();
  await expect(dialog).toBeVisible();
  await dialog.getByRole('link', { name: 'Keep it' }).click();
  await expect(dialog).toHaveCount(0);
});

test('a new token outlives a dialog that is opened and left by the way back', async ({ page, world }) => {
  const server = new ServerPage(page);
  const dialog = page.getByRole('dialog');
  await page.goto(`/servers/${world.server.id}`);
  await server.createToken('To outlive a dialog');
  const token = await server.token();
  await page.getByRole('link', { name: 'Delete', exact: true }).click();
  await expect(dialog).toBeVisible();
  await page.goBack();
  await expect(dialog).toHaveCount(0);
  expect(await server.token()).toBe(token);
  await page.goForward();
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  expect(await server.token()).toBe(token);

  // Another page, and back: it was shown once.
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
  await page.goBack();
  await expect(server.tokenRow('To outlive a dialog')).toBeVisible();
  await expect(server.newToken).toHaveCount(0);
});

test('a dialog of something that is gone by now leads to the page that says so', async ({ page, people, trouble, unique }) => {
  const api = await people.superuser();
  const gone = await api.register(unique('gone'));
  const path = `/connectors/${gone.connector_id}`;
  trouble.allow(404, path);
  await page.goto(path);
  await api.deleteConnector(gone);
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Not found' })).toBeVisible();
  await expect(page).toHaveURL(`${path}?edit=1`);
});

function whereTheFocusIs(): string {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return 'the browser';
  return focused.closest('dialog') ? 'the dialog' : `the page: ${focused.outerHTML}`;
}
