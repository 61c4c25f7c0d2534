// Addresses where nothing is.
import { expect, test } from '../fixtures/test';

test('an address that has no page says so and offers a way on', async ({ page, trouble, expectWellMade }) => {
  trouble.allow(404, '/no/such/page');
  const response = await page.goto('/no/such/page');
  expect(response?.status()).toBe(404);
  await expect(page).toHaveTitle('Page not found · Patchbay');
  await expect(page.getByRole('main')).toMatchAriaSnapshot(`
    - main:
      - text: Patchbay
      - heading "Page not found" [level=1]
      - paragraph: There is nothing at this address. It may have moved, or have a typing error.
      - paragraph:
        - link "Go to the overview":
          - /url: /
        - link "Browse connectors":
          - /url: /connectors
  `);
  await expectWellMade('not-found');
});

test.describe('signed in', () => {
  test.use({ as: 'user' });

  test("what isn't there, or is another person's, is not found", async ({ page, trouble, world, expectWellMade }) => {
    const another = `/servers/${world.server.id}`;
    const nothing = ['/connectors/999999', '/connectors/none', '/servers/0190b0a0-0000-7000-8000-000000000000', '/servers/none'];
    for (const path of [another, ...nothing]) {
      trouble.allow(404, path);
      const response = await page.goto(path);
      expect(response?.status(), path).toBe(404);
      await expect(page.getByRole('alert').getByRole('heading', { name: 'Not found' })).toBeVisible();
      await expect(page.getByText(world.server.name)).toHaveCount(0);
    }
    await expectWellMade('server-none');
    await page.getByRole('link', { name: 'Go to the overview' }).click();
    await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
  });
});
