// What a connector's service says now, beside what is in force.
import type { Locator, Page } from '@playwright/test';
import type { Connector } from '../fixtures/api';

export class ChangesPage {
  readonly state: Locator;
  readonly all: Locator;
  readonly decision: Locator;
  readonly note: Locator;
  readonly alert: Locator;
  readonly again: Locator;

  constructor(private readonly page: Page) {
    const main = page.getByRole('main');
    this.state = page.getByRole('region', { name: 'State' });
    this.all = main.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 2 }) });
    this.decision = page.getByRole('region', { name: 'Decision' });
    this.note = this.decision.getByLabel('Note');
    this.alert = main.getByRole('alert').filter({ hasText: 'Nothing was decided' });
    this.again = this.state.getByRole('button', { name: 'Ask its service again' });
  }

  async open({ connector_id }: Connector): Promise<void> {
    await this.page.goto(`/connectors/${connector_id}/changes`);
  }

  /** One thing that differs. */
  one(title: string): Change {
    return new Change(this.all.filter({ has: this.page.getByRole('heading', { name: title, exact: true }) }));
  }

  async decide(button: 'Accept selected' | 'Accept all' | 'Refuse'): Promise<void> {
    await this.decision.getByRole('button', { name: button, exact: true }).click();
  }
}

class Change {
  readonly accept: Locator;
  readonly removed: Locator;
  readonly added: Locator;

  constructor(readonly item: Locator) {
    this.accept = item.getByRole('checkbox', { name: 'Accept' });
    this.removed = item.getByRole('deletion');
    this.added = item.getByRole('insertion');
  }

  badge(word: 'Added' | 'Removed' | 'Changed' | 'Blocked'): Locator {
    return this.item.getByText(word, { exact: true });
  }
}
