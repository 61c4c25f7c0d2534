// Every version that was in force, and the way back to one.
import { superuser } from '../fixtures/people';
import { tool } from '../fixtures/service';
import { expect, test } from '../fixtures/test';
import { ChangesPage } from '../pages/changes';
import { ConnectorPage } from '../pages/connector';

test.use({ as: 'superuser' });

test('a version tells how it differs, and comes into force again with a note', async ({ page, people, service, unique, mcpClient }) => {
  const api = await people.superuser();
  const connector = await api.activeConnector(unique('library'), service.url());
  const server = await api.createServer(connector, unique('Reading room'), {});
  service.manifest.tools.push(tool('burn_book', 'Burns a book.', ['book']));
  service.manifest.version = '2.0.0';
  await api.sync(connector);
  await api.acceptChanges(connector, 'Asked for by the fire brigade.');

  const [connectorPage, changes] = [new ConnectorPage(page), new ChangesPage(page)];
  await connectorPage.open(connector);
  await expect(connectorPage.keeping).toContainText('version 2');
  await connectorPage.keeping.getByRole('link', { name: 'History' }).click();
  await expect(page).toHaveURL(`/connectors/${connector.connector_id}/versions`);

  await test.step('the history names each version', async () => {
    const rows = page.getByRole('row').filter({ has: page.getByRole('rowheader') });
    await expect(rows).toHaveCount(2);
    await expect(rows.first()).toContainText('Version 2');
    await expect(rows.first()).toContainText('In force');
    await expect(rows.first()).toContainText('Changes accepted');
    await expect(rows.first()).toContainText('Asked for by the fire brigade.');
    await expect(rows.first()).toContainText('v2.0.0');
    await expect(rows.first()).toContainText('4 tools, 0 templates');
    await expect(rows.last()).toContainText('Version 1');
    await expect(rows.last()).toContainText('Activated');
    await expect(rows.last()).toContainText(superuser.email);
  });

  await test.step('the one in force differs in nothing', async () => {
    await page.getByRole('link', { name: 'Version 2' }).click();
    await expect(page.getByText('This is the version in force.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Go back to this version' })).toHaveCount(0);
    await page.getByRole('link', { name: `Versions of ${connector.name}` }).click();
  });

  await test.step('an earlier one comes into force again', async () => {
    await page.getByRole('link', { name: 'Version 1' }).click();
    await expect(page.getByText('1 difference: 1 removed.')).toBeVisible();
    await expect(changes.one('Tool burn_book').badge('Removed')).toBeVisible();
    await expect(changes.one('Tool burn_book').accept).toHaveCount(0);
    const back = page.getByRole('region', { name: 'Go back to it' });
    await expect(back).toContainText(`${server.name} of ${superuser.email}`);
    await back.getByLabel('Note').fill('No fires.');
    await back.getByRole('button', { name: 'Go back to this version' }).click();
    await connectorPage.told('Went back to version 1.');
    await expect(connectorPage.keeping).toContainText('version 3');
    await expect(connectorPage.keeping).toContainText('Changes refused');
    const client = mcpClient(server.endpoint, server.token);
    await client.initialize();
    await expect.poll(async () => (await client.listTools()).length).toBe(3);
  });

  await test.step('and the history says so', async () => {
    await connectorPage.keeping.getByRole('link', { name: 'History' }).click();
    const newest = page.getByRole('row').filter({ has: page.getByRole('rowheader') }).first();
    await expect(newest).toContainText('Version 3');
    await expect(newest).toContainText('Went back');
    await expect(newest).toContainText('No fires.');
  });
});

test('there is no going back where it would not stay', async ({ page, people, service, unique }) => {
  const api = await people.superuser();
  const connector = await api.activeConnector(unique('library'), service.url());
  await api.setMode(connector, 'sync');
  service.manifest.tools.pop();
  await api.sync(connector);
  await page.goto(`/connectors/${connector.connector_id}/versions/1`);
  await expect(page.getByText('It follows its service, so an earlier version would not stay.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Go back to this version' })).toHaveCount(0);
});

test('a connector without definitions has no versions, and a version that is not there is not found', async ({
  page,
  world,
  trouble,
  expectWellMade,
}) => {
  await page.goto(`/connectors/${world.waiting.connector_id}/versions`);
  await expect(page.getByRole('heading', { name: 'No versions yet' })).toBeVisible();
  await expectWellMade('versions-none');
  for (const number of ['99', 'x']) {
    const path = `/connectors/${world.active.connector_id}/versions/${number}`;
    trouble.allow(404, path);
    await page.goto(path);
    await expect(page.getByText('This connector has no such version')).toBeVisible();
  }
});

test('the history is well made', async ({ page, people, service, unique, expectWellMade }) => {
  const api = await people.superuser();
  const connector = await api.activeConnector(unique('library'), service.url());
  await api.createServer(connector, unique('Reading room'), {});
  service.manifest.tools.splice(0, 1);
  service.manifest.tools[0]!.description = 'Lends a book to a reader, for three weeks.';
  await api.sync(connector);
  await api.acceptChanges(connector, 'The catalogue is searched elsewhere now.');
  await page.goto(`/connectors/${connector.connector_id}/versions`);
  await expect(page.getByRole('link', { name: 'Version 2' })).toBeVisible();
  await expectWellMade('versions');
  await page.goto(`/connectors/${connector.connector_id}/versions/1`);
  await expect(page.getByRole('region', { name: 'Go back to it' })).toBeVisible();
  await expectWellMade('version');
});
