// Everybody's servers, for those who keep order among them.
import { Api } from '../fixtures/api';
import { somebody } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test.use({ as: 'superuser' });

test("anybody's server is restored, and deleted for good", async ({ page, unique, world, expectWellMade }) => {
  const owner = await Api.signUp(somebody(unique('rosa')));
  const name = unique('forgotten');
  const server = await owner.createServer(world.active, name);
  await owner.deleteServer(server);
  const told = (words: string) => expect(page.locator('#notices').getByText(words)).toBeVisible();
  const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: new RegExp(`^${name} `) }) });

  await test.step('restore it', async () => {
    await page.goto('/servers');
    await page.getByRole('navigation', { name: 'Lists' }).getByRole('link', { name: "Everybody's" }).click();
    await page.getByRole('searchbox', { name: 'Search names, endpoints and owners' }).fill(name);
    await page.getByRole('combobox', { name: 'Deleted or not' }).selectOption('Deleted');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(row).toContainText(owner.person.email);
    await page.getByRole('button', { name: `Restore ${name}` }).click();
    await told('MCP server restored. Its endpoint answers again.');
  });

  await test.step('delete it for good: whose it is, and its endpoint, are named', async () => {
    await page.goto(`/servers/all?q=${encodeURIComponent(owner.person.email)}`);
    await expect(row).toContainText(server.endpoint);
    await expectWellMade('servers-all');
    await page.getByRole('link', { name: `Delete ${name} for good` }).click();
    const dialog = page.getByRole('dialog', { name: `Delete ${name} for good?` });
    await expect(dialog).toContainText(owner.person.email);
    await expect(dialog).toContainText(server.endpoint);
    await expectWellMade('servers-erase');
    await dialog.getByRole('link', { name: 'Keep it' }).click();
    await expect(dialog).toHaveCount(0);
    await page.getByRole('link', { name: `Delete ${name} for good` }).click();
    await dialog.getByRole('button', { name: 'Delete for good' }).click();
    await told('MCP server deleted for good.');
    await expect(row).toHaveCount(0);
  });
  await owner.close();
});
