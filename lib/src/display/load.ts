import { countText } from '../arrays';
import { readIdxDataset, type ImageDataset, type LoadOptions } from '../data/image-dataset';
import { idxEntry } from '../data/manifest';
import type { OpenOptions } from '../data/locate';
import type { DataProgress, OnProgress } from '../data/progress';
import { escapeXml } from '../plots/svg';
import { LiveOutput, show, type Bundle } from './output';
import { bytesText, durationText } from './text';

/**
 * Loads MNIST, shows how far a download is, and says below the cell what was loaded and where it comes from: the folder that
 * `COURSE_DATA` names, the cache, a download, or, where none of these can be had, digits that the course draws itself.
 *
 * @returns `train` (60,000) and `test` (10,000), each with `images` `[n, 28, 28]` uint8 0..255 and `labels` `[n]` uint8.
 *   The arrays share the memory of the files' contents. There is nothing to dispose.
 *
 * ```ts
 * const mnist = await loadMnist();
 * mnist.train.images.shape          // [60000, 28, 28]
 * mnist.train.images.pick(0)        // the first image, [28, 28]
 * ```
 *
 * @throws Error if `COURSE_DATA` names a folder that is missing or whose files are damaged
 * Taught in 01_mnist_mlp.
 */
export async function loadMnist(options: LoadOptions = {}): Promise<ImageDataset> {
  return loadIdx('mnist', options);
}

async function loadIdx(name: string, options: LoadOptions): Promise<ImageDataset> {
  const dataset = await withProgress(options, (onProgress) => readIdxDataset(idxEntry(name), { ...options, onProgress }));
  show(datasetBundle(dataset));
  return dataset;
}

/** Shows how far a download or a drawing is while `work` runs, and tells the caller's own listener too. */
async function withProgress<T>(options: OpenOptions, work: (onProgress: OnProgress) => Promise<T>): Promise<T> {
  const live = new LiveProgress();
  return work((progress) => {
    live.update(progress);
    options.onProgress?.(progress);
  }).finally(() => live.end());
}

/** What was loaded, and a warning that cannot be overlooked if it is not the real thing. */
function datasetBundle(dataset: ImageDataset): Bundle {
  const { train, test, title, source, isDrawn } = dataset;
  const [trainCount, ...size] = train.images.shape;
  const what = `${title}: ${countText(trainCount)} training and ${countText(test.images.shape[0])} test images, ${size.join(' × ')} pixels.`;
  const style = isDrawn ? ' style="border-left: 4px solid #D55E00; padding-left: 8px"' : '';
  return {
    data: {
      'text/html': `<div${style}><strong>${escapeXml(what)}</strong><br>${escapeXml(source.note)}</div>`,
      'text/plain': `${what}\n${source.note}`,
    },
  };
}

/** Milliseconds between two redraws. */
const REDRAW_INTERVAL = 200;

/** A progress bar for downloads and drawings; nothing where the data is at hand. */
class LiveProgress {
  private output: LiveOutput | undefined;
  private drawn = 0;

  update(progress: DataProgress): void {
    const now = performance.now();
    if (now - this.drawn < REDRAW_INTERVAL) return;
    this.drawn = now;
    (this.output ??= new LiveOutput()).update(progressBundle(progress));
  }

  end(): void {
    this.output?.update({ data: { 'text/plain': '', 'text/html': '' } });
  }
}

const activities = { download: 'Downloading', unpack: 'Unpacking', draw: 'Drawing', wait: 'Waiting for another process:' } as const;

function progressBundle({ activity, what, unit, received, total, ratePerSecond }: DataProgress): Bundle {
  const amount = (value: number): string => (unit === 'bytes' ? bytesText(value) : `${countText(Math.round(value))} images`);
  const left = ratePerSecond > 0 ? `, ${durationText((total - received) / ratePerSecond)} left` : '';
  const state = activity === 'wait' ? '' : ` · ${amount(received)} of ${amount(total)} · ${amount(ratePerSecond)}/s${left}`;
  const text = `${activities[activity]} ${what}${state}`;
  const bar = activity === 'wait' ? '' : `<progress value="${received}" max="${total}" aria-label="${activities[activity]}" style="width: 12em"></progress> `;
  return { data: { 'text/html': `<div>${bar}${escapeXml(text)}</div>`, 'text/plain': text } };
}
