// The audit log: filters, rows that open, and the way through its pages.
import type { Locator, Page } from '@playwright/test';

type Filters = Partial<Record<'Who' | 'Which' | 'From day' | 'To day' | 'What' | 'Kind' | 'Way', string>>;

const SELECTS = ['What', 'Kind', 'Way'];

export class AuditPage {
  readonly heading: Locator;
  readonly filters: Locator;
  readonly table: Locator;
  readonly summary: Locator;
  readonly exportLink: Locator;
  readonly pages: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole('heading', { name: 'Audit log', exact: true });
    this.filters = page.getByRole('search');
    this.table = page.getByRole('table');
    this.summary = page.getByText(/^[\d,]+ rows?( found)?$/);
    this.exportLink = page.getByRole('link', { name: 'Export as JSON Lines' });
    this.pages = page.getByRole('navigation', { name: 'Pages' });
  }

  async open(query = ''): Promise<void> {
    await this.page.goto(`/audit${query}`);
  }

  /** Asks for what has all of this: texts, days and the labels of choices. */
  async show(filters: Filters): Promise<void> {
    for (const [label, value] of Object.entries(filters)) {
      const field = this.filter(label);
      await (SELECTS.includes(label) ? field.selectOption({ label: value }) : field.fill(value));
    }
    await this.filters.getByRole('button', { name: 'Show' }).click();
  }

  filter(label: string): Locator {
    return this.filters.getByLabel(label, { exact: true });
  }

  /** The rows that say so, newest first. */
  rows(words: string | RegExp): Locator {
    return this.page.locator('tbody').filter({ hasText: words });
  }

  /** Opens a row. */
  async openRow(row: Locator): Promise<void> {
    await row.getByText('Details').click();
  }
}
