// The second factor: a code from a phone beside the password, and what stands in for the phone.
import { somebody } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { totp } from '../fixtures/totp';
import { AccountPages } from '../pages/account';
import { MyAccountPage } from '../pages/my-account';
import { SecondFactorPage } from '../pages/second-factor';

test('a second factor is set up, asked for, stood in for and turned off', async ({ page, unique, trouble, expectWellMade }) => {
  trouble.allow(422, /^\/fn\/account\/(offer|confirm|remove)-second-factor$/);
  trouble.allow(422, '/fn/account/renew-recovery-codes');
  const person = somebody(unique('mary'));
  const outside = new AccountPages(page);
  const account = new MyAccountPage(page);
  const factor = new SecondFactorPage(page);
  let secret = '';
  let codes: string[] = [];

  await test.step('set up', async () => {
    await page.goto('/sign-up');
    await outside.signUp(person);
    await account.open();
    await expect(account.secondFactor).toContainText('Off');
    await account.secondFactor.getByRole('link', { name: 'Set up second factor' }).click();
    await factor.begin.send('not my password');
    await expect(factor.begin.password).toHaveAccessibleDescription(/This is not your password\.$/);
    await factor.begin.send(person.password);
    await expect(factor.picture).toBeVisible();
    secret = await factor.secret();
    await expectWellMade('second-factor-offer');

    await factor.confirm('000000');
    await expect(factor.code).toHaveAccessibleDescription(/This code is not right, or was used already\.$/);
    expect(await factor.secret()).toBe(secret);
    await factor.confirm(totp(secret, -1));
    await expect(page.getByText('The second factor is on.')).toBeVisible();
    codes = await factor.codes();
    expect(new Set(codes).size).toBe(10);
    await expectWellMade('second-factor-on');
    await page.reload();
    await expect(factor.renewal.region).toBeVisible();
    await expect(factor.recoveryCodes).toHaveCount(0);
  });

  await test.step('asked for', async () => {
    await outside.signOut();
    await page.goto('/sign-in?next=/account/second-factor');
    await outside.signIn(person);
    await expect(page.getByRole('heading', { name: 'One more step' })).toBeVisible();
    await expectWellMade('sign-in-code');
    await outside.sendCode('000000');
    await expect(outside.code).toHaveAccessibleDescription(/This code is not right, or was used already\.$/);
    // The password alone opened nothing.
    await page.goto('/account');
    await expect(page).toHaveURL('/sign-in?next=/account');
    await page.goto('/sign-in/code');
    await outside.sendCode(totp(secret));
    await expect(page).toHaveURL('/account/second-factor');
  });

  await test.step('stood in for, once each', async () => {
    const [recovery = ''] = codes;
    await outside.signOut();
    await outside.signIn(person);
    await outside.sendCode(recovery);
    await expect(page.getByText(`Signed in as ${person.email}`)).toBeVisible();
    await outside.signOut();
    await outside.signIn(person);
    await outside.sendCode(recovery);
    await expect(outside.alert).not.toBeEmpty();
    await outside.sendCode(totp(secret, 1));
    await expect(page.getByText(`Signed in as ${person.email}`)).toBeVisible();
  });

  await test.step('renewed and turned off', async () => {
    await account.open();
    await expect(account.secondFactor).toContainText('On');
    await account.secondFactor.getByRole('link', { name: 'Manage second factor' }).click();
    await factor.renewal.send(person.password);
    await expect(factor.recoveryCodes).toBeVisible();
    expect(await factor.codes()).not.toEqual(expect.arrayContaining(codes.slice(1, 2)));
    await factor.removal.send('not my password');
    await expect(factor.removal.alert).toContainText('The second factor is still on');
    await factor.removal.send(person.password);
    await expect(page.getByText('The second factor is off.')).toBeVisible();
    await expect(account.secondFactor).toContainText('Off');
    await outside.signOut();
    await outside.signIn(person);
    await expect(page.getByText(`Signed in as ${person.email}`)).toBeVisible();
  });
});

test('nobody waits for a code: the page leads to the first step', async ({ page }) => {
  await page.goto('/sign-in/code');
  await expect(page).toHaveURL('/sign-in');
});
