// The audit log: every change stands in it, whoever keeps the catalogue finds it there, and nobody else does.
import { superuser } from '../fixtures/people';
import { expect, test } from '../fixtures/test';
import { AuditPage } from '../pages/audit';
import { ConnectorsPage } from '../pages/connectors';

test.describe('for a superuser', () => {
  test.use({ as: 'superuser' });

  test('what was done on a page stands in the log, with what changed', async ({ page, unique, expectWellMade }) => {
    const audit = new AuditPage(page);
    const name = unique('logged');
    await page.goto('/connectors');
    await new ConnectorsPage(page).registerForm.register({ name, description: 'To be found again', secret: 'not-to-be-seen' });
    await expect(page.getByRole('heading', { name: `Activate Connector: ${name}` })).toBeVisible();

    await page.getByRole('link', { name: 'Audit log' }).click();
    await expect(audit.heading).toBeVisible();
    const row = audit.rows(name).filter({ hasText: 'Registered connector' });
    await expect(row).toContainText(superuser.email);
    await expect(row).toContainText('Dashboard');
    await expect(row.getByText('To be found again')).toBeHidden();
    await audit.openRow(row);
    await expect(row.getByText('To be found again')).toBeVisible();
    await expect(row.getByText('connector.register', { exact: true })).toBeVisible();
    await expect(row.getByText(/^[0-9a-f-]{36}$/).first()).toBeVisible();
    await expect(page.getByText('not-to-be-seen')).toHaveCount(0);
    await expectWellMade('audit');

    await row.getByRole('link', { name, exact: true }).click();
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
  });

  test('the filters stand in the address, go into the export, and are cleared', async ({ page, people, unique }) => {
    const audit = new AuditPage(page);
    const name = unique('filtered');
    const api = await people.superuser();
    await api.register(name, 'One of two');
    await api.register(`${name}-too`, 'The other');
    const today = new Date().toISOString().slice(0, 10);

    await audit.open();
    await audit.show({
      Who: superuser.email,
      What: 'Registered connector',
      Kind: 'Connector',
      Which: name,
      Way: 'API',
      'From day': today,
      'To day': today,
    });
    await expect(audit.summary).toHaveText('2 rows found');
    await expect(audit.rows(name)).toHaveCount(2);
    const query = new URL(page.url()).searchParams;
    expect(query.get('action')).toBe('connector.register');
    expect(query.get('door')).toBe('api');
    await expect(audit.filter('Which')).toHaveValue(name);
    await expect(audit.filter('Way')).toHaveValue('api');
    await expect(audit.filter('From day')).toHaveValue(today);

    const exported = await page.request.get((await audit.exportLink.getAttribute('href')) ?? '');
    expect(exported.headers()['content-type']).toContain('jsonl');
    const lines = (await exported.text()).trim().split('\n');
    const subjects = lines.map((line) => (JSON.parse(line) as { subject: string }).subject);
    expect(subjects).toEqual([name, `${name}-too`]);

    await audit.show({ What: 'Deleted connector' });
    await expect(page.getByRole('heading', { name: 'Nothing found' })).toBeVisible();
    await audit.filters.getByRole('link', { name: 'Clear all' }).click();
    await expect(page).toHaveURL('/audit');
    await expect(audit.filter('Which')).toBeEmpty();
    await expect(audit.table).toBeVisible();
  });

  test('older pages and the way back keep the filters', async ({ page, people, unique }) => {
    const audit = new AuditPage(page);
    const name = unique('moody');
    const api = await people.superuser();
    const connector = await api.activeConnector(name);
    const first = audit.rows('active → deactive');
    for (let change = 1; change <= 51; change += 1) {
      await api.setMode(connector, change % 2 ? 'deactive' : 'sync');
    }

    await audit.open(`?subject=${name}&action=connector.mode`);
    await expect(audit.summary).toHaveText('51 rows found');
    await expect(audit.rows(name)).toHaveCount(50);
    await expect(first).toHaveCount(0);
    await expect(audit.pages.getByRole('link', { name: 'Newer' })).toHaveCount(0);
    await audit.pages.getByRole('link', { name: 'Older' }).click();
    await expect(audit.rows(name)).toHaveCount(1);
    await expect(first).toHaveCount(1);
    await expect(audit.filter('Which')).toHaveValue(name);
    await expect(audit.pages.getByRole('link', { name: 'Older' })).toHaveCount(0);
    await audit.pages.getByRole('link', { name: 'Newer' }).click();
    await expect(audit.rows(name)).toHaveCount(50);
    await expect(page).toHaveURL(`/audit?action=connector.mode&subject=${name}`);
  });

  test('a thing that is gone is named and leads nowhere', async ({ page, people, unique }) => {
    const audit = new AuditPage(page);
    const name = unique('gone');
    const api = await people.superuser();
    const connector = await api.register(name);
    await audit.open(`?subject=${name}`);
    await expect(audit.rows(name).getByRole('link', { name, exact: true })).toHaveCount(1);
    await api.deleteConnector(connector);
    await page.reload();
    await expect(audit.rows('Deleted connector')).toContainText(name);
    await expect(page.getByRole('link', { name, exact: true })).toHaveCount(0);
  });

  test('one thing\'s or one person\'s whole story is a step away', async ({ page, people, unique, expectWellMade }) => {
    const audit = new AuditPage(page);
    const name = unique('story');
    const api = await people.superuser();
    await api.setMode(await api.activeConnector(name), 'deactive');
    await audit.open(`?subject=${name}&action=connector.activate`);
    await audit.openRow(audit.rows('Activated connector'));
    await page.getByRole('link', { name: 'All that happened to it' }).click();
    await expect(audit.summary).toHaveText('3 rows found');
    await expect(audit.rows(name)).toContainText(['Changed connector\'s mode', 'Activated connector', 'Registered connector']);
    await audit.openRow(audit.rows("Changed connector's mode"));
    await expect(audit.rows("Changed connector's mode")).toContainText('active → deactive');
    await audit.openRow(audit.rows('Activated connector'));
    await expectWellMade('audit-story');

    await audit.openRow(audit.rows('Registered connector'));
    await audit.rows('Registered connector').getByRole('link', { name: 'All that they did' }).click();
    await expect(audit.filter('Who')).not.toBeEmpty();
    await expect(audit.rows(name)).toHaveCount(3);
  });

  test('nothing found, and a filter that makes no sense', async ({ page, trouble, expectWellMade }) => {
    const audit = new AuditPage(page);
    await audit.open('?subject=no-such-thing');
    await expect(page.getByRole('heading', { name: 'Nothing found' })).toBeVisible();
    await expectWellMade('audit-nothing');

    trouble.allow(422, '/audit');
    await audit.open('?from=yesterday&actor=ada');
    await expect(page.getByRole('alert')).toHaveText('Some filters need another look.');
    await expect(audit.filter('From day')).toHaveAccessibleDescription(/This is not a time/);
    await expect(audit.filter('From day')).toHaveValue('yesterday');
    await expect(audit.filter('Who')).toHaveValue('ada');
    await expectWellMade('audit-refused');
    await audit.open('?door=window');
    await expect(audit.filter('Way')).toHaveAccessibleDescription(/dashboard, api, command_line, system/);
    await expect(audit.filter('Way')).toHaveValue('window');
    await expect(audit.table).toHaveCount(0);
  });
});

test.describe('for a user', () => {
  test.use({ as: 'user' });

  test('there is no way to it, and nothing to see', async ({ page, trouble, expectWellMade }) => {
    await page.goto('/');
    await expect(page.getByRole('link', { name: 'Connectors', exact: true })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Audit log' })).toHaveCount(0);
    trouble.allow(403, '/audit');
    await page.goto('/audit');
    await expect(page.getByRole('heading', { name: 'Not for this account' })).toBeVisible();
    await expect(page.getByRole('table')).toHaveCount(0);
    await expectWellMade('audit-denied');
  });
});

test('nobody is sent to sign in, and comes back to the filtered log', async ({ page }) => {
  await page.goto('/audit?action=connector');
  await expect(page).toHaveURL('/sign-in?next=/audit%3Faction%3Dconnector');
});
