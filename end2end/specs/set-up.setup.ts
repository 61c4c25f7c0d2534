// The first minutes of an installation. Runs before all else, once: there is one first superuser for a database.
import { setUpToken } from '../fixtures/environment';
import { superuser } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { AccountPages } from '../pages/account';
import { ConnectorsPage } from '../pages/connectors';

test.describe.configure({ mode: 'serial' });

test('every page leads to the set-up until there is a superuser', async ({ page, expectWellMade }) => {
  for (const path of ['/', '/connectors', '/sign-in', '/sign-up', '/set-up']) {
    await page.goto(path);
    await expect(page).toHaveURL('/set-up');
    await expect(page.getByRole('heading', { name: 'Set up Patchbay' })).toBeVisible();
  }
  await expectWellMade('set-up');
});

test('the link fills in the token and leaves it in no history', async ({ page }) => {
  const account = new AccountPages(page);
  await page.goto(`/set-up#token=${setUpToken()}`);
  await expect(account.token).toHaveValue(setUpToken());
  await expect(page).toHaveURL('/set-up');
  await expect(account.email).toBeFocused();
});

test('a wrong token is refused, and the address that was typed stays', async ({ page }) => {
  const account = new AccountPages(page);
  await page.goto('/set-up#token=wrong');
  await account.fill(superuser);
  await page.getByRole('button', { name: 'Create superuser' }).click();
  await expect(account.alert).not.toBeEmpty();
  await expect(account.email).toHaveValue(superuser.email);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the token is pasted, and the first superuser is signed in to an empty Patchbay', async ({ page }) => {
    const account = new AccountPages(page);
    await page.goto('/set-up');
    await account.token.fill(setUpToken());
    await account.fill(superuser);
    await page.getByRole('button', { name: 'Create superuser' }).click();

    await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
    await expect(page.getByText(`Signed in as ${superuser.email}`)).toBeVisible();
    const steps = page.getByRole('region', { name: 'Get started' });
    await expect(steps.getByRole('heading')).toHaveText([
      'Get started',
      'Register your first connector',
      'Activate it',
      'Describe a source',
      'Create an MCP server from it',
      'Connect an MCP client',
    ]);
    await steps.getByRole('link', { name: 'Register connector' }).click();
    await expect(page.getByRole('heading', { name: 'No connectors yet' })).toBeVisible();
    await expect(new ConnectorsPage(page).registerForm.submit).toBeVisible();
  });
});

test('an empty Patchbay is well made', async ({ page, expectWellMade }) => {
  await page.goto('/set-up');
  await expect(page.getByRole('heading', { name: 'All set up' })).toBeVisible();
  await expectWellMade('set-up-done');

  await page.getByRole('link', { name: 'Sign in' }).click();
  await new AccountPages(page).signIn(superuser);
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
  await expectWellMade('overview-first');

  await page.goto('/connectors');
  await expect(page.getByRole('heading', { name: 'No connectors yet' })).toBeVisible();
  await expectWellMade('connectors-none');
});
