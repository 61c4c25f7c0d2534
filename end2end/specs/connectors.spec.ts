// The catalogue, for superusers and for everybody else.
import { connector, nobodyListens } from '../fixtures/environment';
import { expect, test } from '../fixtures/test';
import { ConnectorsPage } from '../pages/connectors';

test.describe('a superuser', () => {
  test.use({ as: 'superuser' });

  test('finds the register form with its labels, and fields that are needed', async ({ page }) => {
    const { registerForm } = new ConnectorsPage(page);
    await page.goto('/connectors');
    await expect(registerForm.region).toMatchAriaSnapshot(`
      - region "Register New Connector":
        - heading "Register New Connector" [level=2]
        - paragraph: "Its service doesn't have to run yet: you give its URL when you activate it."
        - text: Connector Name
        - textbox "Connector Name"
        - text: Description
        - textbox "Description"
        - text: Secret (Optional)
        - textbox "Secret (Optional)"
        - paragraph: Sent to the connector as a Bearer token with every call. Stored encrypted, never shown again.
        - button "Register Connector"
        - status
    `);
    await expect(registerForm.secret).toHaveAttribute('type', 'password');
    for (const placeholder of ['Connector Name', 'Description', 'Secret (Optional)']) {
      await expect(registerForm.region.getByPlaceholder(placeholder, { exact: true })).toBeVisible();
    }
    await registerForm.submit.click();
    await expect(registerForm.name).toBeFocused();
    await expect(page).toHaveURL('/connectors');
  });

  test('hears of a name that is taken beside what was typed', async ({ page, trouble, world }) => {
    trouble.allow(409, '/fn/connectors/register');
    const { registerForm } = new ConnectorsPage(page);
    await page.goto('/connectors');
    await registerForm.register({ name: world.active.name, description: 'The same\nagain', secret: 'hush' });
    await expect(registerForm.alert).toContainText(
      'A connector with this name already exists. Please choose a different name.',
    );
    await expect(registerForm.name).toHaveValue(world.active.name);
    await expect(registerForm.name).toHaveAccessibleDescription(/This is taken already\.$/);
    await expect(registerForm.description).toHaveValue('The same\nagain');
  });

  test('activates later, from the dialog that a waiting connector offers', async ({ page, people, unique, trouble }) => {
    const { name } = await (await people.superuser()).register(unique('later'));
    const connectors = new ConnectorsPage(page);
    await connectors.open(`?q=${name}`);
    await connectors.activateLink(name).click();
    await expect(connectors.dialog).toContainText(`Connector: ${name}`);
    await expect(connectors.dialog).toContainText('Status: deactive');
    await expect(connectors.dialog).toContainText('Not Activated');
    await expect(connectors.dialogForm.url).toHaveAttribute('placeholder', 'http://localhost:8025/connector.json');

    await connectors.dialog.getByRole('link', { name: 'Close' }).click();
    await expect(connectors.dialog).toHaveCount(0);
    await expect(page).toHaveURL(`/connectors?q=${name}`);
    await connectors.activateLink(name).click();
    await connectors.dialog.getByRole('link', { name: 'Cancel' }).click();
    await expect(connectors.dialog).toHaveCount(0);

    trouble.allow(400, '/fn/connectors/activate');
    await connectors.activateLink(name).click();
    await connectors.dialogForm.activate(nobodyListens);
    await expect(connectors.dialogForm.alert).toContainText(
      "Cannot reach connector server. Make sure it's running and the URL is correct.",
    );
    await expect(connectors.dialogForm.url).toHaveValue(nobodyListens);
    await connectors.dialogForm.activate(connector.url());
    await expect(
      page.getByRole('status').filter({ hasText: 'Connector activated! Found 5 tools and 3 templates.' }),
    ).toBeVisible();
    await expect(connectors.dialog).toHaveCount(0);
    await expect(connectors.card(name).getByText('Active', { exact: true })).toBeVisible();
  });

  test('hears of a page that is no connector, and of an address that may not be called', async ({ page, people, unique, trouble }) => {
    const { name, connector_id } = await (await people.superuser()).register(unique('wrong'));
    trouble.allow(400, '/fn/connectors/activate');
    const connectors = new ConnectorsPage(page);
    await page.goto(`/connectors/${connector_id}`);
    await page.getByRole('link', { name: 'Activate', exact: true }).click();
    await expect(connectors.dialog).toContainText(name);
    const missing = connector.url().replace('connector.json', 'missing.json');
    await connectors.dialogForm.activate(missing);
    await expect(connectors.dialogForm.alert).toContainText(`Failed to fetch connector schema from ${missing}. Status: 404`);
    await connectors.dialogForm.activate('http://169.254.169.254/connector.json');
    await expect(connectors.dialogForm.alert).toContainText('Cannot reach connector server.');
    await expect(page.getByText('Not Activated').first()).toBeVisible();
  });

  test('sees what a connector offers', async ({ page, world }) => {
    await page.goto(`/connectors/${world.active.connector_id}`);
    await expect(page).toHaveTitle(`${world.active.name} · Patchbay`);
    await expect(page.getByRole('region', { name: /^Tools/ }).getByRole('listitem')).toHaveCount(5);
    await expect(page.getByRole('region', { name: /^Templates/ }).getByRole('listitem')).toHaveCount(3);
    await expect(page.getByRole('region', { name: 'Configuration' })).toMatchAriaSnapshot(`
      - region "Configuration":
        - heading "Configuration" [level=2]
        - list:
          - listitem: /Notebook required/
          - listitem: /Read-only/
          - listitem: /Most results/
          - listitem: /Signature/
    `);
    await expect(page.getByRole('region', { name: 'About' })).toContainText('Stored, encrypted');
    await expect(page.getByRole('link', { name: 'Activate again' })).toBeVisible();
    await page.getByText('add_note', { exact: true }).click();
    await expect(page.getByText('"required": [').first()).toBeVisible();
    const template = page.getByRole('region', { name: /^Templates/ }).getByRole('group').filter({ hasText: 'add_tagged_note' });
    await template.getByText('add_tagged_note', { exact: true }).click();
    await expect(template.getByRole('term').first()).toHaveText(/^\w+\s*string\s*required$/);
    await expect(template.getByRole('definition').first()).not.toBeEmpty();
  });

  test('finds connectors by words and by mode', async ({ page, world }) => {
    const connectors = new ConnectorsPage(page);
    await connectors.open();
    await connectors.search(world.active.name.toUpperCase());
    await expect(page).toHaveURL(/[?&]q=/);
    await expect(connectors.card(world.active.name)).toBeVisible();
    await expect(connectors.card(world.waiting.name)).toHaveCount(0);

    await page.getByRole('combobox', { name: 'Mode' }).selectOption('Not Activated');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(page.getByRole('heading', { name: 'Nothing found' })).toBeVisible();
    await page.getByRole('link', { name: 'Show all connectors' }).click();
    await expect(page).toHaveURL('/connectors');
    await expect(page.getByRole('heading', { name: 'Nothing found' })).toHaveCount(0);
    // Others may fill the first page by now.
    await connectors.search(world.waiting.name);
    await expect(connectors.card(world.waiting.name)).toContainText('Not Activated');
  });
});

