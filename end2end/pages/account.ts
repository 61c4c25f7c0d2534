// Set-up, sign-in, sign-up and sign-out.
import type { Locator, Page } from '@playwright/test';
import type { Person } from '../fixtures/people';

export class AccountPages {
  readonly email: Locator;
  readonly password: Locator;
  readonly token: Locator;
  readonly alert: Locator;

  constructor(private readonly page: Page) {
    this.email = page.getByLabel('Email');
    this.password = page.getByLabel('Password');
    this.token = page.getByLabel('Set-up token');
    this.alert = page.getByRole('alert');
  }

  async signIn(person: Person): Promise<void> {
    await this.fill(person);
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
}
