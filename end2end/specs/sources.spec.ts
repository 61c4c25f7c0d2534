// Sources: made in two steps, tested, edited without their secrets being seen, used by servers, deleted.
import { Api } from '../fixtures/api';
import { somebody } from '../fixtures/people';
import { tool } from '../fixtures/service';
import { expect, test } from '../fixtures/test';
import { SourcePage, SourcesPage } from '../pages/sources';

/** Whose sources these are: somebody who has no others. */
let owner: Api;

test.beforeAll(async ({}, { project, workerIndex }) => {
  owner = await Api.signUp(somebody(`mary-${project.name}-${workerIndex}-${Date.now().toString(36)}`));
});

test.afterAll(() => owner.close());

test.beforeEach(({ context }) => context.addCookies(owner.session.cookies));

/** Something of every kind that a form can have. */
const everyKind = {
  params: {
    type: 'object',
    required: ['host', 'api_key'],
    additionalProperties: false,
    properties: {
      api_key: { type: 'string', title: 'API key', writeOnly: true },
      host: { type: 'string', title: 'Host', description: 'Where it runs.', minLength: 3 },
      region: { title: 'Region', enum: ['eu', 'us'], default: 'eu' },
      limit: { type: 'integer', title: 'Most results', minimum: 1, default: 20 },
      notes: { type: 'string', title: 'Notes', format: 'textarea' },
      loud: { type: 'boolean', title: 'Tell everybody' },
      labels: { type: 'array', title: 'Labels', items: { type: 'string' } },
    },
  },
  ui_schema: { 'ui:order': ['host', '*'], host: { 'ui:placeholder': 'crm.example.org', 'ui:help': 'Without https.' } },
};

