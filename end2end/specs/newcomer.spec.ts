// Somebody who was invited and is no superuser, on the way from the link to a first call.
import { somebody } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { AccountPages } from '../pages/account';
import { ServerPage } from '../pages/server';
import { SourcePage, SourcesPage } from '../pages/sources';

test('a newcomer is led from an invitation to a server of a source of their own that answers', async ({
  page,
  people,
  mcpClient,
  javaScriptEnabled,
  unique,
  world,
}) => {
  const person = somebody(unique('hedy'));
  const name = unique('mine');
  const steps = page.getByRole('region', { name: 'Get started' });
  const current = steps.getByRole('listitem').filter({ has: page.getByRole('link') });
  const server = new ServerPage(page);
  let [endpoint, token] = ['', ''];

  await test.step('an account of their own', async () => {
    const link = await (await people.superuser()).invite(person.email);
    const account = new AccountPages(page);
    await account.followInvitation(link, javaScriptEnabled !== false);
    await account.signUp(person);
    await expect(steps).toMatchAriaSnapshot(`
      - region "Get started":
        - heading "Get started" [level=2]
        - list:
          - listitem:
            - heading "Describe a source" [level=3]
            - paragraph: /A source is your use of a connector/
            - link "Create source":
              - /url: /sources/new
          - listitem:
            - heading "Create an MCP server from it" [level=3]
          - listitem:
            - heading "Connect an MCP client" [level=3]
    `);
  });

  await test.step('a source', async () => {
    const [form, source] = [new SourcesPage(page), new SourcePage(page)];
    await page.goto('/');
    await steps.getByRole('link', { name: 'Create source' }).click();
    await page.getByRole('searchbox', { name: 'Search connectors' }).fill(world.active.name);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('link', { name: `Use ${world.active.name}`, exact: true }).click();
    await form.name.fill(name);
    await form.field('Notebook').fill(name);
    await form.field('Read-only').check();
    await form.submit.click();
    await source.told(`Source '${name}' created.`);
    await source.runTest();
    await expect(source.test).toContainText('It works');
  });

  await test.step('a server', async () => {
    await page.getByRole('link', { name: 'Create Server', exact: true }).click();
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('button', { name: 'Create Server' }).click();
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
    [endpoint, token] = [await server.endpoint(), await server.token()];
  });

  await test.step('that the overview knows', async () => {
    await page.goto('/');
    await expect(page.getByRole('link', { name: /^MCP servers 1$/ })).toBeVisible();
    await expect(page.getByRole('link', { name, exact: true })).toBeVisible();
    await expect(current.getByRole('heading')).toHaveText('Connect an MCP client');
    await page.getByRole('link', { name, exact: true }).click();
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
  });

  await test.step('and answers as its source was configured', async () => {
    const client = mcpClient(endpoint, token);
    await client.initialize();
    const refused = await client.callTool('add_note', { title: 'No', text: 'This server only reads' });
    expect(refused.isError).toBe(true);
    expect(refused.content[0]?.text).toContain('read-only');
    const listed = await client.callTool('list_notes', {});
    expect(listed.isError ?? false).toBe(false);
  });
});
