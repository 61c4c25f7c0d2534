// Somebody who has just made an account, on the way to a first call.
import { somebody } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { AccountPages } from '../pages/account';
import { ConnectorsPage } from '../pages/connectors';
import { CreateServerPage } from '../pages/create-server';
import { ServerPage } from '../pages/server';

test('a newcomer is led from an empty overview to a server that answers', async ({ page, mcpClient, unique, world }) => {
  const name = unique('mine');
  const steps = page.getByRole('region', { name: 'Get started' });
  const current = steps.getByRole('listitem').filter({ has: page.getByRole('link') });
  const server = new ServerPage(page);

  await test.step('an account of their own', async () => {
    await page.goto('/sign-up');
    await new AccountPages(page).signUp(somebody(unique('hedy')));
    await expect(steps).toMatchAriaSnapshot(`
      - region "Get started":
        - heading "Get started" [level=2]
        - list:
          - listitem:
            - heading "Pick an active connector" [level=3]
            - paragraph: An MCP server is an endpoint of your own with a connector's tools behind it.
            - link "Choose a connector":
              - /url: /connectors?mode=active
          - listitem:
            - heading "Connect an MCP client" [level=3]
    `);
    await page.goto('/servers');
    await expect(page.getByRole('heading', { name: 'No MCP servers yet' })).toBeVisible();
  });

  await test.step('a server', async () => {
    await page.goto('/');
    await steps.getByRole('link', { name: 'Choose a connector' }).click();
    const card = new ConnectorsPage(page).card(world.active.name);
    await card.getByRole('link', { name: `Create Server from ${world.active.name}` }).click();
    const form = new CreateServerPage(page);
    await form.name.fill(name);
    await form.readOnly.check();
    await form.mostResults.fill('3');
    await form.submit.click();
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
  });

  await test.step('that answers as it was configured', async () => {
    const client = mcpClient(await server.endpoint(), await server.token());
    await client.initialize();
    const refused = await client.callTool('add_note', { title: 'No', text: 'This server only reads' });
    expect(refused.isError).toBe(true);
    expect(refused.content[0]?.text).toContain('read-only');
    const listed = await client.callTool('list_notes', {});
    expect(listed.isError ?? false).toBe(false);
  });

  await test.step('and the overview knows', async () => {
    await page.goto('/');
    await expect(page.getByRole('link', { name: /^MCP servers 1$/ })).toBeVisible();
    await expect(page.getByRole('link', { name, exact: true })).toBeVisible();
    await expect(current.getByRole('heading')).toHaveText('Connect an MCP client');
    await page.getByRole('link', { name, exact: true }).click();
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
  });
});
