import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { NdArray } from 'ndarray';
import { arrayOf, countText, packedValues, shapeText, type Numbers } from '../arrays';
import { readOriginalPicture } from '../data/original-picture';
import { imageGridHtml } from '../plots/images';
import { encodePng } from '../plots/png';
import { escapeXml } from '../plots/svg';
import { thumbnail } from '../plots/thumbnail';
import { show, type Bundle } from './output';
import { kernelRequests, type Reply } from './requests';

/** Images and the class of each; those from folders with the file of each. */
export interface ExplorablePart {
  /** `[n, height, width]` grey or `[n, height, width, 3]` colour; uint8 0..255 or float 0..1. */
  readonly images: NdArray<Numbers>;
  /** `[n]`: the index of the class in `classNames`. */
  readonly labels: NdArray<Numbers>;
  /** The path of the picture that each image was made of. */
  readonly files?: readonly string[];
}

/** Images that stay on disk: those of `openImageFolder`. */
export interface StoredPart {
  /** Some of the images, by their numbers: `[k, height, width]` or `[k, height, width, 3]`. */
  read(indices: readonly number[]): Promise<NdArray<Numbers>>;
  readonly labels: NdArray<Numbers>;
  readonly files?: readonly string[];
}

/** What `loadMnist` and the other loaders return: one part or several. */
export interface ExplorableDataset<P extends ExplorablePart | StoredPart = ExplorablePart> {
  readonly title: string;
  readonly classNames: readonly string[];
  readonly isDrawn?: boolean;
  readonly train?: P;
  readonly validation?: P;
  readonly test?: P;
}

export interface ExploreOptions {
  /** What stands above; otherwise the dataset's title. */
  title?: string;
  /** Otherwise the dataset's; a part alone has none, and its classes are shown as numbers. */
  classNames?: readonly string[];
}

/**
 * Shows a dataset to look around in: page by page, class by class, each picture in full with its file name. In
 * JupyterLab the pages come from the kernel while one looks, so that the notebook stays small; everywhere else the
 * first page stays as a grid.
 *
 * Memory: the kernel keeps the dataset (no copy) until the cell runs again, or seven newer explorers are shown. Images
 * that stay on disk are read page by page.
 *
 * ```ts
 * explore(mnist);
 * explore(mnist.test, { title: 'Test digits' });
 * await explore(await openImageFolder('photos'));
 * ```
 *
 * @param pictures a dataset, or one part of it: `images`, `[n, height, width]` or `[n, height, width, 3]`, and
 *   `labels`, `[n]`; or those of `openImageFolder`, which are shown when the promise is settled
 * @throws Error if there are no images, or if images, labels and files do not fit each other
 * Taught in 01_mnist_mlp.
 */
export function explore(pictures: ExplorableDataset | ExplorablePart, options?: ExploreOptions): void;
export function explore(pictures: ExplorableDataset<StoredPart> | StoredPart, options?: ExploreOptions): Promise<void>;
export function explore(pictures: Explorable, options: ExploreOptions = {}): void | Promise<void> {
  const explorer = new Explorer(pictures, options);
  const present = (first: readonly NdArray<Numbers>[]): void => {
    keep(explorer);
    show(bundleOf(explorer, first));
  };
  const first = explorer.first();
  return first instanceof Promise ? first.then(present) : present(first);
}

type AnyPart = ExplorablePart | StoredPart;
type Explorable = ExplorableDataset<AnyPart> | AnyPart;

/** Pictures on a page. 60 fills whole rows of 4, 5, 6, 10, 12, 15 and 20. */
const PAGE_SIZE = 60;
/** The longest side of a picture in a page; on the screen it is about 75 pixels wide. */
const PAGE_SIDE = 96;

const PART_TITLES = { train: 'training', validation: 'validation', test: 'test' } as const;

/** One part, with what is needed to find the images of one class. */
class Part {
  readonly name: string;
  readonly title: string;
  readonly count: number;
  /** How many images each class has. */
  readonly counts: number[];
  readonly files: readonly string[] | undefined;
  /** Some of the images: views of those in memory, others are read. */
  readonly read: (indices: readonly number[]) => NdArray<Numbers>[] | Promise<NdArray<Numbers>[]>;
  readonly #labels: Numbers;
  /** The indices of the images, all of class 0 before all of class 1 and so on; made when a class is asked for. */
  #byClass: Int32Array | undefined;

