// The catalogue as a list: searched, filtered, sorted, page by page.
import { library } from '../fixtures/service';
import { expect, test } from '../fixtures/test';
import { ConnectorsPage } from '../pages/connectors';

/** More than two pages, in no order that means something. */
const NUMBERS = Array.from({ length: 50 }, (_, index) => (index * 37) % 50);

test.describe('a superuser', () => {
  test.use({ as: 'superuser' });

  test('goes from page to page without losing search, filter and order', async ({ page, people, unique }) => {
    test.setTimeout(120_000);
    const api = await people.superuser();
    const stem = unique('many');
    for (const number of NUMBERS) await api.register(`${stem}-${String(number).padStart(2, '0')}`);

    const connectors = new ConnectorsPage(page);
    await connectors.open();
    await page.getByRole('combobox', { name: 'Mode' }).selectOption('Not Activated');
    await page.getByRole('combobox', { name: 'Order' }).selectOption('By name');
    await connectors.search(stem);
    await expect(page.getByText('50 connectors', { exact: true })).toBeVisible();
    await expect(page.getByRole('combobox', { name: 'Order' })).toHaveValue('name');

    const inOrder = NUMBERS.map((number) => `${stem}-${String(number).padStart(2, '0')}`).sort();
    const titles = page.getByRole('region', { name: 'Catalogue' }).getByRole('listitem').getByRole('heading');
    const next = page.getByRole('link', { name: 'Next page' });
    await expect(titles).toHaveText(inOrder.slice(0, 24));
    await next.click();
    await expect(titles).toHaveText(inOrder.slice(24, 48));
    await expect(page.getByRole('searchbox', { name: 'Search connectors' })).toHaveValue(stem);
    await expect(page.getByRole('combobox', { name: 'Mode' })).toHaveValue('deactive');
    await next.click();
    await expect(titles).toHaveText(inOrder.slice(48));
    await expect(next).toHaveCount(0);

    await page.getByRole('link', { name: 'First page' }).click();
    await expect(titles.first()).toHaveText(inOrder[0]!);
    await page.getByRole('combobox', { name: 'Order' }).selectOption('Newest first');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(titles.first()).toHaveText(`${stem}-${String(NUMBERS.at(-1)).padStart(2, '0')}`);
  });

  test('finds what waits for a decision', async ({ page, people, service, unique }) => {
    const api = await people.superuser();
    const [quiet, loud] = [unique('quiet'), unique('loud')];
    await api.activeConnector(quiet);
    const connector = await api.activeConnector(loud, service.url());
    service.manifest = { ...library(), tools: [] };
    await api.sync(connector);

    const connectors = new ConnectorsPage(page);
    await connectors.open();
    await page.getByRole('combobox', { name: 'Changes' }).selectOption('Changes waiting');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(connectors.card(loud)).toContainText('Changes waiting');
    await expect(connectors.card(quiet)).toHaveCount(0);
  });

  test('hears that a page is not there any more', async ({ page, expectWellMade }) => {
    const connectors = new ConnectorsPage(page);
    await connectors.open('?sort=name&cursor=not-a-cursor');
    await expect(page.getByRole('heading', { name: 'This page is not there any more' })).toBeVisible();
    await expectWellMade('connectors-no-such-page');
    await page.getByRole('link', { name: 'Go to its first page' }).click();
    await expect(page).toHaveURL('/connectors?sort=name');
  });

  test('hears that nothing was found, and how to see everything', async ({ page }) => {
    const connectors = new ConnectorsPage(page);
    await connectors.open('?q=no-such-connector&sort=updated');
    await expect(page.getByRole('heading', { name: 'Nothing found' })).toBeVisible();
    await page.getByRole('link', { name: 'Show all connectors' }).click();
    await expect(page).toHaveURL('/connectors');
  });
});

test.describe('an ordinary user', () => {
  test.use({ as: 'user' });

  test('has no filter for what only superusers decide', async ({ page }) => {
    await page.goto('/connectors');
    await expect(page.getByRole('combobox')).toHaveCount(2);
    await expect(page.getByRole('combobox', { name: 'Changes' })).toHaveCount(0);
  });
});
