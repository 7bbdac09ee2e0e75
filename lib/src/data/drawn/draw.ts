import { setImmediate as nextTurn } from 'node:timers/promises';
import { arrayOf } from '../../arrays';
import type { FileContents } from '../dataset-files';
import { formatIdx } from '../idx';
import type { IdxEntry } from '../manifest';
import { rateSince, type OnProgress } from '../progress';
import { drawDigit, side } from './digit';
import { Random } from '../../random';

/** Pictures between two turns of the event loop, so that a notebook can show progress and be interrupted. */
const slice = 1_000;

/** Training and test pictures come from different seeds, each picture from a seed of its own. */
const seeds = { train: 1_000_000_007, test: 2_000_000_011 };

/**
 * Draws the stand-ins for MNIST: as many pictures, of the same size, in the same files. The same on every machine.
 * 70,000 take about two seconds.
 */
export async function drawDigits(entry: IdxEntry, onProgress: OnProgress = () => {}): Promise<FileContents> {
  const contents = new Map<string, Uint8Array>();
  const total = entry.counts.train + entry.counts.test;
  const rate = rateSince(0);
  let drawn = 0;
  for (const split of ['train', 'test'] as const) {
    const count = entry.counts[split];
    const images = new Uint8Array(count * side * side);
    const labels = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const random = new Random(seeds[split] + i);
      labels[i] = random.below(entry.classNames.length);
      drawDigit(labels[i], random, images.subarray(i * side * side, (i + 1) * side * side));
      if (++drawn % slice === 0 || drawn === total) {
        onProgress({
          activity: 'draw',
          what: entry.standIn?.title ?? entry.title,
          unit: 'images',
          received: drawn,
          total,
          ratePerSecond: rate(drawn),
        });
        await nextTurn();
      }
    }
    for (const { name, content } of entry.files.filter((file) => file.split === split)) {
      contents.set(
        name,
        formatIdx(content === 'images' ? arrayOf(images, [count, side, side]) : arrayOf(labels, [count])),
      );
    }
  }
  return contents;
}
