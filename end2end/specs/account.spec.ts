// Signing in and out, and making an account.
import { superuser, somebody } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { AccountPages } from '../pages/account';

test('whoever isn\'t signed in is sent to the sign-in page and back', async ({ page }) => {
  const account = new AccountPages(page);
  await page.goto('/connectors?mode=active');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await account.signIn(superuser);
  await expect(page).toHaveURL('/connectors?mode=active');
  await expect(page.getByRole('heading', { name: 'Connectors', exact: true })).toBeVisible();
});

test('a wrong password and an unknown address get the same answer, and what was typed stays', async ({ page, unique, expectWellMade }) => {
  const account = new AccountPages(page);
  await page.goto('/sign-in');
  for (const person of [{ ...superuser, password: 'not the password' }, somebody(unique('unknown'))]) {
    await account.signIn(person);
    await expect(account.alert).toHaveText('Email or password is wrong.');
    await expect(account.email).toHaveValue(person.email);
    await expect(account.password).toBeEmpty();
  }
  await expectWellMade('sign-in-refused');
});

test('signing out ends the session', async ({ page }) => {
  const account = new AccountPages(page);
  await page.goto('/sign-in');
  await account.signIn(superuser);
  await expect(page.getByText(`Signed in as ${superuser.email}`)).toBeVisible();
  await expect(page.getByText('Superuser', { exact: true })).toBeVisible();

  await account.signOut();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});

test('a new account can be made, but not twice for one address', async ({ page, unique }) => {
  const account = new AccountPages(page);
  const person = somebody(unique('alan'));
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Sign up' }).click();
  await account.signUp({ ...person, password: 'short' });
  await expect(page.getByText('At least 8 characters.', { exact: true })).toBeVisible();
  await expect(account.password).toHaveAccessibleDescription(/At least 8 characters\.$/);
  await expect(account.email).toHaveValue(person.email);

  await account.signUp(person);
  await expect(page.getByText(`Signed in as ${person.email}`)).toBeVisible();
  await expect(page.getByText('User', { exact: true })).toBeVisible();
  await account.signOut();

  await page.goto('/sign-up');
  await account.signUp({ ...person, email: person.email.toUpperCase() });
  await expect(account.alert).not.toBeEmpty();
  await expect(account.email).toHaveAccessibleDescription(/This is taken already\.$/);
  await expect(account.email).toHaveAttribute('aria-invalid', 'true');
});

test.describe('somebody who is signed in', () => {
  test.use({ as: 'superuser' });

  test('is led on from the pages for strangers', async ({ page }) => {
    for (const path of ['/sign-in', '/set-up']) {
      await page.goto(path);
      await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
    }
  });
});
