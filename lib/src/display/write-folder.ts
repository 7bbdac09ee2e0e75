import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NdArray } from 'ndarray';
import { countText, shapeText } from '../arrays';
import { replaceFolder } from '../data/files';
import { withLock } from '../data/lock';
import { rateSince } from '../data/progress';
import { Interrupted, interruptible } from '../interrupt';
import { encodePng } from '../plots/png';
import { LiveProgress } from './live-progress';
import { show } from './output';

/** Pictures that are written before an interrupt, and the display, get their turn. */
const AT_ONCE = 200;

/** The names that this module gives to pictures. */
const OWN_NAME = /^\d{5,}\.png$/;
/** What the system or JupyterLab puts into folders. */
const HARMLESS = new Set(['.DS_Store', 'Thumbs.db', '.ipynb_checkpoints']);

/**
 * Writes pictures as PNG files, with a sub-folder for each class, `digits/7/00042.png`, as `loadImageFolder` and other
 * programs read them. The number in the name is that of the picture in `images`. Shows how far it is, and then how many
 * were written.
 *
 * The folder is there whole or not at all. One that this function has written before is replaced; any other is left as
 * it is, with an error.
 *
 * @param folder made if it is not there
 * @param pictures `images`, `[n, height, width]` grey or `[n, height, width, 3]` colour, uint8, and `labels`, `[n]`;
 *   the arrays stay as they are
 * @param classNames the name of each class, which becomes that of its folder
 * @throws Error if the folder holds anything else, a class has no name that a folder can have, or it cannot be written
 * @throws Interrupted after an interrupt; then all is as it was
 *
 * ```ts
 * await writeImageFolder('digits/train', mnist.train, mnist.classNames);
 * const digits = await loadImageFolder('digits/train', { color: 'grey' });
 * ```
 * Taught in 05_digits_from_folders.
 */
export async function writeImageFolder(
  folder: string,
  { images, labels }: { readonly images: NdArray<Uint8Array>; readonly labels: NdArray<Uint8Array> },
  classNames: readonly string[],
): Promise<void> {
  const place = path.resolve(folder);
  const count = images.shape[0];
  if (images.dimension < 3 || labels.dimension !== 1 || labels.shape[0] !== count) {
    throw new Error(
      `writeImageFolder: got images of shape ${shapeText(images.shape)} and labels of shape ` +
        `${shapeText(labels.shape)}; expected [n, height, width] or [n, height, width, 3], and [n].`,
    );
  }
  checkNames(classNames, labels);
  const live = new LiveProgress();
  const what = `pictures to ${folder}`;
  try {
    await mkdir(path.dirname(place), { recursive: true });
    await withLock(
      `${place}.lock`,
      () => {
        checkReplaceable(folder, place);
        return interruptible((isInterrupted) => replaceFolder(place, async (unfinished) => {
          for (const name of classNames) mkdirSync(path.join(unfinished, name));
          const rate = rateSince(0);
          for (let done = 0; done < count; done += AT_ONCE) {
            live.update({
              activity: 'write', what, unit: 'images', received: done, total: count, ratePerSecond: rate(done),
            });
            if (isInterrupted()) {
              throw new Interrupted(
                `Writing ${folder} was interrupted after ${countText(done)} of ${countText(count)} pictures. ` +
                  `Nothing has changed; write it again when you need it.`,
              );
            }
            for (let i = done; i < Math.min(done + AT_ONCE, count); i++) {
              const file = path.join(unfinished, classNames[labels.get(i)], `${String(i).padStart(5, '0')}.png`);
              writeFileSync(file, encodePng(images.pick(i)), { flag: 'wx' });
            }
            await nextTurn();
          }
        }));
      },
      (holder) =>
        live.update({
          activity: 'wait', what: `${holder} writes ${folder}`, unit: 'images', received: 0, total: 0, ratePerSecond: 0,
        }),
    );
  } finally {
    live.end();
  }
  const folders = classNames.length === 1 ? '1 folder' : `${countText(classNames.length)} folders, one for each class`;
  const text = `${folder}: ${countText(count)} pictures in ${folders}`;
  show({ data: { 'text/plain': text } });
}

/** @throws Error for a label without a name, and for names that are no folders of their own */
function checkNames(classNames: readonly string[], labels: NdArray<Uint8Array>): void {
  for (let i = 0; i < labels.shape[0]; i++) {
    if (labels.get(i) < classNames.length) continue;
    throw new Error(
      `writeImageFolder: label ${i} is ${labels.get(i)}, but there are ${classNames.length} class names; expected a ` +
        `name for each class.`,
    );
  }
  const bad = classNames.find((name) => name === '' || name.startsWith('.') || /[/\\:*?"<>|\p{Cc}]/u.test(name));
  if (bad !== undefined) {
    throw new Error(
      `writeImageFolder: got the class name ${JSON.stringify(bad)}, which cannot be the name of a folder everywhere. ` +
        `Give other names, such as classNames.map((name) => name.replaceAll('/', ' or ')).`,
    );
  }
  // Many file systems do not tell capital letters from small ones.
  const folded = classNames.map((name) => name.normalize().toLowerCase());
  const twice = folded.findIndex((name, i) => folded.indexOf(name) < i);
  if (twice >= 0) {
    throw new Error(
      `writeImageFolder: got the class name ${JSON.stringify(classNames[twice])} twice; expected a name of its own ` +
        `for each class.`,
    );
  }
}

/** @throws Error if there is anything that this module has not written: pictures of somebody's own must not vanish */
function checkReplaceable(folder: string, place: string): void {
  const found = statSync(place, { throwIfNoEntry: false });
  if (!found) return;
  const foreign = found.isDirectory() ? foreignEntry(place) : '';
  if (foreign === undefined) return;
  const what = foreign === '' ? 'is a file' : `holds ${foreign}, which writeImageFolder has not written`;
  throw new Error(`writeImageFolder: ${folder} ${what}. Give the name of another folder, or remove this one first.`);
}

function foreignEntry(place: string): string | undefined {
  for (const entry of readdirSync(place, { withFileTypes: true })) {
    if (HARMLESS.has(entry.name)) continue;
    if (!entry.isDirectory()) return entry.name;
    const other = readdirSync(path.join(place, entry.name)).find((name) => !OWN_NAME.test(name) && !HARMLESS.has(name));
    if (other !== undefined) return `${entry.name}/${other}`;
  }
  return undefined;
}