  constructor(name: string, title: string, part: AnyPart, classCount: number) {
    const { labels, files } = part;
    [this.name, this.title, this.files, this.count] = [name, title, files, countOf(part)];
    const where = title ? `explore: the ${title} part: ` : 'explore: ';
    if ('images' in part) {
      const { images } = part;
      const channels = images.dimension === 4 ? images.shape[3] : 1;
      if (images.dimension < 3 || images.dimension > 4 || (channels !== 1 && channels !== 3)) {
        throw new Error(
          `${where}got images of shape ${shapeText(images.shape)}; expected [n, height, width] or ` +
            `[n, height, width, 3].`,
        );
      }
      this.read = (indices) => indices.map((index) => images.pick(index));
    } else {
      this.read = async (indices) => {
        const images = await part.read(indices);
        return indices.map((_, i) => images.pick(i));
      };
    }
    if (labels.dimension !== 1 || labels.shape[0] !== this.count) {
      throw new Error(
        `${where}got labels of shape ${shapeText(labels.shape)} for ${countText(this.count)} images; expected the ` +
          `number of each image's class, [${this.count}].`,
      );
    }
    if (files && files.length !== this.count) {
      throw new Error(
        `${where}got ${countText(files.length)} files for ${countText(this.count)} images; expected one for each.`,
      );
    }
    this.#labels = packedValues(labels);
    this.counts = new Array<number>(classCount).fill(0);
    for (const label of this.#labels) {
      if (!Number.isInteger(label) || label < 0) {
        throw new Error(`${where}got the label ${label}; expected a whole number from 0 on.`);
      }
      while (label >= this.counts.length) this.counts.push(0);
      this.counts[label] += 1;
    }
  }

  label(index: number): number {
    return this.#labels[index];
  }

  /** The indices of the images of one class, in ascending order. */
  ofClass(label: number): Int32Array {
    const ends: number[] = [];
    this.counts.reduce((sum, count, each) => (ends[each] = sum + count), 0);
    if (!this.#byClass) {
      this.#byClass = new Int32Array(this.count);
      const next = ends.map((end, each) => end - this.counts[each]);
      for (let index = 0; index < this.count; index++) this.#byClass[next[this.#labels[index]]++] = index;
    }
    return this.#byClass.subarray(ends[label] - this.counts[label], ends[label]);
  }
}

const countOf = (part: AnyPart): number => ('images' in part ? part.images : part.labels).shape[0];

/** What one call of `explore` shows. */
class Explorer {
  readonly id = randomUUID();
  readonly title: string;
  readonly isDrawn: boolean;
  readonly classNames: readonly string[];
  readonly parts: readonly Part[];

  constructor(pictures: Explorable, options: ExploreOptions) {
    const isPart = 'images' in pictures || 'read' in pictures;
    const dataset: Partial<ExplorableDataset<AnyPart>> = isPart ? {} : pictures;
    const { title = dataset.title ?? 'Images', classNames = dataset.classNames ?? [] } = options;
    this.title = title;
    this.isDrawn = dataset.isDrawn ?? false;
    const part = (name: string, partTitle: string, each: AnyPart | undefined): Part[] =>
      each && countOf(each) > 0 ? [new Part(name, partTitle, each, classNames.length)] : [];
    this.parts = isPart
      ? part('all', '', pictures)
      : (['train', 'validation', 'test'] as const).flatMap((name) => part(name, PART_TITLES[name], dataset[name]));
    if (this.parts.length === 0) {
      throw new Error(
        'explore: got no images; expected a dataset, as loadMnist() returns it, or one part of it, as in ' +
          'explore(mnist.train).',
      );
    }
    const classCount = Math.max(...this.parts.map(({ counts }) => counts.length));
    for (const { counts } of this.parts) while (counts.length < classCount) counts.push(0);
    this.classNames = Array.from({ length: classCount }, (_, label) => classNames[label] ?? String(label));
  }

  /** The images of the first page. */
  first(): NdArray<Numbers>[] | Promise<NdArray<Numbers>[]> {
    const [part] = this.parts;
    return part.read(Array.from({ length: Math.min(part.count, PAGE_SIZE) }, (_, index) => index));
  }

  /** `MNIST: 60,000 training and 10,000 test images, 28 × 28 pixels, 10 classes` */
  summary([height, width]: readonly number[]): string {
    const parts = this.parts.map(({ title, count }) => [countText(count), title].filter(Boolean).join(' '));
    const counts = parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : parts[0];
    const classes = `${this.classNames.length} ${this.classNames.length === 1 ? 'class' : 'classes'}`;
    return `${this.title}: ${counts} images, ${width} × ${height} pixels, ${classes}`;
  }

  /** One page of a part, or of one class in it. */
  async page(request: Record<string, unknown>): Promise<Reply> {
    const part = this.#part(request);
    const page = wholeNumber(request, 'page', Infinity);
    const label = request.label === null ? undefined : wholeNumber(request, 'label', part.counts.length - 1);
    const total = label === undefined ? part.count : part.counts[label];
    const start = page * PAGE_SIZE;
    const count = Math.max(0, Math.min(PAGE_SIZE, total - start));
    const indices = label === undefined
      ? Array.from({ length: count }, (_, i) => start + i)
      : [...part.ofClass(label).subarray(start, start + count)];
    const images = await part.read(indices);
    return {
      data: { pictures: indices.map((index) => ({ index, label: part.label(index) })), type: 'image/png' },
      buffers: images.map((image) => encodePng(thumbnail(image, PAGE_SIDE))),
    };
  }

