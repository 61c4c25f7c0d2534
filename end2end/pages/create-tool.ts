// Making a tool from a template: the choice, and the form with the template's arguments.
import type { Locator, Page } from '@playwright/test';

export class CreateToolPage {
  readonly heading: Locator;
  readonly name: Locator;
  readonly description: Locator;
  readonly submit: Locator;
  readonly alert: Locator;

  private readonly args: Locator;

  constructor(private readonly page: Page) {
    const form = page.getByRole('region', { name: 'New tool' });
    this.args = form.getByRole('group', { name: 'Arguments' });
    this.heading = page.getByRole('heading', { name: 'Make a tool from a template' });
    this.name = form.getByLabel('Name', { exact: true });
    this.description = form.getByLabel('Description', { exact: true });
    this.submit = form.getByRole('button', { name: 'Create tool' });
    this.alert = form.getByRole('alert');
  }

  /** One of the template's arguments. */
  argument(label: string): Locator {
    return this.args.getByLabel(label, { exact: true });
  }

  /** Picks a template. */
  async choose(template: string): Promise<void> {
    await this.page.getByRole('link', { name: `Use ${template}`, exact: true }).click();
  }
}
