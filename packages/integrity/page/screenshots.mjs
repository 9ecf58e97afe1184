/**
 * Photographs the live page with the demonstration system, for the documentation. Needs a build and Chromium.
 *
 *     node packages/integrity/page/screenshots.mjs [directory]
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { createDemo } from '../dist/cli/demo.js';
import { AuditLog, createSigner, memoryStore } from '../dist/index.js';
import { serveIntegrity } from '../dist/node/index.js';

const directory = resolve(process.argv[2] ?? join(import.meta.dirname, '..', 'doc'));
const executablePath = [process.env.RUVECTOR_CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);
if (executablePath === undefined) {
  console.error('no Chromium here: install the package chromium, or name one in RUVECTOR_CHROMIUM');
  process.exit(2);
}

/** A linear congruential generator: the same pictures each time. */
let seed = 7;
const random = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

const begin = Date.UTC(2026, 0, 15, 9, 0, 0);
const shots = [
  { name: 'live-page-normal', seconds: 58, width: 1440, height: 900, scheme: 'light' },
  { name: 'live-page-critical', seconds: 97, width: 1440, height: 900, scheme: 'dark' },
  { name: 'live-page-narrow', seconds: 84, width: 390, height: 844, scheme: 'light' },
];

mkdirSync(directory, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (const { name, seconds, width, height, scheme } of shots) {
    let now = begin;
    const clock = () => now;
    const signer = createSigner(new Uint8Array(32).fill(9));
    const log = await AuditLog.open(memoryStore(), { clock, signer, origin: 'demo.example/jobs' });
    const demo = createDemo({ clock, random, log });
    for (let second = 0; second < seconds; second++) {
      now = begin + second * 1000;
      demo.step();
    }
    const server = await serveIntegrity(demo.integrity);
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      reducedMotion: 'reduce',
      timezoneId: 'UTC',
      locale: 'en-GB',
    });
    const page = await context.newPage();
    await page.goto(server.url);
    await page.waitForSelector('#chain .record');
    await page.waitForFunction(() => document.querySelector('#graph svg .node') !== null);
    await page.waitForTimeout(800);
    const path = join(directory, `${name}.png`);
    await page.screenshot({ path, fullPage: true, scale: 'css' });
    console.log(`${path} ${Math.round(statSync(path).size / 1024)} KiB`);
    await context.close();
    await server.close();
    await log.close();
  }
} finally {
  await browser.close();
}
