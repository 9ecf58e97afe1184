import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = [
  process.env.RUVECTOR_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The browser that is there, or undefined. `RUVECTOR_CHROMIUM` names another one. */
export function chromiumPath(): string | undefined {
  return places.find((place) => place !== undefined && existsSync(place));
}

/** Why browser tests are skipped, for their names. */
export const noChromium = 'no Chromium here: install the package chromium, or name one in RUVECTOR_CHROMIUM';

/** A headless Chromium that speaks to nobody but the pages it is given. */
export function launchChromium(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error(noChromium);
  return chromium.launch({
    executablePath,
    args: [
      // The sandbox needs user namespaces, which containers and root do not have.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
