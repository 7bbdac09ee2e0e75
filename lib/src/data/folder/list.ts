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
  | 'link to a picture that is listed'
  | 'not a file'
  | 'folder with the name of a picture'
  | 'folders too deep'
  | 'not in a class'
  | 'part that is not used'
  | 'class with too few pictures'
  | 'in a class with too few pictures'
  | 'class without validation pictures'
  | 'name that is not valid Unicode'
  | 'same name in another Unicode form'
  | 'no permission'
  | 'no such file'
  | 'nothing stands out'
  | 'not a class of the model'
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
  /** Relative; '' where the classes lie in the folder itself. */
  readonly trainFolder: string;
  readonly train: readonly Candidate[];
  /** Undefined if there is none. */
  readonly validationFolder: string | undefined;
  /** Undefined if there is no folder for it. */
  readonly validation: readonly Candidate[] | undefined;
  readonly skipped: readonly SkippedFile[];
}

/** What folders with the training pictures are called, in small or capital letters. */
const TRAIN_FOLDERS: readonly string[] = ['train', 'training'];

/** The folders that hold the validation pictures beside them; the first that exists is taken. */
const VALIDATION_FOLDERS: readonly string[] = ['validation', 'valid', 'val', 'testing', 'test'];

const isTrainName = (name: string): boolean => TRAIN_FOLDERS.includes(name.toLowerCase());
const isValidationName = (name: string): boolean => VALIDATION_FOLDERS.includes(name.toLowerCase());

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
 * Lists the pictures of a folder: `train/<class>/*` with `validation/<class>/*` beside it (also `training`; `valid`,
 * `val`, `testing`, `test`; in small or capital letters), or `<class>/*`. Folders within a class belong to the class, as
 * in Keras and torchvision. No file is opened.
 *
 * @param allowEmpty classes without a file are listed as skipped instead of being an error
 * @throws Error if there is no such folder, no class, a class without a file, two classes that look alike, or a layout
 *   of which nobody can tell what the classes are
 */
export function listFolder(folder: string, allowEmpty = false): Listing {
  const root = openFolder(folder);
  const lister = new Lister(root, allowEmpty);
  const entries = lister.entriesOf('', folder);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const trainNames = folders.filter(isTrainName);
  if (trainNames.length > 1) {
    throw new Error(
      `${folder}: got ${trainNames.length} folders with training pictures (${namesText(trainNames)}), expected one. ` +
        `Move the pictures of one into the other.`,
    );
  }
  if (trainNames.length === 0) {
    checkFlat(root, folder, lister, entries);
    const { classNames, candidates } = lister.listClasses('', entries, folder);
    const train = lister.withoutDuplicates(candidates);
    return { ...lister.result(classNames), trainFolder: '', train };
  }
  const [trainName] = trainNames;
  const beside = VALIDATION_FOLDERS.flatMap((known) => folders.filter((name) => name.toLowerCase() === known))[0] as
    | string
    | undefined;
  for (const entry of entries) {
    const { name } = entry;
    if (name === trainName || name === beside) continue;
    if (isHidden(name)) lister.skip(name, 'hidden file');
    else if (entry.isSymbolicLink()) lister.skipLink(name, 'not in a class');
    else if (beside !== undefined && entry.isDirectory() && isValidationName(name))
      lister.skip(name, 'part that is not used', `validation pictures come from ${beside}`);
    else lister.skip(name, 'not in a class');
  }
  const train = lister.listClasses(trainName, lister.entriesOf(trainName, folder), path.join(folder, trainName));
  const { classNames } = train;
  if (beside === undefined) {
    const candidates = lister.withoutDuplicates(train.candidates);
    return { ...lister.result(classNames), trainFolder: trainName, train: candidates };
  }
  const validation = lister.listClasses(beside, lister.entriesOf(beside, folder), path.join(folder, beside), true);
  const unknown = validation.classNames.filter((name) => !classNames.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `${path.join(folder, beside)}: got the class ${namesText(unknown)}, expected only classes that are in ` +
        `${trainName} as well: ${namesText(classNames)}. Rename or move that folder.`,
    );
  }
  const all = lister.withoutDuplicates([...train.candidates, ...validation.candidates]);
  const isTraining = new Set(train.candidates);
  return {
    ...lister.result(classNames),
    trainFolder: trainName,
    train: all.filter((candidate) => isTraining.has(candidate)),
    validationFolder: beside,
    validation: all.filter((candidate) => !isTraining.has(candidate)),
  };
}

