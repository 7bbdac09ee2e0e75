import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { packedValues } from '../arrays';
import { writeWhole } from '../data/files';
import { whyNotWritten } from '../disk';
import { networkOf } from '../inspection/network';
import { asProbabilities, checkClassNames } from '../inspection/probabilities';
import { modelInput, type ModelWithFacts } from '../model-files/model-input';
import { artifactsOf } from '../model-files/save';
import { escapeXml } from '../plots/svg-elements';
import { tf } from '../tensorflow';
import type { PageFacts } from './facts';
import { testPicture, type PagePreprocessing } from './in-page/prepare';
import { linkModules } from './link';

export interface BrowserPageOptions {
  /** Heading of the page. Default `Try the model`. */
  title?: string | undefined;
  /**
   * `draw`: there is paper to draw on, and pictures can be opened; `photo`: pictures are opened. Default `draw` for
   * grey models, `photo` for colour ones.
   */
  kind?: 'draw' | 'photo' | undefined;
}

export const DEFAULT_TITLE = 'Try the model';

/** By this line of the page we know it again. */
const OURS = '<meta name="generator" content="image-classification-course">';

const PAGE = 'index.html';
/** The page's own files; they are no code that is compiled. */
const ASSETS = path.resolve(__dirname, '..', '..', 'src', 'browser-page', 'page');

/**
 * Makes a web page of a model: one file, `index.html`, in which whoever opens it draws a picture or opens one, and the
 * model answers, layer by layer. The file holds everything: TensorFlow.js (1.5 MB), the weights (5.3 bytes each), the
 * class names and the page. It works offline, opened as a file or on any web server, and asks nobody for anything.
 *
 * Pictures are prepared as those that the model has learned from, by the library's own code. A PNG gives the same
 * numbers as in a notebook; of a large JPEG, `loadImageFolder` decodes fewer pixels, and the answers differ a little.
 *
 * @param saved as `loadModel` returns it, or `{ model, classNames, preprocessing }`; the model is kept
 * @param folder such as `pages/digits`; made if it is not there. A page that was exported before is replaced when the
 *   new one is on the disk
 * @returns the path of the page
 * @throws Error if the model has several inputs, takes no pictures or answers no probabilities, if nothing says how
 *   pictures become its inputs, or if the page cannot be written
 *
 * ```ts
 * await exportForBrowser(await loadModel('models/digits'), 'pages/digits', { title: 'My digits' });
 * ```
 * Taught in 05_digits_from_folders.
 */
export async function exportForBrowser(
  saved: ModelWithFacts, folder: string, { title = DEFAULT_TITLE, kind }: BrowserPageOptions = {},
): Promise<string> {
  if (!(saved?.model instanceof tf.LayersModel)) {
    throw new Error(
      'exportForBrowser: got no model; expected what loadModel returns, or { model, classNames, preprocessing }.',
    );
  }
  if (typeof folder !== 'string' || folder === '') {
    const got = folder === '' ? 'no name' : typeof folder;
    throw new Error(`exportForBrowser: got ${got}; expected a folder for the page, such as 'pages/digits'.`);
  }
  const file = path.join(folder, PAGE);
  const { facts, weights } = await factsOf(saved, kind);
  const page = Buffer.from(pageHtml(title, facts, weights));
  try {
    if (existsSync(file) && !readFileSync(file, 'utf8').includes(OURS)) {
      throw new ForeignPage(
        `exportForBrowser: ${file} is a page that exportForBrowser has not made. Give another folder, or remove it ` +
          'first.',
      );
    }
    await mkdir(folder, { recursive: true });
    await writeWhole(path.resolve(file), page);
  } catch (error) {
    if (error instanceof ForeignPage) throw error;
    const reason = whyNotWritten(folder, page.length, 'A page that was there before still is.', error);
    throw new Error(`exportForBrowser: ${reason}`, { cause: error });
  }
  return file;
}

class ForeignPage extends Error {}

async function factsOf(
  saved: ModelWithFacts, kind: BrowserPageOptions['kind'],
): Promise<{ facts: PageFacts; weights: Uint8Array[] }> {
  const { model, preprocessing } = saved;
  networkOf('exportForBrowser', model);
  const { options: { like, ...form }, tensor } = modelInput('exportForBrowser', saved);
  const options: PagePreprocessing = { ...form, normalise: preprocessing?.normalise };
  const isGrey = options.color === 'grey';
  if (kind === 'draw' && !isGrey) {
    throw new Error(
      "exportForBrowser: got kind: 'draw' for a model of colour pictures; expected 'photo': strokes have no colours.",
    );
  }
  const chosen = kind ?? (isGrey ? 'draw' : 'photo');
  const { inputShape, expected } = tf.tidy(() => {
    const x = tensor(packedValues(testPicture(options)));
    const answer = asProbabilities('exportForBrowser', model.predict(x) as tf.Tensor);
    return { inputShape: x.shape.slice(1), expected: Array.from(packedValues(answer)) };
  });
  if (!expected.every(Number.isFinite)) {
    throw new Error(
      'exportForBrowser: the model answers NaN: its training went astray. Train it with a smaller learning rate.',
    );
  }
  const classNames = saved.classNames ?? expected.map((_, i) => String(i));
  checkClassNames('exportForBrowser', classNames, expected.length);
  const { modelTopology, weightSpecs, weightData } = await artifactsOf(model);
  return {
    facts: {
      kind: chosen, classNames, preprocessing: options, drawnLike: like ?? 'mnist',
      openedLike: like ?? (chosen === 'draw' ? 'mnist' : undefined), inputShape, expected,
      tensorFlowJs: tf.version.tfjs, modelTopology, weightSpecs,
    },
    weights: [weightData].flat().map((buffer) => new Uint8Array(buffer as ArrayBuffer)),
  };
}

function pageHtml(title: string, facts: PageFacts, weights: readonly Uint8Array[]): string {
  const asset = (name: string): string => readFileSync(path.join(ASSETS, name), 'utf8');
  const parts: Record<string, string> = {
    title: escapeXml(title),
    style: asset('page.css'),
    tensorflow: asScript(readFileSync(tensorFlowScript(), 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '')),
    facts: JSON.stringify(facts).replaceAll('<', '\\u003c'),
    weights: Buffer.concat(weights).toString('base64'),
    script: asScript(linkModules('browser-page/page/main')),
    about:
      'Made with the course “Image classification in TypeScript”. It contains TensorFlow.js (Apache License 2.0).',
  };
  return asset('page.html').replace(/\{\{(\w+)\}\}/g, (_, name: string) => parts[name]);
}

/** What would end the script, or begin a comment of HTML, within it. */
const asScript = (code: string): string => code.replace(/<\/(?=script)/gi, '<\\/').replaceAll('<!--', '<\\!--');

/** TensorFlow.js for browsers, in one file: that of the version that the library computes with. */
function tensorFlowScript(): string {
  const beside = createRequire(require.resolve('@tensorflow/tfjs-node/package.json'));
  return path.join(path.dirname(beside.resolve('@tensorflow/tfjs/package.json')), 'dist', 'tf.min.js');
}
