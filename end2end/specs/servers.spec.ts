// Servers of several sources: their tools' names, order and settings, as MCP clients see them.
import { Api } from '../fixtures/api';
import { connectorTools } from '../fixtures/environment';
import { somebody } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { CreateToolPage } from '../pages/create-tool';
import { ServerPage } from '../pages/server';

/** Whose servers these are: somebody who has no others. */
let owner: Api;

test.beforeAll(async ({}, { project, workerIndex }) => {
  owner = await Api.signUp(somebody(`joan-${project.name}-${workerIndex}-${Date.now().toString(36)}`));
});

test.afterAll(() => owner.close());

test.beforeEach(({ context }) => context.addCookies(owner.session.cookies));

test('a server is made from sources, and its tools are as its owner wants them', async ({
  page,
  mcpClient,
  people,
  service,
  trouble,
  unique,
  world,
  expectWellMade,
}) => {
  const type = unique('library').toLowerCase();
  const books = ['find_book', 'lend_book', 'read_rules'];
  await (await people.superuser()).activeConnector(type, service.url());
  await owner.createSource(type, 'City library');
  await owner.createSource(world.active.name, 'My notes', { notebook: type });
  const server = new ServerPage(page);
  const prefix = type.replace(/[^a-z0-9]/g, '_').slice(0, 30).replace(/_+$/, '');
  const named = (name: string) => `${prefix}__${name}`;

  await test.step('make it', async () => {
    await page.goto('/servers/new');
    await page.getByLabel('Name', { exact: true }).fill('Reading room');
    await page.getByRole('checkbox', { name: 'My notes' }).check();
    await page.getByRole('checkbox', { name: 'City library' }).check();
    await expectWellMade('server-new');
    await page.getByRole('button', { name: 'Create Server' }).click();
    await expect(page.getByRole('heading', { name: 'Reading room', exact: true })).toBeVisible();
  });

  const client = mcpClient(await server.endpoint(), await server.token());
  const path = new URL(page.url()).pathname;
  const offered = async () => (await client.listTools()).map(({ name }) => name);
  await client.initialize();

  await test.step('the first source keeps its names, the second has a prefix', async () => {
    expect(await server.sourceNames()).toEqual(['My notes', 'City library']);
    expect(await server.toolNames()).toEqual([...connectorTools, ...books.map(named)]);
    expect(await offered()).toEqual([...connectorTools, ...books.map(named)]);
    await expectWellMade('server-sources');
  });

  await test.step('order of sources', async () => {
    await server.move('City library', 'up').click();
    await expect.poll(() => server.sourceNames()).toEqual(['City library', 'My notes']);
    // What they are called doesn't change with it.
    await expect.poll(offered).toEqual([...books.map(named), ...connectorTools]);
  });

  await test.step('order of tools', async () => {
    await server.move('add_note', 'up').click();
    const moved = [named('find_book'), named('lend_book'), 'add_note', named('read_rules')];
    await expect.poll(async () => (await server.toolNames()).slice(0, 4)).toEqual(moved);
    await expect.poll(async () => (await offered()).slice(0, 4)).toEqual(moved);
    await server.tools.getByRole('button', { name: 'Back to their own order' }).click();
    await expect.poll(() => server.toolNames()).toEqual([...books.map(named), ...connectorTools]);
  });

  await test.step('switch one off', async () => {
    await server.toolSwitch('delete_note').click();
    await expect(server.toolSwitch('delete_note')).toHaveAttribute('aria-checked', 'false');
    await expect(server.toolRow('delete_note')).toContainText('Switched off');
    await expect.poll(offered).not.toContain('delete_note');
    expect(JSON.stringify(await (await client.post({ method: 'tools/call', params: { name: 'delete_note', arguments: {} } })).json())).toContain('error');
  });

  await test.step('rename and describe one', async () => {
    const old = named('find_book');
    const dialog = await server.editTool(old);
    trouble.allow(409, '/fn/servers/update-tool');
    await dialog.getByLabel('Name').fill('add_note');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog.getByLabel('Name')).toHaveAccessibleDescription(/This is taken already\.$/);
    await dialog.getByLabel('Name').fill('search_shelves');
    await dialog.getByLabel('Description').fill('Looks for a book in the city library.');
    await expectWellMade('server-edit-tool');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(page.locator('#notices').getByText("Tool 'search_shelves' saved.")).toBeVisible();
    await expect(server.toolRow('search_shelves')).toContainText(`instead of ${old}`);
    await expect
      .poll(async () => (await client.listTools()).find(({ name }) => name === 'search_shelves')?.description)
      .toBe('Looks for a book in the city library.');
    await client.callTool('search_shelves', { title: 'Middlemarch' });
    expect(service.calls.at(-1)?.name).toBe('find_book');
  });

  await test.step('find and try one', async () => {
    await server.tools.getByRole('searchbox', { name: 'Search tools' }).fill('lend');
    await server.tools.getByRole('button', { name: 'Search', exact: true }).click();
    await expect.poll(() => server.toolNames()).toEqual([named('lend_book')]);
    const tool = await server.openTool(named('lend_book'));
    await tool.call({ Book: 'Emma', Reader: 'Jane' });
    await expect(tool.result).toContainText('lend_book was called');
    await page.goto(path);
  });

  await test.step("make one from a source's template", async () => {
    const form = new CreateToolPage(page);
    await page.getByRole('link', { name: 'Make a tool from a template' }).click();
    await form.choose('search_in_tag of My notes');
    await form.name.fill('find_recipe');
    await form.argument('Tag').fill('recipe');
    await form.argument('Query').fill('{ingredient}');
    await form.submit.click();
    await expect(server.toolRow('find_recipe')).toContainText('dynamic');
    await expect.poll(offered).toContain('find_recipe');
  });

  await test.step('remove a source and add it again: the names are the same', async () => {
    await server.sourceRow('City library').getByRole('link', { name: 'Remove City library' }).click();
    const dialog = page.getByRole('dialog', { name: 'Remove City library?' });
    await expect(dialog).toContainText('Clients lose 3 tools: search_shelves,');
    await expectWellMade('server-remove-source');
    await dialog.getByRole('button', { name: 'Remove from this server' }).click();
    await expect.poll(() => server.sourceNames()).toEqual(['My notes']);
    await expect.poll(offered).not.toContain('search_shelves');
    await server.sources.getByLabel('One more source').selectOption(`City library (${type})`);
    await server.sources.getByRole('button', { name: 'Add to server' }).click();
    await expect.poll(() => server.sourceNames()).toEqual(['My notes', 'City library']);
    await expect.poll(offered).toContain('search_shelves');
  });
});

