// The account page: password, second factor, sessions, API tokens, the end.
import type { Locator, Page } from '@playwright/test';

export class MyAccountPage {
  readonly heading: Locator;
  readonly about: Locator;
  readonly password: PasswordForm;
  readonly secondFactor: Locator;
  readonly sessions: Locator;
  readonly tokens: Locator;
  readonly newToken: Locator;
  readonly deleteDialog: DeleteDialog;

  constructor(private readonly page: Page) {
    const region = (name: string) => page.getByRole('region', { name, exact: true });
    this.heading = page.getByRole('heading', { name: 'Account', exact: true });
    this.about = region('About you');
    this.password = new PasswordForm(region('Password'));
    this.secondFactor = region('Second factor');
    this.sessions = region('Sessions');
    this.tokens = region('API tokens');
    this.newToken = region('Copy this API token now');
    this.deleteDialog = new DeleteDialog(page.getByRole('dialog', { name: 'Delete your account?' }));
  }

  /** By way of the name at the foot of the navigation. */
  async open(): Promise<void> {
    await this.page.getByRole('link', { name: /^Account of / }).click();
    await this.heading.waitFor();
  }

  /** The sessions but for this one. */
  get otherSessions(): Locator {
    return this.sessions.getByRole('row').filter({ has: this.page.getByRole('button', { name: /^End / }) });
  }

  tokenRow(name: string): Locator {
    return this.tokens.getByRole('row').filter({ has: this.page.getByRole('rowheader', { name, exact: true }) });
  }

  async createToken(name: string, ends: string): Promise<void> {
    await this.tokens.getByLabel('Name of a new API token').fill(name);
    await this.tokens.getByLabel('Ends after').selectOption({ label: ends });
    await this.tokens.getByRole('button', { name: 'Create API token' }).click();
  }

  /** The token that is shown only now. */
  async token(): Promise<string> {
    return this.newToken.getByText(/^pb_/).innerText();
  }
}

class PasswordForm {
  readonly current: Locator;
  readonly next: Locator;
  readonly alert: Locator;

  constructor(private readonly region: Locator) {
    this.current = region.getByLabel('Current password');
    this.next = region.getByLabel('New password');
    this.alert = region.getByRole('alert');
  }

  async change(current: string, next: string): Promise<void> {
    await this.current.fill(current);
    await this.next.fill(next);
    await this.region.getByRole('button', { name: 'Change password' }).click();
  }
}

class DeleteDialog {
  readonly password: Locator;

  constructor(readonly dialog: Locator) {
    this.password = dialog.getByLabel('Password');
  }

  confirm(email: string): Locator {
    return this.dialog.getByLabel(`Type ${email} to confirm`);
  }

  async delete(email: string, typed: string, password: string): Promise<void> {
    await this.confirm(email).fill(typed);
    await this.password.fill(password);
    await this.dialog.getByRole('button', { name: 'Delete account' }).click();
  }
}