/**
 * Refuses what would be taken for classes although it is none: parts without training pictures, and folders that hold
 * nothing but several folders.
 *
 * @throws Error that says what was found
 */
function checkFlat(root: string, folder: string, lister: Lister, entries: readonly Dirent[]): void {
  const folders = entries.filter((entry) => entry.isDirectory() && !isHidden(entry.name));
  if (folders.length === 0) return;
  if (folders.every(({ name }) => isValidationName(name))) {
    throw new Error(
      `${folder}: got no training pictures, expected train/ with one sub-folder for each class beside ` +
        `${namesText(folders.map(({ name }) => name))}. Found there: ${contentText(root)}.${linksText(entries)}`,
    );
  }
  const contents = folders.map(({ name }) => {
    // A folder that cannot be read is told of later, as one of a class.
    const inside = lister.tryEntriesOf(name).filter((entry) => !isHidden(entry.name));
    return { name, inside, holdsFolders: inside.length > 0 && inside.every((entry) => entry.isDirectory()) };
  });
  if (contents.every(({ holdsFolders }) => holdsFolders) && contents.some(({ inside }) => inside.length > 1)) {
    const [{ name, inside }] = contents;
    throw new Error(
      `${folder}: got ${folders.length === 1 ? 'a folder that holds' : 'folders that hold'} only folders ` +
        `(${name}/ holds ${namesText(inside.map((entry) => entry.name))}), expected one sub-folder for each class with ` +
        `pictures in it, such as cat/*.jpg or train/cat/*.jpg. Name the folder above the classes, or, if these are the ` +
        `classes all the same, move them into a folder train/.`,
    );
  }
}

/** The folder with links resolved, or an error that says what there is instead. */
function openFolder(folder: string): string {
  if (folder === '') {
    throw new Error(`folder: got '', expected the path of a folder, such as 'pets' ('.' is the current one).`);
  }
  const absolute = path.resolve(folder);
  const expected = 'expected a folder with one sub-folder for each class, such as train/cat/*.jpg';
  try {
    const root = realpathSync(absolute);
    if (statSync(root).isDirectory()) return root;
  } catch (error) {
    if (isDenied(error))
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

const isDenied = (error: unknown): boolean => ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');

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
    ['link', entries.filter((entry) => entry.isSymbolicLink())],
    ['file', entries.filter((entry) => !entry.isDirectory() && !entry.isSymbolicLink())],
  ] as const;
  return kinds
    .filter(([, list]) => list.length > 0)
    .map(
      ([kind, list]) =>
        `${list.length} ${kind}${list.length === 1 ? '' : 's'} (${namesText(list.map(({ name }) => name).sort(byCodePoint))})`,
    )
    .join(' and ');
}

/** What to do about links, where one may be what was meant. */
const linksText = (entries: readonly Dirent[]): string =>
  entries.some((entry) => entry.isSymbolicLink()) ? ' Links to folders are not followed: name the folder itself.' : '';

/** Dot files (also `._x`, which macOS leaves behind) and what operating systems drop. */
export const isHidden = (name: string): boolean =>
  name.startsWith('.') || name === 'Thumbs.db' || name === 'desktop.ini' || name === '__MACOSX';

class Lister {
  readonly skipped: SkippedFile[] = [];
  private readonly links = new Set<Candidate>();

  constructor(
    private readonly root: string,
    private readonly allowEmpty: boolean,
  ) {}

