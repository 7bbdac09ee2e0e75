// @ts-check

import { which } from './processes.mjs';

const CANDIDATES = [
  'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable',
  '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** How to get a Chromium that the course finds. */
export const CHROMIUM_ADVICE = 'install one (Debian, Ubuntu: sudo apt-get install chromium), or name it with COURSE_CHROMIUM=/path/to/chromium';

/**
 * Finds the Chromium (or Chrome) for the tests: `COURSE_CHROMIUM` if it is set, else one on the PATH or where it usually is.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined}
 */
export function findChromium(env) {
  for (const name of env.COURSE_CHROMIUM ? [env.COURSE_CHROMIUM] : CANDIDATES) {
    const browser = which(name, env);
    if (browser) return browser;
  }
  return undefined;
}
