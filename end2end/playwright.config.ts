// How the end-to-end tests run. `cargo xtask e2e` starts what they need and says where it is.
import { defineConfig, devices } from '@playwright/test';

const isRoot = process.getuid?.() === 0;

export default defineConfig({
  testDir: './specs',
  outputDir: process.env.PATCHBAY_E2E_OUTPUT ?? '../target/e2e-results',
  // One server and one database for all: specs that set things up would get in each other's way.
  workers: 1,
  fullyParallel: false,
  // A test that passes only sometimes is broken.
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    baseURL: process.env.PATCHBAY_E2E_URL ?? 'http://localhost:9000',
    // A trace shows more, and costs two thirds more time: `cargo xtask e2e -- --trace retain-on-failure`.
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.PATCHBAY_CHROMIUM || undefined,
      args: [
        // Chromium's sandbox needs a user that is not root.
        ...(isRoot ? ['--no-sandbox'] : []),
        '--disable-gpu',
        // Without these it calls home first, and waits where nobody answers.
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    // The first superuser, without whom there is nothing else to test.
    { name: 'set-up', testMatch: '**/*.setup.ts', use: { ...devices['Desktop Chrome'] } },
    { name: 'js', dependencies: ['set-up'], use: { ...devices['Desktop Chrome'] } },
    {
      name: 'nojs',
      dependencies: ['set-up'],
      testIgnore: [
        // What is promised of hydration can't be seen without it.
        '**/*.hydrate.spec.ts',
        // Accessibility is checked by a script, and nothing here is sent or followed that other specs don't send or follow.
        '**/{activity,well-made}.spec.ts',
      ],
      use: { ...devices['Desktop Chrome'], javaScriptEnabled: false },
    },
  ],
});
