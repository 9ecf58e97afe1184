// @ts-check
/** A Chromium for the tests that run in a browser. Nothing else needs one. */
import { aptInstall, installCommand, mayInstall } from './packages.mjs';
import { SetupError, say, which } from './process.mjs';

/** Makes sure that a Chromium is there, or says that tests are skipped and how to get one. */
export async function ensureBrowser() {
  if (process.env.RUVECTOR_CHROMIUM !== undefined) return;
  if (['chromium', 'chromium-browser', 'google-chrome'].some((name) => which(name) !== undefined)) return;
  const cure = installCommand({
    apt: 'chromium',
    dnf: 'chromium',
    apk: 'chromium',
    pacman: 'chromium',
    brew: '--cask google-chrome',
  });
  try {
    if (await mayInstall()) return await aptInstall(['chromium']);
    say(`There is no Chromium. Tests in a browser are skipped. To have them: ${cure}`);
  } catch (error) {
    // A signal still ends us.
    if (!(error instanceof SetupError)) throw error;
    say(`${error.message} Tests in a browser are skipped.`);
  }
}