  /** What is known beside the pictures; there are none for validation. */
  result(classNames: readonly string[]): Omit<Listing, 'trainFolder' | 'train'> {
    return { folder: this.root, classNames, validationFolder: undefined, validation: undefined, skipped: this.skipped };
  }

  skip(file: string, reason: SkipReason, detail?: string): void {
    this.skipped.push(detail === undefined ? { file, reason } : { file, reason, detail });
  }

  /**
   * What is in a folder of the layout, sorted.
   *
   * @throws Error if it cannot be listed
   */
  entriesOf(relative: string, folder: string): Dirent[] {
    try {
      return this.namesOf(relative);
    } catch (error) {
      const [problem, remedy] = isDenied(error)
        ? ['no permission to list it', 'Change its permissions, or ask its owner']
        : [`${(error as NodeJS.ErrnoException).code} when it was listed`, 'Try again'];
      throw new Error(
        `${path.join(folder, relative)}: got ${problem}, expected a folder that you may read. ${remedy}.`,
      );
    }
  }

  /** What is in a folder, sorted; nothing if it cannot be listed. */
  tryEntriesOf(relative: string): Dirent[] {
    try {
      return this.namesOf(relative);
    } catch {
      return [];
    }
  }

  /**
   * Takes away links to pictures that are listed by themselves, or by an earlier link: they would be in two classes, or
   * in training and validation.
   */
  withoutDuplicates(candidates: readonly Candidate[]): readonly Candidate[] {
    if (this.links.size === 0) return candidates;
    const known = new Map(
      candidates.filter((candidate) => !this.links.has(candidate)).map((candidate) => [candidate.path, candidate]),
    );
    return candidates.filter((candidate) => {
      if (!this.links.has(candidate)) return true;
      const first = known.get(candidate.path);
      known.set(candidate.path, first ?? candidate);
      if (first) this.skip(candidate.file, 'link to a picture that is listed', first.file);
      return !first;
    });
  }

  private namesOf(relative: string): Dirent[] {
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
    isValidation = false,
  ): { classNames: string[]; candidates: Candidate[] } {
    const classNames: string[] = [];
    const candidates: Candidate[] = [];
    const folders = new Map<string, string>();
    for (const entry of entries) {
      const file = relative ? `${relative}/${entry.name}` : entry.name;
      if (isHidden(entry.name)) {
        this.skip(file, 'hidden file');
        continue;
      }
      if (entry.name.includes('\ufffd')) {
        this.skip(file, 'name that is not valid Unicode');
        continue;
      }
      if (entry.isSymbolicLink()) {
        this.skipLink(file, 'not in a class');
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
        if (!isValidation) this.skip(file, 'class with too few pictures', 'no picture in it');
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
        `${shown}: got no class, expected one sub-folder for each class, such as cat/ and dog/. Found there: ` +
          `${contentText(path.join(this.root, relative))}.${linksText(entries)}`,
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
        isDenied(error) ? 'no permission' : 'changed or vanished while it was read',
      );
      return;
    }
    const folder = path.join(this.root, relative);
    const forms = new Set<string>();
    for (const entry of entries) {
      const { name } = entry;
      const file = `${relative}/${name}`;
      if (isHidden(name)) {
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
          const candidate = { file, path: target, className };
          candidates.push(candidate);
          if (entry.isSymbolicLink()) this.links.add(candidate);
        } else if (!entry.isSymbolicLink()) {
          this.skip(file, 'not a file', entry.isFIFO() ? 'a named pipe' : entry.isSocket() ? 'a socket' : 'a device');
        }
      }
    }
  }

  /**
   * The file that a link leads to if it is one within the folder; otherwise the link is skipped.
   *
   * @param reasonForFile skips such a file too
   */
  skipLink(file: string, reasonForFile?: SkipReason): string | undefined {
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
    if (status.isFile()) {
      if (reasonForFile) this.skip(file, reasonForFile);
      return target;
    }
    this.skip(file, status.isDirectory() ? 'link to a folder' : 'not a file');
    return undefined;
  }
}
