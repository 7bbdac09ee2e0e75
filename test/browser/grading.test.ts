import { mkdirSync } from 'node:fs';
import * as path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { feedbackHtml } from '../../grader/src/writers/feedback';
import { reportHtml } from '../../grader/src/writers/report';
import { launchBrowser, noBrowser } from '../support/browser.mjs';
import { answered, failed, HOSTILE, marked, resultOf, text } from '../support/marked';

const screenshots = path.resolve(__dirname, '../output/screenshots');
const attack = HOSTILE.join('\n');
const LONG = 'x'.repeat(3_000_000);

/** A page in which everything that learners can write is hostile, in its forms. */
function hostileFeedback(): string {
  const exercises = [
    marked('3.1'),
    failed('3.2', {
      message: attack, printed: attack + LONG, hint: attack,
      criteria: HOSTILE.map((note) => ({ name: 'a stride of 2', hidden: false, points: 1, earned: 0, note })),
    }),
    text('3.5'),
  ];
  const result = resultOf(HOSTILE[0], exercises, { findings: HOSTILE.map((sentence) => ({ kind: 'unknown cell', sentence })) });
  return feedbackHtml(result, answered(result, { '3.1': attack, '3.2': LONG }, { '3.5': attack }));
}

function hostileReport(): string {
  const results = Array.from({ length: 40 }, (_, i) => resultOf(i === 0 ? attack : `learner-${i}`, [
    i % 3 === 0 ? failed('3.1', { hint: attack }) : marked('3.1'), failed('3.2', { hint: undefined, earned: i % 3, message: HOSTILE[i % HOSTILE.length] }), text('3.5'),
  ], { findings: HOSTILE.map((sentence) => ({ kind: 'changed cell', sentence })) }));
  const { assignment } = results[0];
  return reportHtml({
    results, journal: new Map(results.map(({ learner }, i) => [`${assignment}/${learner}`, { milliseconds: i }])),
    similar: [{ assignment, learners: [attack, 'learner-2'], similarity: 0.9 }],
    failed: HOSTILE.map((each) => ({ assignment: each, learner: each, reason: each + LONG })),
  });
}

const pages = { feedback: hostileFeedback, report: hostileReport };

describe.skipIf(noBrowser)('pages of marks', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
    mkdirSync(screenshots, { recursive: true });
  });
  afterAll(() => browser?.close());

  describe.each(Object.entries(pages))('%s', (name, content) => {
    /** The page as a server gives it, with all that it asks for and all that goes wrong. */
    async function opened(settings: Parameters<Browser['newPage']>[0] = {}): Promise<{ page: Page; asked: string[]; said: string[] }> {
      const page = await browser.newPage(settings);
      const [asked, said]: string[][] = [[], []];
      page.on('request', (request) => asked.push(request.url()));
      page.on('dialog', (dialog) => { said.push(dialog.message()); void dialog.dismiss(); });
      page.on('console', (message) => said.push(message.text()));
      page.on('pageerror', (error) => said.push(error.message));
      await page.route('**/*', (route) => (route.request().url() === 'http://marks.test/'
        ? route.fulfill({ contentType: 'text/html; charset=utf-8', body: content() })
        : route.abort()));
      await page.goto('http://marks.test/');
      return { page, asked, said };
    }

    it('runs nothing and asks for nothing, whatever learners wrote', async () => {
      const { page, asked, said } = await opened();
      for (const summary of await page.locator('summary').all()) await summary.click();
      await page.mouse.move(300, 300);
      for (let i = 0; i < 10; i++) await page.keyboard.press('Tab');
      expect(await page.evaluate(() => (window as { ran?: number }).ran)).toBeUndefined();
      expect(asked).toEqual(['http://marks.test/']);
      expect(said).toEqual([]);
      expect(await page.locator('script, img, iframe, object, form, base, link, meta[http-equiv=refresh], [onload], [onerror], [onfocus]').count()).toBe(0);
      await page.close();
    });

    it('would let no script run even if there were one', async () => {
      const { page } = await opened();
      await page.evaluate(() => {
        document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.ran = 1">');
        const script = document.createElement('script');
        script.textContent = 'window.ran = 2';
        document.body.append(script);
      });
      await page.waitForTimeout(100);
      expect(await page.evaluate(() => (window as { ran?: number }).ran)).toBeUndefined();
      await page.close();
    });

    it.each([
      ['on a phone', { width: 390, height: 844 }, 'light'], ['on a dark page', { width: 1280, height: 900 }, 'dark'],
      ['on a wide page', { width: 1280, height: 900 }, 'light'],
    ] as const)('can be read %s', async (how, viewport, colorScheme) => {
      const { page } = await opened({ viewport, colorScheme });
      const [wide, high] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
      expect(wide).toBeLessThanOrEqual(viewport.width);
      // Giant texts scroll by themselves.
      expect(high).toBeLessThan(50_000);
      const [ink, paper] = await page.evaluate(() => {
        const { color, backgroundColor } = getComputedStyle(document.body);
        return [color, backgroundColor].map((each) => each.match(/\d+/g)!.map(Number).reduce((sum, part) => sum + part, 0));
      });
      expect(Math.abs(ink - paper)).toBeGreaterThan(500);
      await page.screenshot({ path: `${screenshots}/grading-${name}-${how.replaceAll(' ', '-')}.png` });
      await page.close();
    });
  });
});
