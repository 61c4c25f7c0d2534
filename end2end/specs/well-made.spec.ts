// Pages that no other spec leads to, as they stand when nobody is doing anything: accessible in light and dark, nothing to scroll
// sideways on a phone.
import type { Page } from '@playwright/test';
import { nobodyListens } from '../fixtures/environment';
import { superuser } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { ConnectorsPage } from '../pages/connectors';
import { CreateServerPage } from '../pages/create-server';
import { ServerPage } from '../pages/server';

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name, exact: true });

test.describe('for nobody', () => {
  test('sign-in', async ({ page, expectWellMade }) => {
    await page.goto('/sign-in');
    await expect(page.getByRole('main')).toMatchAriaSnapshot(`
      - main:
        - text: Patchbay
        - heading "Sign in" [level=1]
        - text: Email
        - textbox "Email"
        - text: Password
        - textbox "Password"
        - button "Sign in"
        - status
        - paragraph:
          - text: No account yet?
          - link "Sign up":
            - /url: /sign-up
    `);
    await expectWellMade('sign-in');
  });

  test('sign-up', async ({ page, expectWellMade }) => {
    await page.goto('/sign-up');
    await expect(heading(page, 'Sign up')).toBeVisible();
    await expectWellMade('sign-up');
  });

  test('API documentation', async ({ page, expectWellMade }) => {
    await page.goto('/api/docs');
    await expect(heading(page, 'The REST API')).toBeVisible();
    await expectWellMade('api-docs');
    await page.getByRole('navigation', { name: 'Parts of the API' }).getByRole('link', { name: 'Sources' }).click();
    await expect(heading(page, 'Make a source')).toBeVisible();
    await page.getByText('What is in it').first().click();
    await expectWellMade('api-docs-sources');
  });
});

test.describe('for a user', () => {
  test.use({ as: 'user' });

  test('overview', async ({ page, expectWellMade }) => {
    await page.goto('/');
    await expect(heading(page, 'Get started')).toBeVisible();
    await expectWellMade('overview-user');
  });

  test('connectors', async ({ page, world, expectWellMade }) => {
    // Others may fill the first page.
    await page.goto(`/connectors?q=${world.active.name}`);
    await expect(heading(page, world.active.name)).toBeVisible();
    await expectWellMade('connectors-user');
  });

  test('no servers', async ({ page, expectWellMade }) => {
    await page.goto('/servers');
    await expect(heading(page, 'No MCP servers yet')).toBeVisible();
    await expectWellMade('servers-none');
  });
});

