// One's own account: sessions, the password, tokens for programs, and the end of it.
import { stranger } from '../fixtures/api';
import { somebody } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { AccountPages } from '../pages/account';
import { MyAccountPage } from '../pages/my-account';

test('sessions are listed and ended, and another password ends them, too', async ({
  page,
  elsewhere,
  people,
  unique,
  trouble,
}) => {
  trouble.allow(422, '/fn/account/change-password');
  const person = somebody(unique('radia'));
  const [here, there] = [new AccountPages(page), new AccountPages(elsewhere)];
  const account = new MyAccountPage(page);
  const signInThere = async (password = person.password) => {
    await elsewhere.goto('/sign-in');
    await there.signIn({ ...person, password });
    await expect(elsewhere.getByText(`Signed in as ${person.email}`)).toBeVisible();
  };
  const expectSignedOutThere = async () => {
    await elsewhere.goto('/account');
    await expect(elsewhere).toHaveURL('/sign-in?next=/account');
  };
  await page.goto('/sign-up');
  await here.signUp(person);

  await test.step('one is ended, then all others', async () => {
    await signInThere();
    await account.open();
    await expect(account.about).toContainText(person.email);
    await expect(account.about).toContainText('User');
    await expect(account.sessions.getByRole('row').filter({ hasText: 'This one' })).toHaveCount(1);
    await account.otherSessions.getByRole('button', { name: /^End .+, begun \d/ }).click();
    await expect(page.getByText('Session ended.')).toBeVisible();
    await expect(account.otherSessions).toHaveCount(0);
    await expect(account.sessions.getByRole('button', { name: 'Sign out everywhere else' })).toHaveCount(0);
    await expectSignedOutThere();

    await signInThere();
    await (await people.signIn(person)).close();
    await page.goto('/account');
    await expect(account.otherSessions).toHaveCount(2);
    await account.sessions.getByRole('button', { name: 'Sign out everywhere else' }).click();
    await expect(page.getByText('2 other sessions ended.')).toBeVisible();
    await expectSignedOutThere();
  });

  await test.step('another password', async () => {
    await signInThere();
    const { password } = account;
    await password.change('not my password', 'another long password');
    await expect(password.alert).toContainText('The password was not changed');
    await expect(password.current).toHaveAccessibleDescription(/This is not your password\.$/);
    await password.change(person.password, 'short');
    await expect(password.next).toHaveAccessibleDescription(/At least 8 characters\.$/);
    await password.change(person.password, 'another long password');
    await expect(page.getByText('Password changed. Your other session was ended.')).toBeVisible();
    await expectSignedOutThere();
    await there.signIn(person);
    await expect(there.alert).toHaveText('Email or password is wrong.');
    await signInThere('another long password');
  });
});

test('a program signs in with an API token until that is revoked', async ({ page, unique, trouble, expectWellMade }) => {
  trouble.allow(422, '/fn/account/create-token');
  const person = somebody(unique('karen'));
  const account = new MyAccountPage(page);
  await page.goto('/sign-up');
  await new AccountPages(page).signUp(person);
  await account.open();
  await expect(account.tokens.getByRole('heading', { name: 'No API tokens' })).toBeVisible();

  await account.createToken(' ', 'Never');
  await expect(account.tokens.getByRole('alert')).toContainText('The API token was not created');
  await expect(account.tokens.getByLabel('Ends after')).toHaveValue('never');
  await account.createToken('Backup', '30 days');
  const token = await account.token();
  await expect(account.tokenRow('Backup')).toContainText('never');
  await expect(account.tokenRow('Backup')).toContainText('in 30 days');
  await expectWellMade('account-new-token');

  const program = await stranger();
  const me = () => program.get('/api/auth/me', { headers: { Authorization: `Bearer ${token}` } });
  const answer = await me();
  expect(answer.status()).toBe(200);
  expect(await answer.json()).toMatchObject({ email: person.email });
  await page.goto('/account');
  await expect(account.newToken).toHaveCount(0);
  await expect(account.tokenRow('Backup')).toContainText('just now');

  await account.tokenRow('Backup').getByRole('link', { name: 'Revoke Backup' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke Backup?' });
  await dialog.getByRole('button', { name: 'Revoke API token' }).click();
  await expect(page.getByText('API token revoked.')).toBeVisible();
  await expect(account.tokenRow('Backup')).toHaveCount(0);
  expect((await me()).status()).toBe(401);
  await program.dispose();
});

test('an account is deleted with what it owns, once its address and its password are typed', async ({
  page,
  people,
  world,
  unique,
  mcpClient,
  expectWellMade,
}) => {
  const person = somebody(unique('ida'));
  const account = new MyAccountPage(page);
  const { deleteDialog } = account;
  const api = await people.signUp(person);
  const server = await api.createServer(world.active, unique('Notes'));
  await api.close();
  await page.goto('/sign-in?next=/account');
  await new AccountPages(page).signIn(person);
  await page.getByRole('link', { name: 'Delete account' }).click();
  await expect(deleteDialog.dialog).toContainText('1 MCP server, deleted or not, with its endpoint');
  await expect(deleteDialog.dialog).toContainText('1 token of MCP servers');
  await expectWellMade('account-delete');

  await deleteDialog.delete(person.email, 'somebody@example.org', person.password);
  await expect(deleteDialog.confirm(person.email)).toHaveAccessibleDescription(new RegExp(`This is not the address: ${person.email}$`));
  await deleteDialog.delete(person.email, person.email, 'not my password');
  await expect(deleteDialog.password).toHaveAccessibleDescription(/This is not your password\.$/);
  await deleteDialog.delete(person.email, person.email.toUpperCase(), person.password);
  await expect(page).toHaveURL('/sign-in');
  await expect(page.getByText('Your account is deleted, with everything in it.')).toBeVisible();

  const accountPages = new AccountPages(page);
  await accountPages.signIn(person);
  await expect(accountPages.alert).toHaveText('Email or password is wrong.');
  const refused = await mcpClient(server.endpoint, server.token).post({ method: 'tools/list', params: {} });
  expect([401, 404]).toContain(refused.status());
});
