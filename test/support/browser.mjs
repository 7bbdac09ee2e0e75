// @ts-check
import { chromium } from 'playwright-core';
import { CHROMIUM_ADVICE, findChromium } from '../../setup/chromium.mjs';
import { withAbsolutePaths } from '../../setup/project.mjs';

const chromiumPath = findChromium(withAbsolutePaths(process.env));

/**
 * Whether the tests in a browser have to be left out because there is none. That is allowed on a contributor's machine, where the
 * skipped tests show in the report, and never in CI, nor if `COURSE_CHROMIUM` names one that is not there.
 */
export const noBrowser = chromiumPath === undefined && !process.env.CI && !process.env.COURSE_CHROMIUM;

export async function launchBrowser() {
  if (!chromiumPath) {
    throw new Error(`No Chromium found; COURSE_CHROMIUM is ${process.env.COURSE_CHROMIUM ?? 'not set'}. What to do: ${CHROMIUM_ADVICE}.`);
  }
  return chromium.launch({
    executablePath: chromiumPath,
    // No sandbox, because it does not work as root in a container; the pages are our own. The rest keeps Chromium off the network.
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}
