// A server's page: endpoint, new token, clients, tools to try, tokens.
import { expect, type Locator, type Page } from '@playwright/test';

export class ServerPage {
  readonly newToken: Locator;
  readonly clients: Locator;
  readonly tools: Locator;
  readonly tokens: Locator;
  readonly sources: Locator;

  constructor(private readonly page: Page) {
    this.newToken = page.getByRole('region', { name: 'Copy this token now' });
    this.clients = page.getByRole('region', { name: 'Connect a client' });
    this.tools = page.getByRole('region', { name: /^Tools/ });
    this.tokens = page.getByRole('region', { name: /^Tokens/ });
    this.sources = page.getByRole('region', { name: /^Made from/ });
  }

  /** The endpoint's URL. */
  async endpoint(): Promise<string> {
    const about = this.page.getByRole('region', { name: 'About' });
    return about.getByText(/^https?:\/\/\S+\/mcp\/\d+$/).innerText();
  }

  /** The token that is shown only now. */
  async token(): Promise<string> {
    return this.newToken.getByText(/^mcp_token_/).innerText();
  }

  /** The names of its tools, in order. */
  async toolNames(): Promise<string[]> {
    return this.tools.locator('.row-name').allInnerTexts();
  }

  /** A tool, opened so that it can be tried. */
  async openTool(name: string): Promise<ToolForm> {
    const tool = new ToolForm(this.tools, name, this.page);
    if (!(await tool.submit.isVisible())) await tool.title.click();
    await expect(tool.submit).toBeVisible();
    return tool;
  }

  /** A tool in the list. */
  toolRow(name: string): Locator {
    return this.tools.getByRole('listitem').filter({ has: this.page.getByText(name, { exact: true }) });
  }

  /** The button that offers a tool to clients, or doesn't. */
  toolSwitch(name: string): Locator {
    return this.tools.getByRole('switch', { name: `Offer ${name}`, exact: true });
  }

  /** Opens the dialog that renames a tool and describes it. */
  async editTool(name: string): Promise<Locator> {
    const row = this.toolRow(name);
    const link = row.getByRole('link', { name: `Edit ${name}`, exact: true });
    if (!(await link.isVisible())) await row.getByText(name, { exact: true }).click();
    await link.click();
    return this.page.getByRole('dialog', { name: `Edit ${name}` });
  }

  /** What a tool or a source is moved with, a step at a time. */
  move(name: string, way: 'up' | 'down'): Locator {
    return this.page.getByRole('button', { name: `Move ${name} ${way}`, exact: true });
  }

  /** What the server is made from, in order. */
  sourceNames(): Promise<string[]> {
    return this.sources.locator('.row-name').allInnerTexts();
  }

  /** A row of what the server is made from. */
  sourceRow(name: string): Locator {
    return this.sources.getByRole('listitem').filter({ has: this.page.getByText(name, { exact: true }) });
  }

  /** A client's configuration, opened. */
  async openClient(name: string): Promise<Locator> {
    const client = this.clients.getByRole('group').filter({ has: this.page.getByText(name, { exact: true }) });
    const snippet = client.getByRole('code');
    if (!(await snippet.isVisible())) await client.getByText(name, { exact: true }).click();
    await expect(snippet).toBeVisible();
    return snippet;
  }

  /** A token's row. */
  tokenRow(name: string): Locator {
    return this.tokens
      .getByRole('row')
      .filter({ has: this.page.getByRole('rowheader', { name, exact: true }) });
  }

  async createToken(name: string, endsAfter?: string): Promise<void> {
    await this.tokens.getByLabel('Name of a new token').fill(name);
    if (endsAfter) await this.tokens.getByLabel('Ends after').selectOption(endsAfter);
    await this.tokens.getByRole('button', { name: 'Create token' }).click();
  }
}

class ToolForm {
  readonly title: Locator;
  readonly submit: Locator;
  readonly alert: Locator;
  readonly result: Locator;
  private readonly item: Locator;

  constructor(tools: Locator, name: string, page: Page) {
    this.item = tools.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
    this.title = this.item.getByText(name, { exact: true });
    this.submit = this.item.getByRole('button', { name: 'Try it' });
    this.alert = this.item.getByRole('alert');
    this.result = this.item.getByRole('status').filter({ hasText: /Succeeded|Failed/ });
  }

  argument(label: string): Locator {
    return this.item.getByLabel(label, { exact: true });
  }

  async call(args: Record<string, string>): Promise<void> {
    for (const [label, value] of Object.entries(args)) await this.argument(label).fill(value);
    await this.submit.click();
  }
}
