// Putting tools in order with the keyboard: the page changes, and nobody loses their place in it.
import { connectorTools } from '../fixtures/environment';
import { expect, test } from '../fixtures/test';
import { ServerPage } from '../pages/server';

test.use({ as: 'superuser' });

test('a tool goes up step by step, and the button that moves it stays under the finger', async ({ page, people, unique, world }) => {
  const { id } = await (await people.superuser()).createServer(world.active, unique('order'));
  const server = new ServerPage(page);
  await page.goto(`/servers/${id}`);
  const [add, remove, get, list, search] = connectorTools as [string, string, string, string, string];
  const up = server.move(search, 'up');
  await up.focus();
  const scrolled = () => page.evaluate(() => scrollY);
  const before = await scrolled();
  expect(before).toBeGreaterThan(0);
  for (const order of [
    [add, remove, get, search, list],
    [add, remove, search, get, list],
  ]) {
    await page.keyboard.press('Enter');
    await expect.poll(() => server.toolNames()).toEqual(order);
    await expect(up).toBeFocused();
    expect(Math.abs((await scrolled()) - before)).toBeLessThan(100);
  }
  await server.toolSwitch(add).focus();
  await page.keyboard.press('Space');
  await expect(server.toolSwitch(add)).toHaveAttribute('aria-checked', 'false');
  await expect(server.toolSwitch(add)).toBeFocused();
});
