// Deleting a connector: what goes along is named first, and its name is repeated when servers go.
import { superuser } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { ConnectorPage } from '../pages/connector';

test.use({ as: 'superuser' });

test('a connector that nobody uses goes after one question', async ({ page, people, unique }) => {
  const connector = await (await people.superuser()).activeConnector(unique('unused'));
  const connectorPage = new ConnectorPage(page);
  const { dialog } = connectorPage;
  await connectorPage.open(connector);
  await connectorPage.ask('Delete');
  await expect(dialog).toHaveAccessibleName(`Delete ${connector.name}?`);
  await expect(dialog).toContainText('No MCP server is made from it, so nobody loses one.');
  await expect(dialog.getByRole('textbox')).toHaveCount(0);
  await dialog.getByRole('link', { name: 'Keep it' }).click();
  await expect(dialog).toHaveCount(0);

  await connectorPage.ask('Delete');
  await dialog.getByRole('button', { name: 'Delete connector' }).click();
  await connectorPage.told(`Connector '${connector.name}' deleted.`);
  await expect(page).toHaveURL('/connectors');
  await expect(page.getByRole('heading', { name: connector.name, exact: true })).toHaveCount(0);
});

test('a connector that servers use takes them along, once its name is typed', async ({
  page,
  people,
  unique,
  trouble,
  mcpClient,
  expectWellMade,
}) => {
  trouble.allow(422, '/fn/connectors/delete');
  const api = await people.superuser();
  const connector = await api.activeConnector(unique('used'));
  const server = await api.createServer(connector, unique('Notes'));
  const connectorPage = new ConnectorPage(page);
  const { dialog } = connectorPage;
  const confirm = dialog.getByLabel(`Type ${connector.name} to confirm`);
  const remove = dialog.getByRole('button', { name: 'Delete connector' });
  await connectorPage.open(connector);
  await connectorPage.ask('Delete');
  await expect(dialog).toContainText('1 MCP server:');
  await expect(dialog).toContainText(`${server.name} of ${superuser.email}`);
  await expectWellMade('connector-delete');

  await confirm.fill('something else');
  await remove.click();
  await expect(dialog.getByRole('alert')).toContainText('The connector was not deleted');
  await expect(confirm).toHaveAccessibleDescription(new RegExp(`This is not its name: ${connector.name}$`));
  await expect(confirm).toHaveValue('something else');
  await confirm.fill(connector.name);
  await remove.click();
  await connectorPage.told(`Connector '${connector.name}' deleted.`);
  await connectorPage.told('1 MCP server went with it.');

  const client = mcpClient(server.endpoint, server.token);
  const answer = await client.post({ method: 'tools/list', params: {} });
  expect([401, 404]).toContain(answer.status());
});

test('a connector that got a server in the meantime stays', async ({ page, people, unique, trouble }) => {
  trouble.allow(409, '/fn/connectors/delete');
  const api = await people.superuser();
  const connector = await api.activeConnector(unique('late'));
  const connectorPage = new ConnectorPage(page);
  await connectorPage.open(connector, '?delete=1');
  await api.createServer(connector, unique('Notes'));
  const { dialog } = connectorPage;
  await dialog.getByRole('button', { name: 'Delete connector' }).click();
  const alert = dialog.getByRole('alert');
  await expect(alert).toContainText('MCP servers use it. Those that are made from it go along once you have typed its name.');
  await alert.getByRole('link', { name: 'See what goes along' }).click();
  await expect(dialog).toContainText('1 MCP server:');
  await dialog.getByLabel(`Type ${connector.name} to confirm`).fill(connector.name);
  await dialog.getByRole('button', { name: 'Delete connector' }).click();
  await connectorPage.told(`Connector '${connector.name}' deleted.`);
});