test('a source is made from a schema, tested, edited, used and deleted', async ({
  page,
  mcpClient,
  people,
  service,
  trouble,
  unique,
  expectWellMade,
}) => {
  const type = unique('crm');
  service.manifest.config = everyKind;
  service.manifest.tools = Array.from({ length: 32 }, (_, n) => tool(`tool_${n}`, 'One of many.'));
  await (await people.superuser()).activeConnector(type, service.url());
  const form = new SourcesPage(page);
  const source = new SourcePage(page);

  await test.step('nothing yet', async () => {
    await page.goto('/sources');
    await expect(page.getByRole('heading', { name: 'No sources yet' })).toBeVisible();
    await expectWellMade('sources-none');
    await page.goto('/servers/new');
    await expect(page.getByRole('heading', { name: 'No sources yet' })).toBeVisible();
    await page.getByRole('link', { name: 'Create source' }).click();
    await expect(page.getByRole('heading', { name: 'Pick a connector' })).toBeVisible();
  });

  await test.step('the form that the schema and its layout ask for', async () => {
    await form.pick(type);
    await expect(form.configuration.getByRole('textbox').first()).toHaveAttribute('placeholder', 'crm.example.org');
    await expect(form.field('Host')).toHaveAccessibleDescription('Without https.');
    await expect(form.field('API key')).toHaveAttribute('type', 'password');
    await expect(form.field('Region')).toHaveValue('eu');
    await expect(form.field('Most results')).toHaveValue('20');
    await expectWellMade('source-create');
  });

  await test.step('what is wrong stands beside its field, and what was typed stays', async () => {
    trouble.allow(422, '/fn/sources/create');
    await form.name.fill('Paris office');
    await form.field('Host').fill('x');
    await form.field('API key').fill('k-123');
    await form.field('Region').selectOption('us');
    await form.field('Notes').fill('Two\nlines');
    await form.field('Tell everybody').check();
    await form.field('Labels').fill('["vip"]');
    await form.submit.click();
    await expect(form.alert).toContainText('The source was not created: Some fields need another look.');
    await expect(form.field('Host')).toHaveAttribute('aria-invalid', 'true');
    await expect(form.field('Region')).toHaveValue('us');
    await expect(form.field('Labels')).toHaveValue('["vip"]');
    // Without scripts it is gone: secrets don't wait for the next page.
    await form.field('API key').fill('k-123');
    await form.field('Host').fill('crm.example.org');
    await form.submit.click();
    await source.told("Source 'Paris office' created.");
  });

  await test.step('shown without its secret', async () => {
    await expect(source.setting('Host')).toHaveText('crm.example.org');
    await expect(source.setting('API key')).toHaveText('Stored, and not shown');
    await expect(source.setting('Tell everybody')).toHaveText('Yes');
    expect(await page.content()).not.toContain('k-123');
  });

  await test.step('test it', async () => {
    await source.runTest();
    await expect(source.test).toContainText('It works');
    await expect(source.test).toContainText('32 tools');
    await expect(source.test.getByRole('list', { name: 'Tools' })).toContainText('+ 2 more');
    await expectWellMade('source');
  });

  const { id } = { id: new URL(page.url()).pathname.split('/').at(-1) ?? '' };
  await test.step('edit it: the secret stays', async () => {
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await expect(form.field('API key')).toHaveAccessibleDescription(/Stored, and not shown\./);
    await form.name.fill('London office');
    await form.field('Most results').fill('7');
    await form.field('Tell everybody').uncheck();
    await expectWellMade('source-edit');
    await form.submit.click();
    await source.told("Source 'London office' saved.");
    await expect(source.setting('Most results')).toHaveText('7');
    await expect(source.setting('Tell everybody')).toHaveText('No');
  });

  await test.step('somebody else was faster', async () => {
    trouble.allow(412, '/fn/sources/update');
    await page.goto(`/sources/${id}/edit`);
    await owner.updateSource({ id, type, name: null }, { name: 'Rome office' });
    await form.name.fill('Berlin office');
    await form.submit.click();
    await expect(form.alert).toContainText('The source was not saved');
    await expect(form.name).toHaveValue('Berlin office');
    await form.alert.getByRole('link', { name: 'Show it as it is now' }).click();
    await expect(form.name).toHaveValue('Rome office');
  });

  await test.step('its connector gets it with each call, with its secret', async () => {
    await page.goto(`/sources/${id}`);
    await page.getByRole('link', { name: 'Create Server' }).click();
    await expect(page.getByRole('checkbox', { name: 'Rome office' })).toBeChecked();
    await page.getByLabel('Name', { exact: true }).fill('Office');
    await page.getByRole('button', { name: 'Create Server' }).click();
    await expect(page.getByRole('heading', { name: 'Office', exact: true })).toBeVisible();
    const endpoint = await page.getByText(/^https?:\/\/\S+\/mcp\/\d+$/).first().innerText();
    const client = mcpClient(endpoint, await page.getByText(/^mcp_token_/).first().innerText());
    await client.initialize();
    await client.callTool('tool_3', {});
    expect(service.calls.at(-1)).toMatchObject({
      name: 'tool_3',
      source: { type, metadata: { host: 'crm.example.org', api_key: 'k-123', limit: 7, loud: false, labels: ['vip'] } },
    });
  });

  await test.step('a test that fails says why', async () => {
    await service.stop();
    await page.goto(`/sources/${id}`);
    await source.runTest();
    await expect(source.test).toContainText("It doesn't work");
    await expectWellMade('source-test-failed');
  });

  await test.step('delete it: the servers that it leaves are named', async () => {
    await expect(source.servers.getByRole('link', { name: 'Office' })).toBeVisible();
    await page.getByRole('link', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete Rome office?' });
    await expect(dialog).toContainText('1 server: Office');
    await expectWellMade('source-delete');
    await dialog.getByRole('button', { name: 'Delete source' }).click();
    await source.told("Source 'Rome office' deleted.");
    await expect(page.locator('#notices')).toContainText('It left Office.');
    await expect(page).toHaveURL('/sources');
  });
});

test('a source of a connector that nobody offers yet waits for it', async ({ page, people, service, trouble, unique, expectWellMade }) => {
  const type = unique('weather');
  const form = new SourcesPage(page);
  const source = new SourcePage(page);

  await test.step('typed as JSON', async () => {
    trouble.allow(422, '/fn/sources/create');
    await form.nameType(type);
    await expect(page.getByText('No connector has this name yet.')).toBeVisible();
    await form.json.fill('{"town":');
    await form.submit.click();
    await expect(form.json).toHaveAccessibleDescription(/This is not a JSON object\.$/);
    await expect(form.json).toHaveValue('{"town":');
    await expectWellMade('source-unknown');
    await form.json.fill('{"town": "Paris"}');
    await form.submit.click();
    await source.told(`Source '${type}' created.`);
    await expect(page.getByRole('region', { name: "The source's state" })).toContainText('contributes no tools');
    await expect(source.test).toHaveCount(0);
    await expectWellMade('source-waiting');
  });

  await test.step('found in the list, by type and by words', async () => {
    await page.goto('/sources?q=nothing-like-it');
    await expect(page.getByRole('heading', { name: 'Nothing found' })).toBeVisible();
    await page.goto('/sources');
    await page.getByRole('combobox', { name: 'Type' }).selectOption(type);
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(form.row(type)).toContainText('No connector');
    await expect(page.getByText('1 source', { exact: true })).toBeVisible();
    await expectWellMade('sources');
  });

  await test.step('once there is one, what does not fit can be put right', async () => {
    const { params, ui_schema } = everyKind;
    service.manifest.config = { params: { ...params, additionalProperties: true, required: ['host'] }, ui_schema };
    const connector = await (await people.superuser()).activeConnector(type, service.url());
    await form.row(type).getByRole('link', { name: type }).click();
    await expect(page.getByText("Configuration doesn't fit")).toBeVisible();
    await page.getByRole('link', { name: 'Edit the configuration' }).click();
    await expect(form.configuration.getByLabel('Further settings')).toHaveValue(/"town"/);
    await form.field('Host').fill('weather.example.org');
    await form.submit.click();
    await expect(page.getByText('Ready', { exact: true })).toBeVisible();
    await expect(source.setting('town')).toHaveText('Stored, and not shown');
    await page.goto(`/connectors/${connector.connector_id}`);
    await expect(page.getByRole('link', { name: 'Create source' })).toBeVisible();
    await page.getByRole('region', { name: 'About' }).getByRole('link', { name: '1', exact: true }).click();
    await expect(form.row(type)).toBeVisible();
  });
});
