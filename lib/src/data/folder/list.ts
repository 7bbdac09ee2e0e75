import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import path from 'node:path';
import { formatOfName } from './formats';

/**
 * Why a file is not among the pictures. Reasons are few, so that a summary can count them; the details differ from file
 * to file.
 */
export type SkipReason =
  | 'empty file'
  | 'truncated'
  | 'damaged'
  | 'not a picture'
  | 'mislabelled'
  | 'unsupported format'
  | 'too large'
  | 'hidden file'
  | 'link that leads out of the folder'
  | 'broken link'
  | 'link to a folder'
  | 'not a file'
  | 'folder with the name of a picture'
  | 'folders too deep'
  | 'not in a class'
  | 'part that is not used'
  | 'class with too few pictures'
  | 'name that is not valid Unicode'
  | 'same name in another Unicode form'
  | 'no permission'
  | 'changed or vanished while it was read';

export interface SkippedFile {
  /** Relative to the folder, with `/` between its parts. */
  readonly file: string;
  readonly reason: SkipReason;
  /** What was got and what was expected, where the reason alone does not say it. */
  readonly detail?: string;
}

/** A file that may be a picture. */
export interface Candidate {
  /** Relative to the folder, with `/` between its parts. */
  readonly file: string;
  /** Absolute, links resolved: this is what is opened. */
  readonly path: string;
  readonly className: string;
}

/** What is in a folder of pictures, before a single one has been opened. */
export interface Listing {
  /** Absolute, links resolved. */
  readonly folder: string;
  /** Sorted by code point. */
  readonly classNames: readonly string[];
  readonly train: readonly Candidate[];
  /** Undefined if there is no folder for it. */
  readonly validation: readonly Candidate[] | undefined;
  readonly skipped: readonly SkippedFile[];
}

/** The folders that hold the validation pictures beside `train`; the first that exists is taken. */
const VALIDATION_FOLDERS = ['validation', 'val', 'test'];

/** Folders within a class may lie this deep. */
const MAX_DEPTH = 16;

/**
 * The order of Unicode code points, which is the order of the bytes in UTF-8: the same on every machine. (JavaScript's
 * own order puts the characters beyond the first 65,536 before some of those within.)
 */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Of such names JavaScript's own order is that of the code points, and each has one Unicode form. */
const isAscii = (name: string): boolean => /^[\0-\x7f]*$/.test(name);

/**
 * Lists the pictures of a folder: `train/<class>/*` with `validation/<class>/*` (or `val`, or `test`) beside it, or
 * `<class>/*`. Folders within a class belong to the class, as in Keras and torchvision. No file is opened.
 *
 * @param allowEmpty classes without a file are listed as skipped instead of being an error
 * @throws Error if there is no such folder, no class, a class without a file, or two classes that look alike
 */
export function listFolder(folder: string, allowEmpty = false): Listing {
  const root = openFolder(folder);
  const lister = new Lister(root, allowEmpty);
  const entries = lister.namesOf('');
  const hasTrain = entries.some((entry) => entry.name === 'train' && entry.isDirectory());
  if (!hasTrain) {
    const { classNames, candidates } = lister.listClasses('', entries, folder);
    return { folder: root, classNames, train: candidates, validation: undefined, skipped: lister.skipped };
  }
  const beside = VALIDATION_FOLDERS.find((name) => entries.some((entry) => entry.name === name && entry.isDirectory()));
  for (const entry of entries) {
    if (entry.name === 'train' || entry.name === beside) continue;
    const isPart = VALIDATION_FOLDERS.includes(entry.name);
    lister.skip(
      entry.name,
      isPart ? 'part that is not used' : lister.isHidden(entry.name) ? 'hidden file' : 'not in a class',
      isPart ? `validation pictures come from ${beside}` : undefined,
    );
  }
  const train = lister.listClasses('train', lister.namesOf('train'), path.join(folder, 'train'));
  if (!beside)
    return {
      folder: root,
      classNames: train.classNames,
      train: train.candidates,
      validation: undefined,
      skipped: lister.skipped,
    };
  const validation = lister.listClasses(beside, lister.namesOf(beside), path.join(folder, beside));
  const unknown = validation.classNames.filter((name) => !train.classNames.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `${path.join(folder, beside)}: got the class ${namesText(unknown)}, expected only classes that are in train as well: ` +
        `${namesText(train.classNames)}. Rename or move that folder.`,
    );
  }
  return {
    folder: root,
    classNames: train.classNames,
    train: train.candidates,
    validation: validation.candidates,
    skipped: lister.skipped,
  };
}

