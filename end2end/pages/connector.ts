// A connector's page, with what superusers do there.
import { expect, type Locator, type Page } from '@playwright/test';
import type { Connector } from '../fixtures/api';

export class ConnectorPage {
  readonly about: Locator;
  readonly keeping: Locator;
  readonly dialog: Locator;
  readonly syncNow: Locator;

  constructor(private readonly page: Page) {
    this.about = page.getByRole('region', { name: 'About' });
    this.keeping = page.getByRole('region', { name: 'Mode and definitions' });
    this.dialog = page.getByRole('dialog');
    this.syncNow = this.keeping.getByRole('button', { name: 'Sync now' });
  }

  async open({ connector_id }: Connector, rest = ''): Promise<void> {
    await this.page.goto(`/connectors/${connector_id}${rest}`);
  }

  /** Opens one of the page's dialogs by the link that says so. */
  async ask(link: string): Promise<void> {
    await this.page.getByRole('link', { name: link, exact: true }).click();
    await expect(this.dialog).toBeVisible();
  }

  /** Waits for a notice at the top of the page. */
  async told(words: string | RegExp): Promise<void> {
    await expect(this.page.locator('#notices').getByText(words)).toBeVisible();
  }
}
