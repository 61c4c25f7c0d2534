// The people: the list, a user's page, and invitations.
import type { Locator, Page } from '@playwright/test';

export class UsersPage {
  readonly table: Locator;

  constructor(private readonly page: Page) {
    this.table = page.getByRole('table');
  }

  async open(query = ''): Promise<void> {
    await this.page.goto(`/users${query}`);
  }

  row(email: string): Locator {
    return rowOf(this.page, email);
  }

  async search(words: string, choices: Partial<Record<'Role' | 'State', string>> = {}): Promise<void> {
    const search = this.page.getByRole('search');
    await search.getByRole('searchbox', { name: 'Search users' }).fill(words);
    for (const [label, choice] of Object.entries(choices)) await search.getByLabel(label).selectOption({ label: choice });
    await search.getByRole('button', { name: 'Search' }).click();
  }

  async openUser(email: string): Promise<UserPage> {
    await this.row(email).getByRole('link', { name: email }).click();
    await this.page.getByRole('heading', { name: email, exact: true }).waitFor();
    return new UserPage(this.page);
  }
}

export class UserPage {
  readonly about: Locator;
  readonly role: Locator;
  readonly resetLink: Locator;
  readonly dialog: Locator;

  constructor(private readonly page: Page) {
    this.about = page.getByRole('region', { name: 'About' });
    this.role = page.getByRole('region', { name: 'Role', exact: true });
    this.resetLink = page.getByRole('region', { name: 'Send this link to them now' });
    this.dialog = page.getByRole('dialog');
  }

  async setRole(role: string): Promise<void> {
    await this.role.getByLabel('Role').selectOption({ label: role });
    await this.role.getByRole('button', { name: 'Save role' }).click();
  }

  /** Opens the question before something is done, by the words of its link. */
  async ask(what: string): Promise<void> {
    await this.page.getByRole('main').getByRole('link', { name: what, exact: true }).click();
    await this.dialog.waitFor();
  }

  /** Does what was asked, by the words of the button. */
  async answer(what: string): Promise<void> {
    await this.dialog.getByRole('button', { name: what, exact: true }).click();
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button, exact: true }).click();
  }

  /** The link that is shown only now. */
  async link(): Promise<string> {
    return this.resetLink.getByText(/^https?:\S+#token=/).innerText();
  }
}

export class InvitationsPage {
  readonly newLink: Locator;
  readonly form: Locator;
  readonly dialog: Locator;

  constructor(private readonly page: Page) {
    this.newLink = page.getByRole('region', { name: 'Send this link to them now' });
    this.form = page.getByRole('region', { name: 'New invitation' });
    this.dialog = page.getByRole('dialog', { name: 'Revoke this invitation?' });
  }

  row(whom: string): Locator {
    return rowOf(this.page, whom);
  }

  async invite(email: string, role: string): Promise<void> {
    await this.form.getByLabel('Email').fill(email);
    await this.form.getByLabel('Role').selectOption({ label: role });
    await this.form.getByRole('button', { name: 'Create invitation' }).click();
  }

  /** The link that is shown only now. */
  async link(): Promise<string> {
    return this.newLink.getByText(/^https?:\S+#token=/).innerText();
  }
}

function rowOf(page: Page, name: string): Locator {
  return page.getByRole('row').filter({ has: page.getByRole('rowheader').filter({ hasText: name }) });
}
