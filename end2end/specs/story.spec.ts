// The main job, from an unregistered connector to an MCP client's call and back to nothing.
import { connector, connectorTools, nobodyListens } from '../fixtures/environment';
import { expect, test } from '../fixtures/test';
import { ConnectorsPage } from '../pages/connectors';
import { CreateServerPage } from '../pages/create-server';
import { ServerPage } from '../pages/server';

test.use({ as: 'superuser' });

test('a superuser registers and activates a connector, makes a server from it, and a client calls its tools', async ({
  page,
  mcpClient,
  trouble,
  unique,
}) => {
  const name = unique('notes');
  const connectors = new ConnectorsPage(page);
  const createServer = new CreateServerPage(page);
  const server = new ServerPage(page);
  let endpoint = '';
  let token = '';

  await test.step('register', async () => {
    await connectors.open();
    await connectors.registerForm.register({ name, description: 'To be replaced', secret: connector.secret() });
    await expect(
      page.getByRole('status').filter({ hasText: `Connector '${name}' registered successfully!` }),
    ).toBeVisible();
    await expect(page.getByRole('heading', { name: `Activate Connector: ${name}` })).toBeVisible();
    await expect(page.getByText('Start your connector server, then provide the URL:')).toBeVisible();
    await expect(connectors.registerForm.name).toBeEmpty();
    await expect(connectors.card(name)).toContainText('Not Activated');
  });

  await test.step('activate: nobody listens there', async () => {
    trouble.allow(400, '/fn/connectors/activate');
    await connectors.activation.activate(nobodyListens);
    await expect(connectors.activation.alert).toContainText(
      "Cannot reach connector server. Make sure it's running and the URL is correct.",
    );
    await expect(connectors.activation.alert).toContainText(
      'Failed to connect to connector URL: Connection refused',
    );
    await expect(connectors.activation.url).toHaveValue(nobodyListens);
  });

  await test.step('activate', async () => {
    await connectors.activation.activate(connector.url());
    await expect(
      page.getByRole('status').filter({ hasText: 'Connector activated! Found 5 tools and 3 templates.' }),
    ).toBeVisible();
    await expect(page).toHaveURL('/connectors');
    const card = connectors.card(name);
    await expect(card.getByText('Active', { exact: true })).toBeVisible();
    await expect(card).toContainText('5 tools');
    await expect(card).toContainText('3 templates');
    await expect(card).toContainText('Notes in notebooks');
    await expect(card.getByRole('link', { name: `Activate ${name}` })).toHaveCount(0);
  });

  await test.step('create a server', async () => {
    await connectors.card(name).getByRole('link', { name: `Create Server from ${name}` }).click();
    await expect(createServer.heading).toBeVisible();
    await expect(createServer.name).toHaveValue(name);
    await expect(createServer.notebook).toHaveValue('main');
    await expect(createServer.mostResults).toHaveValue('20');
    await expect(createServer.readOnly).not.toBeChecked();

    trouble.allow(422, '/fn/servers/create');
    await createServer.name.fill('   ');
    await createServer.notebook.fill('   ');
    await createServer.signature.fill('— the tests');
    await createServer.submit.click();
    await expect(createServer.alert).toContainText('The server was not created: Some fields need another look.');
    await expect(createServer.name).toHaveAccessibleDescription(/This is needed\.$/);
    await expect(createServer.notebook).toHaveAccessibleDescription(/This is needed\.$/);
    await expect(createServer.signature).toHaveValue('— the tests');
    await expect(createServer.alert.getByRole('link', { name: 'Notebook' })).toBeVisible();

    await createServer.name.fill(`My ${name}`);
    await createServer.notebook.fill(name);
    await createServer.submit.click();
    await expect(page.getByRole('status').filter({ hasText: `MCP server 'My ${name}' created.` })).toBeVisible();
    await expect(page.getByRole('heading', { name: `My ${name}`, exact: true })).toBeVisible();
  });

  await test.step('see the endpoint, and the token once', async () => {
    endpoint = await server.endpoint();
    token = await server.token();
    for (const client of ['Claude Code', 'Claude Desktop', 'Cursor', 'VS Code', 'curl']) {
      const snippet = await server.openClient(client);
      await expect(snippet).toContainText(endpoint);
      await expect(snippet).toContainText(`Bearer ${token}`);
    }
    await page.reload();
    await expect(page.getByRole('heading', { name: `My ${name}`, exact: true })).toBeVisible();
    await expect(server.newToken).toHaveCount(0);
    await expect(page.getByText(token)).toHaveCount(0);
    await expect(await server.openClient('Cursor')).toContainText('Bearer YOUR_TOKEN');
    await expect(server.tokenRow('First token')).toContainText('never');
    await expect.poll(() => server.toolNames()).toEqual(connectorTools);
  });

  await test.step('call a tool as an MCP client', async () => {
    const client = mcpClient(endpoint, token);
    expect((await client.initialize()).serverInfo.name).toBeTruthy();
    const tools = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(connectorTools);
    expect(tools[0]?.inputSchema).toMatchObject({ type: 'object', required: ['title', 'text'] });
    const added = await client.callTool('add_note', { title: 'From a client', text: 'Through the gateway' });
    expect(added.isError ?? false).toBe(false);
    expect(added.structuredContent).toMatchObject({ title: 'From a client' });
    expect(JSON.stringify(added.structuredContent)).toContain('— the tests');

    for (const stranger of [mcpClient(endpoint), mcpClient(endpoint, 'mcp_token_wrong')]) {
      const refused = await stranger.post({ method: 'tools/list', params: {} });
      expect(refused.status()).toBe(401);
      expect(refused.headers()['www-authenticate']).toMatch(/^Bearer/);
    }
  });

  await test.step('try tools on the page', async () => {
    const add = await server.openTool('add_note');
    await add.call({ Title: 'From the page', Text: 'Typed by hand', Tags: '["tests"]' });
    await expect(add.result).toContainText('Succeeded');
    await expect(add.result).toContainText('From the page');

    const list = await server.openTool('list_notes');
    await list.call({});
    await expect(list.result).toContainText('Succeeded');
    await expect(list.result).toContainText('From the page');
    await expect(list.result).toContainText('From a client');

    const get = await server.openTool('get_note');
    await get.call({ Id: '4040404' });
    await expect(get.result).toContainText('Failed');
    await expect(get.result).toContainText('4040404');
  });

  await test.step('create and revoke tokens', async () => {
    await server.createToken('Laptop');
    const second = await server.token();
    expect(second).not.toBe(token);
    await expect(server.tokenRow('Laptop')).toBeVisible();
    const client = mcpClient(endpoint, second);
    await client.initialize();

    await server.tokenRow('Laptop').getByRole('link', { name: 'Revoke Laptop' }).click();
    const dialog = page.getByRole('dialog', { name: 'Revoke Laptop?' });
    await dialog.getByRole('link', { name: 'Keep it' }).click();
    await expect(dialog).toHaveCount(0);
    await server.tokenRow('Laptop').getByRole('link', { name: 'Revoke Laptop' }).click();
    await dialog.getByRole('button', { name: 'Revoke token' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Token revoked.' })).toBeVisible();
    await expect(server.tokenRow('Laptop')).toHaveCount(0);
    await expect
      .poll(async () => (await client.post({ method: 'tools/list', params: {} })).status())
      .toBe(401);
  });

  await test.step('delete the server', async () => {
    await page.getByRole('link', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: `Delete My ${name}?` });
    await expect(dialog).toContainText(endpoint);
    await expect(dialog).toContainText('1 token');
    await expect(dialog).toContainText(`The connector ${name} stays.`);
    await dialog.getByRole('button', { name: 'Delete server' }).click();
    await expect(page.getByRole('status').filter({ hasText: `MCP server 'My ${name}' deleted.` })).toBeVisible();
    await expect(page).toHaveURL('/servers');
    await expect(page.getByRole('link', { name: `My ${name}` })).toHaveCount(0);
    await expect
      .poll(async () => (await mcpClient(endpoint, token).post({ method: 'tools/list', params: {} })).ok())
      .toBe(false);
  });
});
