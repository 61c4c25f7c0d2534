// Where the second factor is set up and looked after.
import type { Locator, Page } from '@playwright/test';

export class SecondFactorPage {
  readonly begin: PasswordOnly;
  readonly picture: Locator;
  readonly confirmation: Locator;
  readonly code: Locator;
  readonly recoveryCodes: Locator;
  readonly renewal: PasswordOnly;
  readonly removal: PasswordOnly;

  constructor(private readonly page: Page) {
    const region = (name: string) => page.getByRole('region', { name, exact: true });
    this.begin = new PasswordOnly(region('Set it up'), 'Begin');
    this.picture = page.getByRole('img', { name: 'QR code that sets up an authenticator' });
    this.confirmation = region('2. Show that it works');
    this.code = this.confirmation.getByLabel('Code');
    this.recoveryCodes = region('Keep these recovery codes now');
    this.renewal = new PasswordOnly(region('Recovery codes'), 'Make new codes');
    this.removal = new PasswordOnly(region('Turn it off'), 'Turn off');
  }

  /** The secret that an authenticator is told. */
  async secret(): Promise<string> {
    return this.page.getByText(/^[A-Z2-7]{16,}=*$/).innerText();
  }

  async confirm(code: string): Promise<void> {
    await this.code.fill(code);
    await this.confirmation.getByRole('button', { name: 'Turn on' }).click();
  }

  /** The recovery codes that are shown only now. */
  async codes(): Promise<string[]> {
    const text = await this.recoveryCodes.getByRole('code').innerText();
    return text.trim().split(/\s+/);
  }
}

/** A form that takes nothing but the password. */
class PasswordOnly {
  readonly password: Locator;
  readonly alert: Locator;

  constructor(
    readonly region: Locator,
    private readonly label: string,
  ) {
    this.password = region.getByLabel('Password');
    this.alert = region.getByRole('alert');
  }

  async send(password: string): Promise<void> {
    await this.password.fill(password);
    await this.region.getByRole('button', { name: this.label }).click();
  }
}
