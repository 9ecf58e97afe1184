/** The core's tests in a browser: no Node module, no Buffer, no process. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, coreTests } from './bundle.js';
import { chromiumPath, launchChromium, noChromium } from './chromium.js';
import type { HostReport } from './mini-vitest.js';

const absent = chromiumPath() === undefined;

describe.skipIf(absent)(absent ? `in Chromium (${noChromium})` : 'in Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  for (const file of coreTests()) {
    it(`core/${file} passes`, { timeout: 120_000 }, async () => {
      const page = await browser.newPage();
      try {
        await page.addScriptTag({ content: await bundle([file], false) });
        const report = JSON.parse(await page.evaluate<string>('globalThis.__report')) as HostReport;
        expect(report.failures).toEqual([]);
        expect(report.passed).toBeGreaterThan(0);
      } finally {
        await page.close();
      }
    });
  }
});
