// What superusers keep: a connector's mode, its description, its secret.
import { superuser } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { ConnectorPage } from '../pages/connector';

test.describe('a superuser', () => {
  test.use({ as: 'superuser' });

  test('switches a connector off after hearing whom that affects', async ({ page, people, service, unique, mcpClient }) => {
    const api = await people.superuser();
    const connector = await api.activeConnector(unique('library'), service.url());
    const server = await api.createServer(connector, unique('Reading room'), {});
    const client = mcpClient(server.endpoint, server.token);
    await client.initialize();
    expect(await client.listTools()).toHaveLength(3);
    await client.callTool('read_rules', {});

    const { dialog, keeping, ...shown } = new ConnectorPage(page);
    const connectorPage = new ConnectorPage(page);
    await connectorPage.open(connector);
    await connectorPage.ask('Switch off');
    await expect(dialog).toHaveAccessibleName('Switch off?');
    await expect(dialog).toContainText('Its tools leave every list at once');
    await expect(dialog).toContainText('1 MCP server:');
    await expect(dialog).toContainText(`${server.name} of ${superuser.email}`);
    await expect(dialog).toContainText(`1 user: ${superuser.email}`);
    await expect(dialog).toContainText(/\d+ calls? in the last 24 hours/);
    await dialog.getByRole('link', { name: 'Leave it' }).click();
    await expect(dialog).toHaveCount(0);
    await expect(keeping.getByText('Active', { exact: true })).toBeVisible();

    await connectorPage.ask('Switch off');
    await dialog.getByRole('button', { name: 'Switch off' }).click();
    await connectorPage.told(`Connector '${connector.name}' is switched off.`);
    await expect(dialog).toHaveCount(0);
    await expect(keeping.getByText('Not Activated', { exact: true })).toBeVisible();
    await expect(shown.about).toContainText("Start the connector's service");
    await expect(shown.syncNow).toHaveCount(0);
    await expect.poll(async () => (await client.listTools()).length).toBe(0);
  });

  test('lets a connector follow its service, and pins it again', async ({ page, people, service, unique }) => {
    const connector = await (await people.superuser()).activeConnector(unique('library'), service.url());
    const connectorPage = new ConnectorPage(page);
    const { dialog, keeping } = connectorPage;
    await connectorPage.open(connector);
    await connectorPage.ask('Switch to Sync Mode');
    await expect(dialog).toContainText('follow its service from now on, without anybody looking');
    await expect(dialog).toContainText('Nobody: no MCP server is made from it.');
    await dialog.getByRole('button', { name: 'Switch to Sync Mode' }).click();
    await connectorPage.told(`Connector '${connector.name}' follows its service now.`);
    await expect(keeping.getByText('Sync Mode', { exact: true })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Create Server' })).toHaveCount(0);

    service.manifest.tools.pop();
    await connectorPage.syncNow.click();
    await connectorPage.told('Its definitions are as its service says now. 1 difference: 1 removed.');
    await expect(page.getByRole('heading', { name: /^Tools ?2$/ })).toBeVisible();

    await connectorPage.ask('Pin and activate');
    await expect(dialog).toContainText('pinned as they were last read');
    await dialog.getByRole('button', { name: 'Pin and activate' }).click();
    await connectorPage.told(`Connector '${connector.name}' is active.`);
    await expect(page.getByRole('link', { name: 'Create Server' })).toBeVisible();
  });

  test('hears why a mode can not follow', async ({ page, people, world, unique }) => {
    const connectorPage = new ConnectorPage(page);
    await connectorPage.open(world.waiting);
    await expect(connectorPage.keeping).toContainText('Sync Mode: it has no URL to follow yet, so activate it first.');
    await expect(connectorPage.keeping).toContainText('Active: activate it with its URL instead.');
    await expect(connectorPage.keeping.getByRole('link')).toHaveCount(0);

    await connectorPage.open(world.waiting, '?become=active');
    await expect(connectorPage.dialog).toContainText('Active: activate it with its URL instead.');
    await expect(connectorPage.dialog.getByRole('button')).toHaveCount(0);

    const api = await people.superuser();
    const off = await api.activeConnector(unique('off'));
    await api.setMode(off, 'deactive');
    await connectorPage.open(off);
    await expect(connectorPage.keeping.getByRole('link', { name: 'Switch to Sync Mode' })).toBeVisible();
    for (const mode of ['fast', 'deactive']) {
      await connectorPage.open(off, `?become=${mode}`);
      await expect(connectorPage.keeping).toBeVisible();
      await expect(connectorPage.dialog).toHaveCount(0);
    }
  });

  test('asks the service, and hears why it did not answer', async ({ page, people, service, unique, trouble }) => {
    trouble.allow(400, '/fn/connectors/sync');
    const connector = await (await people.superuser()).activeConnector(unique('library'), service.url());
    const connectorPage = new ConnectorPage(page);
    await connectorPage.open(connector);
    await connectorPage.syncNow.click();
    await connectorPage.told('Its service says what is in force.');
    await expect(connectorPage.keeping).toContainText('Last askedjust now');

    await service.stop();
    await connectorPage.syncNow.click();
    await expect(connectorPage.keeping.getByRole('alert')).toContainText(
      'Its service could not be asked: Failed to connect to connector URL: Connection refused',
    );
    await connectorPage.open(connector);
    await expect(connectorPage.keeping).toContainText("It didn't answer as it should");
    await expect(connectorPage.keeping).toContainText('Connection refused');
  });

  test('edits the description, and replaces and removes the secret without ever seeing it', async ({
    page,
    people,
    unique,
    trouble,
    javaScriptEnabled,
  }) => {
    trouble.allow(422, '/fn/connectors/update');
    const connector = await (await people.superuser()).register(unique('edited'), 'Before');
    const connectorPage = new ConnectorPage(page);
    const { dialog } = connectorPage;
    const [description, secret] = [dialog.getByLabel('Description'), dialog.getByLabel('New secret')];
    const save = dialog.getByRole('button', { name: 'Save' });
    await connectorPage.open(connector);
    await expect(connectorPage.about).toContainText('Stored, encrypted');
    await connectorPage.ask('Edit');
    await expect(description).toHaveValue('Before');
    await expect(dialog.getByRole('radio', { name: 'Keep the one that is stored' })).toBeChecked();
    await expect(secret).toBeHidden();

    await dialog.getByRole('radio', { name: 'Replace it' }).check();
    await expect(secret).toBeVisible();
    await description.fill('After\nsome thought');
    await save.click();
    await expect(dialog.getByRole('alert')).toContainText('The connector was not saved');
    await expect(secret).toHaveAccessibleDescription(/This is needed\.$/);
    await expect(description).toHaveValue('After\nsome thought');
    await secret.fill('another-secret-of-the-tests');
    await dialog.getByLabel('Header').fill('X-API-Key');
    await save.click();
    await connectorPage.told(`Connector '${connector.name}' saved.`);
    await expect(connectorPage.about).toContainText('some thought');
    await expect(connectorPage.about).toContainText('Stored, encrypted; sent as X-API-Key');
    expect(await page.content()).not.toContain('another-secret-of-the-tests');

    await connectorPage.ask('Edit');
    await dialog.getByRole('radio', { name: 'Remove it' }).check();
    await save.click();
    await connectorPage.told(`Connector '${connector.name}' saved.`);
    await expect(connectorPage.about).toContainText('None');
    await connectorPage.ask('Edit');
    await expect(dialog.getByRole('radio')).toHaveCount(2);
    await expect(dialog.getByRole('radio', { name: 'None is stored; leave it so' })).toBeChecked();
    // Without scripts the browser keeps the form from being sent; with them too.
    await description.fill('');
    await save.click();
    await expect(description).toBeFocused({ timeout: javaScriptEnabled === false ? 5000 : 10_000 });
  });

  test('looks at well-made dialogs', async ({ page, world, expectWellMade }) => {
    const connectorPage = new ConnectorPage(page);
    await connectorPage.open(world.active, '?become=deactive');
    await expect(connectorPage.dialog).toContainText(world.server.name);
    await expectWellMade('connector-switch-off');
    await connectorPage.open(world.active, '?activate=1');
    await expect(connectorPage.dialog).toContainText('without a look at the differences');
    await expect(connectorPage.dialog).toContainText(world.server.name);
    await expectWellMade('connector-activate-again');
    await connectorPage.open(world.waiting, '?become=active');
    await expectWellMade('connector-no-way');
    await connectorPage.open(world.active, '?edit=1');
    await connectorPage.dialog.getByRole('radio', { name: 'Replace it' }).check();
    await expectWellMade('connector-edit');
  });
});

test.describe('an ordinary user', () => {
  test.use({ as: 'user' });

  test('sees no way to any of it', async ({ page, world }) => {
    const connectorPage = new ConnectorPage(page);
    for (const query of ['', '?become=deactive', '?edit=1', '?delete=1']) {
      await connectorPage.open(world.active, query);
      await expect(connectorPage.about).toBeVisible();
      await expect(connectorPage.keeping).toHaveCount(0);
      await expect(connectorPage.dialog).toHaveCount(0);
      await expect(page.getByRole('link', { name: /^(Edit|Delete|Activate again)$/ })).toHaveCount(0);
    }
  });

  test('is kept from the changes and the versions', async ({ page, world, trouble }) => {
    const { connector_id } = world.active;
    for (const part of ['changes', 'versions', 'versions/1']) {
      trouble.allow(403, `/connectors/${connector_id}/${part}`);
      await page.goto(`/connectors/${connector_id}/${part}`);
      await expect(page.getByRole('heading', { name: 'Not for this account' })).toBeVisible();
    }
  });
});