test('a server is renamed, configured, copied, deleted and brought back, and its tokens end', async ({
  page,
  mcpClient,
  trouble,
  world,
  expectWellMade,
}) => {
  const { id, endpoint, token } = await owner.createServer(world.active, 'Recipes', { notebook: 'recipes' });
  const server = new ServerPage(page);
  const told = (words: string) => expect(page.locator('#notices').getByText(words)).toBeVisible();
  const form = page.getByRole('region', { name: 'Server', exact: true });

  await test.step('rename and configure', async () => {
    trouble.allow(422, '/fn/servers/update');
    await page.goto(`/servers/${id}/edit`);
    await form.getByLabel('Name', { exact: true }).fill('Kitchen');
    await form.getByLabel('Most results').fill('1000');
    await form.evaluate((it) => it.querySelector('form')?.setAttribute('novalidate', ''));
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(form.getByRole('alert')).toContainText('The server was not saved: Some fields need another look.');
    await form.getByLabel('Most results').fill('5');
    await form.getByLabel('Read-only').check();
    await expectWellMade('server-edit');
    await form.getByRole('button', { name: 'Save' }).click();
    await told("MCP server 'Kitchen' saved.");
    const client = mcpClient(endpoint, token);
    await client.initialize();
    await expect.poll(async () => (await client.callTool('add_note', { title: 'No', text: 'x' })).isError).toBe(true);
  });

  await test.step('tokens that end', async () => {
    for (const [name, endsAfter, words] of [['Visitor', '30 days', /in 30 days|in 29 days/], ['Kiosk', 'Never', /never/]] as const) {
      await server.createToken(name, endsAfter);
      await expect(server.newToken).toBeVisible();
      await expect(server.tokenRow(name).getByRole('cell').nth(3)).toHaveText(words);
    }
  });

  await test.step('copy', async () => {
    await page.getByRole('link', { name: 'Duplicate' }).click();
    const dialog = page.getByRole('dialog', { name: 'Duplicate Kitchen' });
    await expect(dialog.getByLabel('Name of the copy')).toHaveValue('Kitchen (copy)');
    await expectWellMade('server-duplicate');
    await dialog.getByRole('button', { name: 'Duplicate' }).click();
    await expect(page.getByRole('heading', { name: 'Kitchen (copy)', exact: true })).toBeVisible();
    const copy = await server.endpoint();
    expect(copy).not.toBe(endpoint);
    const client = mcpClient(copy, await server.token());
    await client.initialize();
    expect((await client.callTool('add_note', { title: 'No', text: 'x' })).isError, 'it is configured alike').toBe(true);
  });

  await test.step('delete and restore', async () => {
    await page.goto(`/servers/${id}?delete=1`);
    await page.getByRole('dialog').getByRole('button', { name: 'Delete server' }).click();
    await told("MCP server 'Kitchen' deleted.");
    await expect.poll(async () => (await mcpClient(endpoint, token).post({ method: 'tools/list', params: {} })).ok()).toBe(false);
    await page.getByRole('navigation', { name: 'Lists' }).getByRole('link', { name: 'Deleted' }).click();
    await expect(page.getByRole('rowheader', { name: 'Kitchen', exact: true })).toBeVisible();
    await expectWellMade('servers-deleted');
    await page.getByRole('button', { name: 'Restore Kitchen', exact: true }).click();
    await told('MCP server restored. Its endpoint answers again.');
    const client = mcpClient(endpoint, token);
    await expect.poll(async () => (await client.post({ method: 'tools/list', params: {} })).status()).not.toBe(404);
    await client.initialize();
  });

  await test.step('searched for', async () => {
    await page.goto('/servers');
    await page.getByRole('searchbox', { name: 'Search servers' }).fill('(copy)');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(page.getByText('1 server', { exact: true })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Kitchen (copy)' })).toBeVisible();
    await page.goto('/servers?q=no-such-server');
    await expect(page.getByRole('heading', { name: 'Nothing found' })).toBeVisible();
  });

  await test.step("everybody's are not for everybody", async () => {
    trouble.allow(403, '/servers/all');
    await page.goto('/servers/all');
    await expect(page.getByRole('heading', { name: 'Not for this account' })).toBeVisible();
  });
});
