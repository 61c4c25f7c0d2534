// The form that makes an MCP server from a connector, as the example connector's schema asks for it.
import type { Locator, Page } from '@playwright/test';

export class CreateServerPage {
  readonly heading: Locator;
  readonly name: Locator;
  readonly notebook: Locator;
  readonly readOnly: Locator;
  readonly mostResults: Locator;
  readonly signature: Locator;
  readonly submit: Locator;
  readonly alert: Locator;

  constructor(page: Page) {
    const form = page.getByRole('region', { name: 'New server' });
    const configuration = form.getByRole('group', { name: 'Configuration' });
    this.heading = page.getByRole('heading', { name: 'Create MCP server' });
    this.name = form.getByLabel('Name', { exact: true });
    this.notebook = configuration.getByLabel('Notebook');
    this.readOnly = configuration.getByLabel('Read-only');
    this.mostResults = configuration.getByLabel('Most results');
    this.signature = configuration.getByLabel('Signature');
    this.submit = form.getByRole('button', { name: 'Create Server' });
    this.alert = form.getByRole('alert');
  }
}
