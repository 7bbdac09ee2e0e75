// @ts-check
/**
 * Makes the picture of the README, docs/jupyterlab.jpg: lesson 01 in a real JupyterLab, trained in full.
 *
 *     npm run screenshot
 */
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { launchBrowser } from '../test/support/browser.mjs';
import { menu, openNotebook, projectFolder, startCourse, waitForIdle } from '../test/support/jupyterlab.mjs';

const picture = `${projectFolder}/docs/jupyterlab.jpg`;
// A copy, because JupyterLab saves what it runs.
const copy = 'output/screenshot/01_mnist_mlp.ipynb';
mkdirSync(`${projectFolder}/output/screenshot`, { recursive: true });
mkdirSync(`${projectFolder}/docs`, { recursive: true });
copyFileSync(`${projectFolder}/notebooks/01_mnist_mlp.ipynb`, `${projectFolder}/${copy}`);

const lab = await startCourse();
const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await openNotebook(page, lab, copy);
  await menu(page, 'Run', 'Run All Cells');
  await page.waitForTimeout(2000);
  await waitForIdle(page, 600_000);
  await page.locator('.course-figure').nth(1).scrollIntoViewIfNeeded();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: picture, type: 'jpeg', quality: 80 });
} finally {
  await browser.close();
  await lab.stop();
}
console.log(`docs/jupyterlab.jpg, ${Math.round(statSync(picture).size / 1000)} kB`);