test.describe('an ordinary user', () => {
  test.use({ as: 'user' });

  test("reads the catalogue and sees no superuser's parts", async ({ page, world }) => {
    const connectors = new ConnectorsPage(page);
    await connectors.open(`?q=${world.waiting.name}`);
    await expect(connectors.card(world.waiting.name)).toContainText('Not Activated');
    await expect(connectors.card(world.waiting.name).getByRole('link', { name: /Activate/ })).toHaveCount(0);
    await expect(connectors.registerForm.region).toHaveCount(0);

    for (const query of ['activate', 'registered']) {
      await connectors.open(`?${query}=${world.waiting.connector_id}`);
      await expect(page.getByRole('heading', { name: 'Connectors', exact: true })).toBeVisible();
      await expect(connectors.dialog).toHaveCount(0);
      await expect(connectors.activation.region).toHaveCount(0);
    }

    await page.goto(`/connectors/${world.waiting.connector_id}?activate=1`);
    await expect(page.getByText('A superuser has to activate it before servers can be made from it.')).toBeVisible();
    await expect(page.getByRole('link', { name: /Activate/ })).toHaveCount(0);
    await expect(connectors.dialog).toHaveCount(0);
  });

  test('makes no server from a connector that waits', async ({ page, world }) => {
    await page.goto(`/connectors/${world.waiting.connector_id}/create-server`);
    await expect(page.getByText('Servers are made from active connectors.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Create Server' })).toHaveCount(0);
  });
});
