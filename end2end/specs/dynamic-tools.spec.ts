// Tools that a server's owner makes from its connector's templates.
import { Api } from '../fixtures/api';
import { connectorTools } from '../fixtures/environment';
import { somebody } from '../fixtures/people';
import { tool } from '../fixtures/service';
import { expect, test } from '../fixtures/test';
import { CreateToolPage } from '../pages/create-tool';
import { ServerPage } from '../pages/server';

/** Whose servers these are: somebody who has no others. */
let owner: Api;

test.beforeAll(async ({}, { project, workerIndex }) => {
  owner = await Api.signUp(somebody(`emmy-${project.name}-${workerIndex}-${Date.now().toString(36)}`));
});

test.afterAll(() => owner.close());

test.beforeEach(({ context }) => context.addCookies(owner.session.cookies));

test('a tool is made from a template, tried, called by a client, and deleted', async ({
  page,
  mcpClient,
  trouble,
  unique,
  world,
  expectWellMade,
}) => {
  const label = unique('recipes');
  const { id, endpoint, token } = await owner.createServer(world.active, label);
  const server = new ServerPage(page);
  const form = new CreateToolPage(page);
  const client = mcpClient(endpoint, token);
  await client.initialize();

  await test.step('pick a template', async () => {
    await page.goto(`/servers/${id}`);
    await page.getByRole('link', { name: 'Make a tool from a template' }).click();
    await expect(form.heading).toBeVisible();
    await expect(page.getByRole('link', { name: /^Use / })).toHaveCount(3);
    await expectWellMade('create-tool-choice');
    await form.choose('search_in_tag');
    await expect(form.name).toBeVisible();
    await expectWellMade('create-tool');
  });

  await test.step('what is wrong stands beside its field, and what was typed stays', async () => {
    trouble.allow(422, '/fn/servers/create-tool');
    await form.name.fill('find recipe');
    await form.description.fill('Finds a recipe by what is in it.');
    await form.argument('Tag').fill('recipe');
    await form.argument('Query').fill(' ');
    await form.submit.click();
    await expect(form.alert).toContainText('The tool was not created: Some fields need another look.');
    await expect(form.name).toHaveAccessibleDescription(/This is not a tool's name/);
    await expect(form.argument('Query')).toHaveAccessibleDescription(/This is needed\.$/);
    await expect(form.argument('Tag')).toHaveValue('recipe');
    await expect(form.description).toHaveValue('Finds a recipe by what is in it.');
    await expectWellMade('create-tool-refused');
  });

  await test.step('a name that a tool has already', async () => {
    trouble.allow(409, '/fn/servers/create-tool');
    await form.name.fill('add_note');
    await form.argument('Query').fill('{ingredient}');
    await form.submit.click();
    await expect(form.name).toHaveAccessibleDescription(/This is taken already\.$/);
    await expect(form.argument('Query')).toHaveValue('{ingredient}');
  });

  await test.step('create it', async () => {
    await form.name.fill('find_recipe');
    await form.submit.click();
    await expect(page.getByRole('status').filter({ hasText: "Tool 'find_recipe' created." })).toBeVisible();
    expect(await server.toolNames()).toEqual([...connectorTools, 'find_recipe']);
    await expect(server.toolRow('find_recipe')).toContainText('dynamic');
    await expect(server.toolRow('find_recipe')).toContainText('1 argument');
    await expect(server.toolRow('add_note')).not.toContainText('dynamic');
  });

  await test.step('try it', async () => {
    const tool = await server.openTool('find_recipe');
    await tool.call({ Ingredient: 'saffron' });
    await expect(tool.result).toContainText('Succeeded');
    await expectWellMade('server-dynamic-tool');
  });

  await test.step('a client calls it', async () => {
    const tool = (await client.listTools()).find(({ name }) => name === 'find_recipe');
    expect(tool?.description).toBe('Finds a recipe by what is in it.');
    expect(Object.keys(tool?.inputSchema.properties ?? {})).toEqual(['ingredient']);
    const args = { title: 'Paella', text: 'With saffron', tags: ['recipe'] };
    await client.callTool('add_note', args);
    const found = await client.callTool('find_recipe', { ingredient: 'saffron' });
    expect(found.isError ?? false).toBe(false);
    expect(JSON.stringify(found)).toContain('Paella');
  });

  await test.step('only what was made here can be deleted', async () => {
    await page.goto(`/servers/${id}`);
    await server.openTool('add_note');
    await expect(server.toolRow('add_note')).toContainText("can't be deleted here");
    await expect(server.toolRow('add_note').getByRole('link', { name: /Delete/ })).toHaveCount(0);

    await server.openTool('find_recipe');
    await server.toolRow('find_recipe').getByRole('link', { name: 'Delete tool find_recipe' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete find_recipe?' });
    await expect(dialog).toBeVisible();
    await expectWellMade('server-delete-tool');
    await dialog.getByRole('link', { name: 'Keep it' }).click();
    await expect(dialog).toHaveCount(0);
    await page.goto(`/servers/${id}?delete_tool=find_recipe`);
    await dialog.getByRole('button', { name: 'Delete tool' }).click();
    await expect(page.getByRole('status').filter({ hasText: "Tool 'find_recipe' deleted." })).toBeVisible();
    expect(await server.toolNames()).toEqual(connectorTools);
    await expect.poll(async () => (await client.listTools()).map(({ name }) => name)).not.toContain('find_recipe');
  });
});

test('whatever a template takes may be fixed, or left to each call', async ({ page, people, service, unique }) => {
  const form = new CreateToolPage(page);
  const properties = {
    floor: { type: 'integer' },
    order: { enum: ['title', 'author'] },
    lent: { type: 'boolean' },
  };
  service.manifest.templates = [{ name: 'list_books', inputSchema: { type: 'object', properties } }];
  const api = await people.superuser();
  const connector = await api.activeConnector(unique('shelves'), service.url());
  const { id } = await owner.createServer(connector, unique('shelves'), {});
  await page.goto(`/servers/${id}/create-tool`);
  await form.name.fill('books_by_storey');
  await form.argument('Floor').fill('{floor}');
  await form.argument('Order').selectOption({ label: 'Each call says it: {order}' });
  await form.argument('Lent').selectOption({ label: 'No' });
  await form.submit.click();
  const server = new ServerPage(page);
  const tool = await server.openTool('books_by_storey');
  await tool.argument('Order').selectOption({ label: 'author' });
  await tool.argument('Floor').fill('3');
  await tool.submit.click();
  await expect(tool.result).toContainText('list_books was called');
});

test('a connector without templates has none to offer', async ({ page, people, service, unique, expectWellMade }) => {
  const api = await people.superuser();
  const connector = await api.activeConnector(unique('plain'), service.url());
  const { id } = await owner.createServer(connector, unique('plain'), {});
  await page.goto(`/servers/${id}`);
  await expect(page.getByRole('heading', { name: /^Tools/ })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Make a tool from a template' })).toHaveCount(0);
  await page.goto(`/servers/${id}/create-tool`);
  await expect(page.getByRole('heading', { name: 'No templates' })).toBeVisible();
  await expectWellMade('create-tool-none');
});

test('a tool whose template is gone says so and can still be deleted', async ({ page, people, service, unique }) => {
  service.manifest.templates = [tool('list_books', 'Lists books.')];
  const api = await people.superuser();
  const connector = await api.activeConnector(unique('fickle'), service.url());
  const { id } = await owner.createServer(connector, unique('fickle'), {});
  const form = new CreateToolPage(page);
  const server = new ServerPage(page);
  await page.goto(`/servers/${id}/create-tool`);
  await form.name.fill('books');
  await form.submit.click();
  await expect(server.toolRow('books')).toBeVisible();

  service.manifest.templates = [];
  await api.sync(connector);
  await api.acceptChanges(connector, 'Nobody lists books any more');
  await page.goto(`/servers/${id}`);
  await expect(server.toolRow('books')).toContainText('Template is gone');
  await server.toolRow('books').getByText('books', { exact: true }).click();
  await expect(server.toolRow('books').getByRole('button', { name: 'Try it' })).toHaveCount(0);
  await server.toolRow('books').getByRole('link', { name: 'Delete tool books' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete tool' }).click();
  await expect(page.getByRole('status').filter({ hasText: "Tool 'books' deleted." })).toBeVisible();
});

test('a server says what its connector\'s state means for it', async ({ page, people, service, unique, expectWellMade }) => {
  const api = await people.superuser();
  const connector = await api.activeConnector(unique('moody'), service.url());
  const { id } = await owner.createServer(connector, unique('moody'), {});
  const state = page.getByRole('region', { name: "The connector's state" });
  await page.goto(`/servers/${id}`);
  await expect(page.getByRole('heading', { name: /^Tools/ })).toBeVisible();
  await expect(state).toHaveCount(0);

  service.manifest.tools[0] = tool('find_book', 'Finds books by their author.', ['author']);
  await api.sync(connector);
  await page.reload();
  await expect(state).toContainText('offers something else than was approved');
  await expectWellMade('server-changes-waiting');
  await api.setMode(connector, 'sync');
  await page.reload();
  await expect(state).toContainText('is in sync mode');
  await api.setMode(connector, 'deactive');
  await page.reload();
  await expect(state).toContainText('is switched off');
  await expectWellMade('server-deactive');
});
