// The catalogue: the register form, the cards, and both ways to activate a connector.
import type { Locator, Page } from '@playwright/test';

export class ConnectorsPage {
  readonly registerForm: RegisterForm;
  readonly activation: ActivationForm;
  readonly dialog: Locator;
  readonly dialogForm: ActivationForm;

  constructor(private readonly page: Page) {
    this.registerForm = new RegisterForm(page.getByRole('region', { name: 'Register New Connector' }));
    this.activation = new ActivationForm(page.getByRole('region', { name: /^Activate Connector: / }));
    this.dialog = page.getByRole('dialog', { name: 'Activate connector' });
    this.dialogForm = new ActivationForm(this.dialog);
  }

  async open(query = ''): Promise<void> {
    await this.page.goto(`/connectors${query}`);
  }

  /** A connector in the list. */
  card(name: string): Locator {
    return this.page
      .getByRole('listitem')
      .filter({ has: this.page.getByRole('heading', { name, exact: true }) });
  }

  /** The link in a card that opens the activation dialog. */
  activateLink(name: string): Locator {
    return this.card(name).getByRole('link', { name: `Activate ${name}` });
  }

  async search(words: string): Promise<void> {
    await this.page.getByRole('searchbox', { name: 'Search connectors' }).fill(words);
    await this.page.getByRole('button', { name: 'Search' }).click();
  }
}

class RegisterForm {
  readonly name: Locator;
  readonly description: Locator;
  readonly secret: Locator;
  readonly submit: Locator;
  readonly alert: Locator;

  constructor(readonly region: Locator) {
    this.name = region.getByLabel('Connector Name');
    this.description = region.getByLabel('Description');
    this.secret = region.getByLabel('Secret (Optional)');
    this.submit = region.getByRole('button', { name: 'Register Connector' });
    this.alert = region.getByRole('alert');
  }

  async register(connector: { name: string; description: string; secret?: string }): Promise<void> {
    await this.name.fill(connector.name);
    await this.description.fill(connector.description);
    await this.secret.fill(connector.secret ?? '');
    await this.submit.click();
  }
}

class ActivationForm {
  readonly url: Locator;
  readonly submit: Locator;
  readonly alert: Locator;

  constructor(readonly region: Locator) {
    this.url = region.getByLabel('Connector URL');
    this.submit = region.getByRole('button', { name: /^Activate/ });
    this.alert = region.getByRole('alert');
  }

  async activate(url: string): Promise<void> {
    await this.url.fill(url);
    await this.submit.click();
  }
}