/** The folder with links resolved, or an error that says what there is instead. */
function openFolder(folder: string): string {
  const absolute = path.resolve(folder);
  const expected = 'expected a folder with one sub-folder for each class, such as train/cat/*.jpg';
  try {
    const root = realpathSync(absolute);
    if (statSync(root).isDirectory()) return root;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES')
      throw new Error(`${absolute}: got no permission to read it, ${expected}.`);
    let existing = absolute;
    while (!isDirectory(existing) && path.dirname(existing) !== existing) existing = path.dirname(existing);
    throw new Error(
      `${absolute}: there is no such folder; ${expected}. The nearest that exists is ${existing}, with ${contentText(existing)}.`,
    );
  }
  throw new Error(
    `${absolute}: got a file, ${expected}. It lies in ${path.dirname(absolute)}, with ${contentText(path.dirname(absolute))}.`,
  );
}

function isDirectory(folder: string): boolean {
  try {
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

const NAMED = 10;

function namesText(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return (
    names
      .slice(0, NAMED)
      .map((name) => JSON.stringify(name))
      .join(', ') + (rest > 0 ? ` and ${rest} more` : '')
  );
}

/** `2 folders ("cat", "dog") and 1 file ("notes.txt")` */
function contentText(folder: string): string {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    return `content that cannot be listed (${(error as NodeJS.ErrnoException).code})`;
  }
  if (entries.length === 0) return 'nothing in it';
  const kinds = [
    ['folder', entries.filter((entry) => entry.isDirectory())],
    ['file', entries.filter((entry) => !entry.isDirectory())],
  ] as const;
  return kinds
    .filter(([, list]) => list.length > 0)
    .map(
      ([kind, list]) =>
        `${list.length} ${kind}${list.length === 1 ? '' : 's'} (${namesText(list.map(({ name }) => name).sort(byCodePoint))})`,
    )
    .join(' and ');
}

class Lister {
  readonly skipped: SkippedFile[] = [];

  constructor(
    private readonly root: string,
    private readonly allowEmpty: boolean,
  ) {}

  skip(file: string, reason: SkipReason, detail?: string): void {
    this.skipped.push(detail === undefined ? { file, reason } : { file, reason, detail });
  }

  /** Dot files (also `._x`, which macOS leaves behind) and what operating systems drop. */
  isHidden(name: string): boolean {
    return name.startsWith('.') || name === 'Thumbs.db' || name === 'desktop.ini' || name === '__MACOSX';
  }

  namesOf(relative: string): Dirent[] {
    const entries = readdirSync(path.join(this.root, relative), { withFileTypes: true });
    // Comparing bytes takes ten times as long, and most names do not need it.
    const compare = entries.every(({ name }) => isAscii(name))
      ? (a: string, b: string) => (a < b ? -1 : 1)
      : byCodePoint;
    return entries.sort((a, b) => compare(a.name, b.name));
  }

  listClasses(
    relative: string,
    entries: readonly Dirent[],
    shown: string,
  ): { classNames: string[]; candidates: Candidate[] } {
    const classNames: string[] = [];
    const candidates: Candidate[] = [];
    const folders = new Map<string, string>();
    for (const entry of entries) {
      const file = relative ? `${relative}/${entry.name}` : entry.name;
      if (this.isHidden(entry.name)) {
        this.skip(file, 'hidden file');
        continue;
      }
      if (entry.name.includes('\ufffd')) {
        this.skip(file, 'name that is not valid Unicode');
        continue;
      }
      if (entry.isSymbolicLink()) {
        this.skipLink(file);
        continue;
      }
      if (!entry.isDirectory()) {
        this.skip(file, 'not in a class');
        continue;
      }
      const className = entry.name.normalize('NFC');
      if (folders.has(className)) {
        throw new Error(
          `${shown}: got two folders for the class ${JSON.stringify(className)}, written in two Unicode forms; expected one. Move the pictures of one into the other.`,
        );
      }
      folders.set(className, file);
      const skippedBefore = this.skipped.length;
      const count = candidates.length;
      this.listFiles(file, className, candidates, 0);
      if (candidates.length > count) {
        classNames.push(className);
      } else if (this.allowEmpty) {
        this.skip(file, 'class with too few pictures', 'no picture in it');
      } else {
        const reasons = this.skipped
          .slice(skippedBefore)
          .map(({ file, reason }) => `${path.posix.basename(file)}: ${reason}`);
        throw new Error(
          `${path.join(shown, entry.name)}: the class ${JSON.stringify(className)} is empty; expected pictures in it. Found there: ` +
            `${reasons.length > 0 ? reasons.slice(0, NAMED).join('; ') : 'nothing'}. Remove the folder or put pictures into it.`,
        );
      }
    }
    if (classNames.length === 0) {
      throw new Error(
        `${shown}: got no class, expected one sub-folder for each class, such as cat/ and dog/. Found there: ${contentText(path.join(this.root, relative))}.`,
      );
    }
    return { classNames: classNames.sort(byCodePoint), candidates };
  }

  private listFiles(relative: string, className: string, candidates: Candidate[], depth: number): void {
    let entries: Dirent[];
    try {
      entries = this.namesOf(relative);
    } catch (error) {
      this.skip(
        relative,
        (error as NodeJS.ErrnoException).code === 'EACCES' ? 'no permission' : 'changed or vanished while it was read',
      );
      return;
    }
    const folder = path.join(this.root, relative);
    const forms = new Set<string>();
    for (const entry of entries) {
      const { name } = entry;
      const file = `${relative}/${name}`;
      if (this.isHidden(name)) {
        this.skip(file, 'hidden file');
      } else if (name.includes('\ufffd')) {
        this.skip(file, 'name that is not valid Unicode');
      } else if (entry.isDirectory()) {
        if (formatOfName(name)) this.skip(file, 'folder with the name of a picture');
        else if (depth === MAX_DEPTH) this.skip(file, 'folders too deep', `more than ${MAX_DEPTH} within a class`);
        else this.listFiles(file, className, candidates, depth + 1);
      } else {
        const form = isAscii(name) ? name : name.normalize('NFC');
        if (forms.has(form)) {
          this.skip(file, 'same name in another Unicode form');
          continue;
        }
        const target = entry.isFile()
          ? `${folder}${path.sep}${name}`
          : entry.isSymbolicLink()
            ? this.skipLink(file)
            : undefined;
        if (target !== undefined) {
          forms.add(form);
          candidates.push({ file, path: target, className });
        } else if (!entry.isSymbolicLink()) {
          this.skip(file, 'not a file', entry.isFIFO() ? 'a named pipe' : entry.isSocket() ? 'a socket' : 'a device');
        }
      }
    }
  }

  /** The file that a link leads to if it is one within the folder; otherwise the link is skipped. */
  private skipLink(file: string): string | undefined {
    let target: string;
    try {
      target = realpathSync(path.join(this.root, file));
    } catch {
      this.skip(file, 'broken link');
      return undefined;
    }
    if (!target.startsWith(this.root + path.sep)) {
      this.skip(file, 'link that leads out of the folder');
      return undefined;
    }
    const status = statSync(target);
    if (status.isFile()) return target;
    this.skip(file, status.isDirectory() ? 'link to a folder' : 'not a file');
    return undefined;
  }
}