test.describe('for a superuser', () => {
  test.use({ as: 'superuser' });

  // That there is a server is what the world is asked for: other tests may have made newer ones.
  test('overview', async ({ page, world: _world, expectWellMade }) => {
    await page.goto('/');
    await expect(page.getByRole('region', { name: 'Your newest MCP servers' }).getByRole('row')).not.toHaveCount(0);
    await expect(page.getByRole('banner')).toMatchAriaSnapshot(`
      - banner:
        - link "Patchbay":
          - /url: /
        - navigation "Main":
          - link "Overview"
          - link "Connectors"
          - link "MCP servers"
          - link "Users"
          - link "Audit log"
        - link "Account of ${superuser.email} Superuser"
        - button "Sign out"
    `);
    await expectWellMade('overview');
  });

  test('connectors', async ({ page, world, expectWellMade }) => {
    // Others may fill the first page.
    await page.goto(`/connectors?q=${world.active.name}`);
    await expect(heading(page, world.active.name)).toBeVisible();
    await expect(page.getByRole('region', { name: 'Catalogue' }).getByRole('search')).toMatchAriaSnapshot(`
      - search:
        - searchbox "Search connectors"
        - combobox "Mode":
          - option "All modes" [selected]
          - option "Active"
          - option "Sync Mode"
          - option "Not Activated"
        - combobox "Changes":
          - option "Changed or not" [selected]
          - option "Changes waiting"
          - option "Changes refused"
        - combobox "Order":
          - option "Newest first" [selected]
          - option "Last changed first"
          - option "By name"
        - button "Search"
    `);
    await expectWellMade('connectors');
  });

  test('connectors, one just registered', async ({ page, world, expectWellMade }) => {
    await page.goto(`/connectors?registered=${world.waiting.connector_id}`);
    await expect(heading(page, `Activate Connector: ${world.waiting.name}`)).toBeVisible();
    await expectWellMade('connectors-registered');
  });

  test('connectors, one to activate', async ({ page, world, trouble, expectWellMade }) => {
    trouble.allow(400, '/fn/connectors/activate');
    const { dialog, dialogForm } = new ConnectorsPage(page);
    await page.goto(`/connectors?activate=${world.waiting.connector_id}`);
    await expect(dialog).toMatchAriaSnapshot(`
      - dialog "Activate connector":
        - heading "Activate connector" [level=2]
        - link "Close"
        - paragraph:
          - text: "Connector:"
          - strong: ${world.waiting.name}
          - text: "Status: deactive Not Activated"
        - text: Connector URL
        - textbox "Connector URL"
        - paragraph: The URL of its connector.json, or of its MCP endpoint.
        - link "Cancel"
        - button "Activate Connector"
        - status
    `);
    await dialogForm.activate(nobodyListens);
    await expect(dialogForm.alert).toContainText('Cannot reach connector server.');
    await expectWellMade('connectors-activate');
  });

  test('connectors, nothing found', async ({ page, expectWellMade }) => {
    await page.goto('/connectors?q=no-such-connector');
    await expect(heading(page, 'Nothing found')).toBeVisible();
    await expectWellMade('connectors-nothing-found');
  });

  test('a connector', async ({ page, world, expectWellMade }) => {
    await page.goto(`/connectors/${world.active.connector_id}`);
    await page.getByText('add_note', { exact: true }).click();
    await page.getByText('add_tagged_note', { exact: true }).click();
    await expect(page.getByRole('button', { name: 'Copy schema' }).or(page.getByText('"properties": {')).first()).toBeVisible();
    await expectWellMade('connector');
  });

  test('a connector that waits', async ({ page, world, expectWellMade }) => {
    await page.goto(`/connectors/${world.waiting.connector_id}`);
    await expect(heading(page, world.waiting.name)).toBeVisible();
    await expectWellMade('connector-waiting');
  });

  test('create a server', async ({ page, world, trouble, expectWellMade }) => {
    trouble.allow(422, '/fn/servers/create');
    const form = new CreateServerPage(page);
    await page.goto(`/connectors/${world.active.connector_id}/create-server`);
    await expect(form.heading).toBeVisible();
    await expectWellMade('create-server');
    await form.notebook.fill(' ');
    await form.submit.click();
    await expect(form.alert).toContainText('Some fields need another look.');
    await expectWellMade('create-server-refused');
  });

  test('servers', async ({ page, world, expectWellMade }) => {
    await page.goto('/servers');
    await expect(page.getByRole('row').filter({ hasText: world.server.name })).toMatchAriaSnapshot(`
      - row:
        - rowheader:
          - link
        - cell:
          - link
        - cell:
          - code: /http://localhost:\\d+/mcp/\\d+/
        - cell "0"
        - cell /ago|just now/
    `);
    await expectWellMade('servers');
  });

  test('a server', async ({ page, world, expectWellMade }) => {
    const server = new ServerPage(page);
    await page.goto(`/servers/${world.server.id}`);
    await server.createToken('For the pictures');
    await expect(server.newToken).toBeVisible();
    await expectWellMade('server-new-token');

    const tool = await server.openTool('add_note');
    await tool.call({ Title: 'A note', Text: 'With a text' });
    await expect(tool.result).toContainText('Succeeded');
    await expectWellMade('server');
  });

  test('a server, to be deleted', async ({ page, world, expectWellMade }) => {
    await page.goto(`/servers/${world.server.id}?delete=1`);
    await expect(page.getByRole('dialog', { name: `Delete ${world.server.name}?` })).toBeVisible();
    await expectWellMade('server-delete');
  });
});
