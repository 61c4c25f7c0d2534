// Superusers keep order among the people: invitations, roles, lost passwords, accounts disabled and deleted.
import { somebody, superuser } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { AccountPages } from '../pages/account';
import { MyAccountPage } from '../pages/my-account';
import { InvitationsPage, UsersPage } from '../pages/users';

test.describe('for a superuser', () => {
  test.use({ as: 'superuser' });

  test('an invitation makes one account of the role that it gives', async ({
    page,
    elsewhere,
    javaScriptEnabled,
    unique,
    expectWellMade,
  }) => {
    const scripts = javaScriptEnabled !== false;
    const person = somebody(unique('grete'));
    const invitations = new InvitationsPage(page);
    const there = new AccountPages(elsewhere);

    await page.goto('/users');
    await page.getByRole('link', { name: 'Invite', exact: true }).click();
    await invitations.invite(person.email, 'Admin');
    const link = await invitations.link();
    await expect(invitations.row(person.email)).toContainText('Admin');
    await expect(invitations.row(person.email)).toContainText('in 7 days');
    await expectWellMade('invitations');

    await there.followInvitation(link, scripts);
    await there.signUp({ ...person, email: somebody(unique('else')).email });
    await expect(there.email).toHaveAccessibleDescription(/This invitation is for another address\.$/);
    await there.signUp(person);
    await expect(elsewhere.getByText(`Signed in as ${person.email}`)).toBeVisible();
    await expect(elsewhere.getByRole('link', { name: /^Account of / })).toContainText('Admin');
    await page.goto('/users/invitations');
    await expect(invitations.newLink).toHaveCount(0);
    await expect(invitations.row(person.email)).toHaveCount(0);

    await invitations.invite('', 'User');
    const second = await invitations.link();
    await invitations.row('Anybody').getByRole('link', { name: 'Revoke the invitation for Anybody' }).click();
    await invitations.dialog.getByRole('button', { name: 'Revoke invitation' }).click();
    await expect(page.getByText('Invitation revoked.')).toBeVisible();
    // Who has an account is told so, and loses nothing by signing out.
    await elsewhere.goto(second);
    await expect(elsewhere.getByText(`You are signed in as ${person.email}. Sign out to use an invitation`)).toBeVisible();
    await there.signOut();
    await there.arrive(second, scripts);
    await there.signUp(somebody(unique('late')));
    await expect(there.alert).toContainText('This invitation is not valid any more.');
  });

  test('somebody is found, gets a role and another password, is disabled and deleted', async ({
    page,
    elsewhere,
    javaScriptEnabled,
    people,
    world,
    unique,
    trouble,
    expectWellMade,
  }) => {
    trouble.allow(422, '/fn/users/delete');
    const person = somebody(unique('joan'));
    const users = new UsersPage(page);
    const there = new AccountPages(elsewhere);
    const api = await people.signUp(person);
    await api.createServer(world.active, unique('Notes'));
    await elsewhere.goto('/sign-in');
    await there.signIn(person);
    await expect(elsewhere.getByText(`Signed in as ${person.email}`)).toBeVisible();

    await test.step('found', async () => {
      await users.open();
      await users.search(person.email, { State: 'Disabled' });
      await expect(page.getByRole('heading', { name: 'Nobody found' })).toBeVisible();
      await page.getByRole('link', { name: 'Show all users' }).click();
      await expect(page.getByRole('heading', { name: 'Nobody found' })).toHaveCount(0);
      await users.search(person.email);
      await expect(users.row(person.email)).toContainText('Active');
      await expect(users.table.getByRole('row')).toHaveCount(2);
      await expectWellMade('users');
    });
    const user = await users.openUser(person.email);
    await expect(user.about).toContainText('MCP servers1');

    await test.step('another role', async () => {
      await user.setRole('Admin');
      await expect(page.getByText(`${person.email} is now: Admin.`)).toBeVisible();
      await expect(user.about).toContainText('Admin');
      await elsewhere.goto('/');
      await expect(elsewhere.getByRole('link', { name: /^Account of / })).toContainText('Admin');
    });

    await test.step('a lost phone', async () => {
      await api.turnOnSecondFactor();
      await page.reload();
      await expect(user.about).toContainText('Second factoron');
      await user.ask('Remove second factor');
      await user.answer('Remove second factor');
      await expect(page.getByText('Second factor removed.')).toBeVisible();
      await expect(user.about).toContainText('Second factoroff');
    });

    await test.step('a lost password', async () => {
      await user.press('Make a reset link');
      const link = await user.link();
      await expectWellMade('user');
      await elsewhere.goto(link);
      await expect(elsewhere.getByText(`You are signed in as ${person.email}. Sign out to set a new password`)).toBeVisible();
      await there.signOut();
      await there.setPassword(link, 'a password to remember', javaScriptEnabled !== false);
      await expect(elsewhere.getByText('The password is changed.')).toBeVisible();
      await there.followResetLink(link, 'a password to remember', javaScriptEnabled !== false);
      await expect(there.alert).toContainText('This link is not valid any more.');
      person.password = 'a password to remember';
      await elsewhere.goto('/sign-in');
      await there.signIn(person);
      await expect(elsewhere.getByText(`Signed in as ${person.email}`)).toBeVisible();
    });

    await test.step('disabled and enabled', async () => {
      await user.ask('Disable account');
      await user.answer('Disable account');
      await expect(page.getByText(`${person.email} is disabled.`)).toBeVisible();
      await elsewhere.goto('/account');
      await expect(elsewhere).toHaveURL('/sign-in?next=/account');
      await there.signIn(person);
      await expect(there.alert).toHaveText('Email or password is wrong.');
      await user.press('Enable account');
      await expect(page.getByText(`${person.email} is enabled again.`)).toBeVisible();
      await there.signIn(person);
      await expect(elsewhere.getByRole('heading', { name: 'Account', exact: true })).toBeVisible();
    });

    await test.step('deleted', async () => {
      await user.ask('Delete user');
      await expect(user.dialog).toContainText('1 MCP server, deleted or not, with its endpoint');
      await expectWellMade('user-delete');
      const confirm = user.dialog.getByLabel(`Type ${person.email} to confirm`);
      await confirm.fill(superuser.email);
      await user.answer('Delete user');
      await expect(confirm).toHaveAccessibleDescription(new RegExp(`This is not the address: ${person.email}$`));
      await confirm.fill(person.email);
      await user.answer('Delete user');
      await expect(page.getByText(`User '${person.email}' deleted.`)).toBeVisible();
      await expect(page).toHaveURL('/users');
      await elsewhere.goto('/account');
      await expect(elsewhere).toHaveURL('/sign-in?next=/account');
    });
    await api.close();
  });

  test('nobody locks themself out', async ({ page }) => {
    const users = new UsersPage(page);
    await users.open(`?q=${superuser.email}`);
    await expect(users.row(superuser.email)).toContainText('you');
    const own = await users.openUser(superuser.email);
    await expect(page.getByRole('main').getByRole('button')).toHaveCount(0);
    await expect(own.role).toHaveCount(0);
    await page.getByRole('link', { name: 'your account page' }).click();
    await expect(new MyAccountPage(page).heading).toBeVisible();
  });
});

test.describe('for a user', () => {
  test.use({ as: 'user' });

  test('there is no way to the users, and nothing to see', async ({ page, trouble }) => {
    await page.goto('/');
    await expect(page.getByRole('link', { name: 'Connectors', exact: true })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Users' })).toHaveCount(0);
    for (const path of ['/users', '/users/invitations']) {
      trouble.allow(403, path);
      await page.goto(path);
      await expect(page.getByRole('heading', { name: 'Not for this account' })).toBeVisible();
    }
  });
});
