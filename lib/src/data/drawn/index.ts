import type { FileContents } from '../dataset-files';
import type { DatasetEntry } from '../manifest';
import type { OnProgress } from '../progress';
import { drawGarment } from './clothes';
import { drawDigit } from './digit';
import { drawIdxFiles, drawPictureFiles, type DrawGrey } from './draw';

/** How each stand-in of IDX files is drawn, and the seeds of its first training and test picture. */
const greyStandIns: Readonly<Record<string, { draw: DrawGrey; seeds: { train: number; test: number } }>> = {
  mnist: { draw: drawDigit, seeds: { train: 1_000_000_007, test: 2_000_000_011 } },
  'fashion-mnist': { draw: drawGarment, seeds: { train: 1_100_000_009, test: 2_100_000_011 } },
};

/**
 * Draws the files of a dataset's stand-in by the names that the dataset's own have: the same bytes on every machine, in
 * some seconds. For MNIST and Fashion-MNIST the four IDX files, unpacked; for cats and dogs 3,000 JPEG files.
 *
 * @throws Error if the entry has no stand-in, or one that the course cannot draw
 */
export async function drawStandIn(entry: DatasetEntry, onProgress: OnProgress = () => {}): Promise<FileContents> {
  const title = entry.standIn?.title;
  if (title !== undefined) {
    const grey = greyStandIns[entry.name];
    if (entry.kind === 'idx' && grey) return drawIdxFiles(entry, title, grey.seeds, grey.draw, onProgress);
    if (entry.kind === 'folder' && entry.name === 'cats-vs-dogs') return drawPictureFiles(entry, title, onProgress);
  }
  const names = [...Object.keys(greyStandIns), 'cats-vs-dogs'].join(', ');
  throw new Error(
    `${entry.name}: got ${title === undefined ? 'no stand-in' : `the stand-in "${title}"`} in the manifest, ` +
      `expected one that the course can draw: that of ${names}. Remove "standIn" from the entry.`,
  );
}
