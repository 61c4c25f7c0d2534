// Coming in and going out: set-up, sign-in with its second step, sign-up, a lost password, sign-out.
import { expect, type Locator, type Page } from '@playwright/test';
import type { Person } from '../fixtures/people';

export class AccountPages {
  readonly email: Locator;
  readonly password: Locator;
  readonly token: Locator;
  readonly code: Locator;
  readonly invitation: Locator;
  readonly resetToken: Locator;
  readonly newPassword: Locator;
  readonly alert: Locator;

  constructor(private readonly page: Page) {
    this.email = page.getByLabel('Email');
    this.password = page.getByLabel('Password');
    this.token = page.getByLabel('Set-up token');
    this.code = page.getByLabel('Code', { exact: true });
    this.invitation = page.getByLabel('Invitation', { exact: true });
    this.resetToken = page.getByLabel('Reset token');
    this.newPassword = page.getByLabel('New password');
    this.alert = page.getByRole('alert');
  }

  async signIn(person: Person): Promise<void> {
    await this.fill(person);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** The second step of signing in. */
  async sendCode(code: string): Promise<void> {
    await this.code.fill(code);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  async signUp(person: Person): Promise<void> {
    await this.fill(person);
    await this.page.getByRole('button', { name: 'Sign up' }).click();
  }

  async signOut(): Promise<void> {
    await this.page.getByRole('button', { name: 'Sign out' }).click();
  }

  async fill({ email, password }: Person): Promise<void> {
    await this.email.fill(email);
    await this.password.fill(password);
  }

  /** Follows a link whose token stands behind the `#`. Without scripts the token has to be pasted. */
  async followInvitation(link: string, scripts: boolean): Promise<void> {
    await this.page.goto(link);
    await this.arrive(link, scripts);
  }

  /** Has the token of the link in the form, however the page was reached. */
  async arrive(link: string, scripts: boolean): Promise<void> {
    await this.email.waitFor();
    if (scripts) {
      await expect(this.invitation).toHaveValue(tokenOf(link));
      return;
    }
    await this.page.getByText('I have an invitation').click();
    await this.invitation.fill(tokenOf(link));
  }

  /** Follows a link for a lost password, and sets another one. */
  async followResetLink(link: string, password: string, scripts: boolean): Promise<void> {
    await this.page.goto(link);
    await this.setPassword(link, password, scripts);
  }

  /** Sets another password where a link led. */
  async setPassword(link: string, password: string, scripts: boolean): Promise<void> {
    await this.newPassword.waitFor();
    if (scripts) await expect(this.resetToken).toHaveValue(tokenOf(link));
    else await this.resetToken.fill(tokenOf(link));
    await this.newPassword.fill(password);
    await this.page.getByRole('button', { name: 'Set password' }).click();
  }
}

function tokenOf(link: string): string {
  const token = new URL(link).hash.match(/^#token=(.+)$/)?.[1];
  if (!token) throw new Error(`${link} has no token`);
  return token;
}
