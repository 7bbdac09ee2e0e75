// @ts-check
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const CANDIDATES = [
  '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The Chromium (or Chrome) of this machine; `COURSE_CHROMIUM` names another one. */
export const chromiumPath = [process.env.COURSE_CHROMIUM, ...CANDIDATES].find((path) => path && existsSync(path));

/**
 * Whether the tests in a browser have to be left out because there is none. That is allowed on a contributor's machine, where the
 * skipped tests show in the report, and never in CI.
 */
export const noBrowser = chromiumPath === undefined && !process.env.CI;

export async function launchBrowser() {
  if (!chromiumPath) {
    throw new Error('No Chromium found. Install one (Debian: apt-get install chromium) or name it in COURSE_CHROMIUM.');
  }
  return chromium.launch({
    executablePath: chromiumPath,
    // No sandbox, because it does not work as root in a container; the pages are our own. The rest keeps Chromium off the network.
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}
