// A person's sources: the list, the two steps to a new one, and one source's page.
import { expect, type Locator, type Page } from '@playwright/test';

export class SourcesPage {
  readonly submit: Locator;
  readonly alert: Locator;
  readonly name: Locator;
  readonly json: Locator;
  readonly configuration: Locator;

  constructor(private readonly page: Page) {
    const form = page.getByRole('region', { name: /^(New source|Source)$/ });
    this.configuration = form.getByRole('group', { name: 'Configuration' });
    this.name = form.getByLabel('Name', { exact: true });
    this.json = this.configuration.getByLabel('As a JSON object');
    this.submit = form.getByRole('button', { name: /^(Create source|Save)$/ });
    this.alert = form.getByRole('alert');
  }

  /** A source in the list. */
  row(name: string): Locator {
    return this.page.getByRole('row').filter({ has: this.page.getByRole('rowheader', { name, exact: true }) });
  }

  /** The first step: a connector of the catalogue. */
  async pick(connector: string): Promise<void> {
    await this.page.goto('/sources/new');
    await this.page.getByRole('searchbox', { name: 'Search connectors' }).fill(connector);
    await this.page.getByRole('button', { name: 'Search' }).click();
    await this.page.getByRole('link', { name: `Use ${connector}`, exact: true }).click();
    await expect(this.submit).toBeVisible();
  }

  /** The first step: a connector that nobody offers yet. */
  async nameType(type: string): Promise<void> {
    await this.page.goto('/sources/new');
    await this.page.getByLabel('Name of the connector').fill(type);
    await this.page.getByRole('button', { name: 'Go on' }).click();
    await expect(this.submit).toBeVisible();
  }

  /** A field of the configuration. */
  field(label: string): Locator {
    return this.configuration.getByLabel(label, { exact: true });
  }
}

/** One source's page. */
export class SourcePage {
  readonly configuration: Locator;
  readonly test: Locator;
  readonly servers: Locator;

  constructor(private readonly page: Page) {
    this.configuration = page.getByRole('region', { name: 'Configuration' });
    this.test = page.getByRole('region', { name: 'Test' });
    this.servers = page.getByRole('region', { name: /^Servers that use it/ });
  }

  /** What stands beside a name in the configuration. */
  setting(name: string): Locator {
    return this.configuration
      .getByRole('definition')
      .and(this.page.locator(`dt:text-is("${name}") + dd`));
  }

  async runTest(): Promise<void> {
    await this.test.getByRole('button', { name: /^Test/ }).click();
  }

  async told(words: string): Promise<void> {
    await expect(this.page.locator('#notices').getByText(words)).toBeVisible();
  }
}
