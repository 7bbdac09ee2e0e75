import path from 'node:path';
import { DEFAULT_TITLE, exportForBrowser, type BrowserPageOptions } from '../browser-page/export';
import type { ModelWithFacts } from '../model-files/model-input';
import { escapeXml } from '../plots/svg-elements';
import { show } from './output';

export interface TryModelOptions extends BrowserPageOptions {
  /** Where the page is kept, relative to the notebook. Default `pages/` and the title in small letters. */
  folder?: string;
}

/** What the page's renderer in JupyterLab knows it by: kernel/labextension/static/page.js. */
export const PAGE_TYPE = 'application/vnd.course.page+json';

/**
 * Shows a page below the cell in which one draws a picture, or opens one, and the model answers at once, layer by layer.
 * It computes in the browser, also while the kernel is busy or gone. The page is a file of its own (`exportForBrowser`
 * makes it); the notebook holds its name only. Where JupyterLab does not show it, the output says how to open it.
 *
 * @param saved as `loadModel` returns it, or `{ model, classNames, preprocessing }`; the model is kept
 * @throws Error as `exportForBrowser`, and if the folder does not lie beside the notebook or below
 *
 * ```ts
 * await tryModel({ model, classNames, preprocessing: { size: [28, 28], color: 'grey', normalise: { range: [0, 1] } } });
 * await tryModel(await loadModel('models/digits'), { title: 'My digits' });
 * ```
 * Taught in 05_digits_from_folders.
 */
export async function tryModel(
  saved: ModelWithFacts, { title = DEFAULT_TITLE, kind, folder = `pages/${slug(title)}` }: TryModelOptions = {},
): Promise<void> {
  const beside = path.relative(process.cwd(), path.resolve(folder));
  if (path.isAbsolute(beside) || beside.startsWith('..') || beside.split(path.sep).some((part) => part.startsWith('.'))) {
    throw new Error(
      `tryModel: got folder ${folder}; expected one beside the notebook or below, such as 'pages/digits': Jupyter ` +
        'shows no others, and none that begins with a dot.',
    );
  }
  const file = await exportForBrowser(saved, beside, { title, kind });
  const place = file.split(path.sep).join('/');
  const href = place.split('/').map(encodeURIComponent).join('/');
  show({
    data: {
      [PAGE_TYPE]: { path: place, title },
      'text/html': `<div>${escapeXml(title)}: open <a href="${escapeXml(href)}" target="_blank" rel="noopener">` +
        `${escapeXml(place)}</a>, beside this notebook, in a browser. It needs no network.</div>`,
      'text/plain': `${title}: open ${place}, beside this notebook, in a browser. It needs no network.`,
    },
  });
}

/** `My digits, 2nd` becomes `my-digits-2nd`. */
const slug = (title: string): string =>
  title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'page';