  /** One picture in full: its pixels as they are in the array and, where it comes from a file, that. */
  async picture(request: Record<string, unknown>): Promise<Reply> {
    const part = this.#part(request);
    const index = wholeNumber(request, 'index', part.count - 1);
    const [image] = await part.read([index]);
    const [height, width] = image.shape;
    const data = { index, label: part.label(index), pixels: { type: 'image/png', width, height } };
    const pixels = encodePng(image);
    const file = part.files?.[index];
    if (file === undefined) return { data, buffers: [pixels] };
    const name = path.join(path.basename(path.dirname(file)), path.basename(file));
    try {
      const { bytes, ...original } = await readOriginalPicture(file);
      return { data: { ...data, file: name, original }, buffers: [pixels, bytes] };
    } catch (error) {
      return { data: { ...data, file: name, problem: (error as Error).message }, buffers: [pixels] };
    }
  }

  #part({ part: name }: Record<string, unknown>): Part {
    const part = this.parts.find((each) => each.name === name);
    if (part) return part;
    throw new Error(`got part ${String(name)}, expected ${this.parts.map((each) => each.name).join(' or ')}`);
  }
}

/** What is asked comes from outside. */
function wholeNumber(request: Record<string, unknown>, name: string, most: number): number {
  const value = request[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`got ${name} ${String(value)}, expected a whole number in 0..${most}`);
  }
  return value;
}

/** The explorers that can be asked, in the order of their last use; where they were made; and how many at most. */
const explorers = new Map<string, { explorer: Explorer; run: string; cell: string | undefined }>();
const MOST_EXPLORERS = 8;

/** Lets the front end ask an explorer, instead of those that an earlier run of the same cell has shown. */
function keep(explorer: Explorer): void {
  const requests = kernelRequests();
  if (!requests) return;
  const { run = '', cell } = requests.execution() ?? {};
  for (const [id, each] of explorers) {
    if (cell !== undefined && each.cell === cell && each.run !== run) explorers.delete(id);
  }
  explorers.set(explorer.id, { explorer, run, cell });
  for (const id of explorers.keys()) {
    if (explorers.size > MOST_EXPLORERS) explorers.delete(id);
  }
  requests.handle('explorer.page', async (request) => find(request)?.page(request) ?? GONE);
  requests.handle('explorer.picture', async (request) => find(request)?.picture(request) ?? GONE);
}

/** The answer to a notebook that shows an explorer of another kernel, or one that was put aside. */
const GONE: Reply = { data: { isGone: true } };

function find({ explorer: id }: Record<string, unknown>): Explorer | undefined {
  const found = explorers.get(String(id));
  if (!found) return undefined;
  explorers.delete(String(id));
  explorers.set(String(id), found);
  return found.explorer;
}

export const EXPLORER_TYPE = 'application/vnd.course.explorer+json';

/** @param first the images of the first page */
function bundleOf(explorer: Explorer, first: readonly NdArray<Numbers>[]): Bundle {
  const { id, title, isDrawn, classNames, parts } = explorer;
  const summary = explorer.summary(first[0].shape);
  const data: Bundle['data'] = { 'text/plain': summary, 'text/html': staticPage(explorer, summary, first) };
  if (kernelRequests()) {
    data[EXPLORER_TYPE] = {
      id, title, summary, isDrawn, classNames, pageSize: PAGE_SIZE,
      parts: parts.map(({ name, title: partTitle, count, counts }) => ({ name, title: partTitle, count, counts })),
    };
  }
  return { data };
}

/**
 * The longest side of a picture in the static page, and the most bytes of all its pixels: a notebook holds several of
 * them.
 */
const STATIC_SIDE = 56;
const MOST_STATIC_BYTES = 200_000;

/** The beginning of the first part, for every place that cannot ask the kernel. */
function staticPage(
  { classNames, parts: [part] }: Explorer, summary: string, images: readonly NdArray<Numbers>[],
): string {
  const first = thumbnail(images[0], STATIC_SIDE);
  const count = Math.min(images.length, Math.max(1, Math.floor(MOST_STATIC_BYTES / first.size)));
  const pictures = images.slice(0, count).map((image) => packedValues(thumbnail(image, STATIC_SIDE)));
  const values = new (first.data.constructor as new (length: number) => Numbers)(count * first.size);
  pictures.forEach((each, index) => values.set(each, index * first.size));
  const captions = pictures.map((_, index) => classNames[part.label(index)]);
  const grid = imageGridHtml(arrayOf(values, [count, ...first.shape]), { captions });
  const which = count < part.count ? `<div>The first ${count} of ${countText(part.count)}.</div>` : '';
  return `<div><strong>${escapeXml(summary)}</strong></div>${grid}${which}`;
}
