// Calls over time, and what the overview says of them.
import { expect, test } from '../fixtures/test';

test.use({ as: 'superuser' });

test('calls show on the overview and in the activity of all servers and of one', async ({
  page,
  people,
  world,
  mcpClient,
  unique,
  expectWellMade,
}) => {
  const api = await people.superuser();
  const name = unique('Counted');
  const server = await api.createServer(world.active, name);
  const client = mcpClient(server.endpoint, server.token);
  await client.callTool('list_notes', {});

  await test.step('of one server', async () => {
    // Counts are written every few seconds.
    await expect(async () => {
      await page.goto(`/servers/${server.id}/activity`);
      await expect(page.getByRole('heading', { name: 'By tool' })).toBeVisible({ timeout: 500 });
    }).toPass();
    const tools = page.getByRole('table').filter({ hasText: 'Tool' });
    await expect(tools.getByRole('row').filter({ hasText: 'list_notes' })).toBeVisible();
    await expect(page.getByRole('img', { name: /^Calls, last 24 hours: 1 call, 0 errors\.$/ })).toBeVisible();
    await expectWellMade('server-activity');
    await page.getByText('As a table').click();
    await expect(page.getByRole('table').first().getByRole('row')).toHaveCount(2);
  });

  await test.step('another range', async () => {
    await page.getByRole('navigation', { name: 'Time' }).getByRole('link', { name: 'Last 90 days' }).click();
    await expect(page.getByRole('heading', { name: 'Calls, last 90 days' })).toBeVisible();
  });

  await test.step('of all', async () => {
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Activity' }).click();
    await expect(page.getByRole('heading', { name: 'By server' })).toBeVisible();
    await expect(page.getByRole('link', { name })).toBeVisible();
    await expectWellMade('activity');
  });

  await test.step('the overview', async () => {
    await page.goto('/');
    await expect(page.getByRole('img', { name: /^Calls, last 24 hours: / })).toBeVisible();
    await expectWellMade('overview-with-calls');
  });
});
