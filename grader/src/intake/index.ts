import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { readChecks, type GivenCell } from '@course/lib/exercises';
import { COURSE } from '../course';
import type { Sandbox } from '../sandbox/sandbox';
import { type Finding, type HandedInModel, type Submission, type Ungradable } from '../submission';
import { answersIn, lessonOf, type Lesson } from './answers';
import { handIns, type HandIns } from './hand-ins';
import { isObject, readNotebook, type Cell } from './notebook';
import { readJson, shown, Unread } from './strict-json';
import { walk, walkFile, type HandedIn, type Refused, type WalkOptions } from './walk';

export { Unread, type Lesson };

export interface IntakeOptions {
  /** The lessons that have exercises. */
  readonly suites: readonly Lesson[];
  /** Zip files are unpacked in it. */
  readonly sandbox: Sandbox;
  /** Only this one; also what a notebook is taken for that nothing else tells about. */
  readonly assignment?: string;
}

/**
 * What was handed in, one after the other: nbgrader's `submitted/`, a folder of notebooks or of `handIn()`'s zip files, a zip file, one
 * notebook. Nothing of it is believed: sizes, forms and names are held to limits, links are not followed, points and types are the course's
 * own. Each learner comes once for a lesson; what cannot be read comes as a sentence. In memory is one at a time.
 *
 * @throws Error if there is no such file, or nothing in it that was handed in
 */
export async function* readSubmissions(target: string, options: IntakeOptions): AsyncGenerator<Submission | Ungradable> {
  const intake = await Intake.for(options);
  let isEmpty = true;
  for await (const read of intake.submissions(walk(target, intake.walking))) {
    isEmpty = false;
    yield read;
  }
  if (isEmpty && !intake.hasSkipped) {
    throw new Error(`${target}: got neither notebooks nor hand-ins; expected nbgrader's submitted/, a folder of notebooks, a zip file or one notebook.`);
  }
}

/** The same of one file that was uploaded, with a name that nobody trusts either. */
export async function* readUpload(name: string, bytes: Buffer, options: IntakeOptions): AsyncGenerator<Submission | Ungradable> {
  const intake = await Intake.for(options);
  yield* intake.submissions(walkFile(name, bytes, intake.walking));
}

/** What a hand-in says about itself. */
interface Facts {
  readonly learner: string;
  readonly lesson: string;
  readonly time: string;
  /** SHA-256 of its files. */
  readonly files: Readonly<Record<string, unknown>>;
}

interface Read {
  readonly read: Submission | Ungradable;
  /** Whether names say whose it is; otherwise only it itself does. */
  readonly isNamed: boolean;
}

const FACTS_LIMITS = { bytes: 100_000, depth: 4, values: 1000 };
const NOTEBOOK_AGAIN = 'Open the notebook in JupyterLab, save it, and hand it in again.';

class Intake {
  readonly walking: WalkOptions;
  /** Whether there was something of another lesson than the one that is wanted. */
  hasSkipped = false;
  private readonly lessons: ReadonlyMap<string, Lesson>;
  private readonly given = new Map<string, readonly GivenCell[]>();

  private constructor(private readonly options: IntakeOptions, private readonly handIns: HandIns) {
    this.lessons = new Map(options.suites.map((lesson) => [lesson.assignment, lesson]));
    this.walking = { lessons: new Set(this.lessons.keys()), sandbox: options.sandbox, handIns };
  }

  static async for(options: IntakeOptions): Promise<Intake> {
    return new Intake(options, await handIns());
  }

  /** Those that only say themselves whose they are come last: two of them, or one beside a named one, are none. */
  async *submissions(all: AsyncIterable<HandedIn | Refused>): AsyncGenerator<Submission | Ungradable> {
    const seen = new Set<string>();
    const claims: { key: string; again: () => Promise<HandedIn>; label: string }[] = [];
    const keyOf = ({ learner, assignment }: Submission | Ungradable): string => `${learner}/${assignment}`;
    for await (const found of all) {
      if ('reason' in found) {
        yield this.ungradable(found.label, `${shown(found.label)}: ${found.reason}. It is not marked.`);
        continue;
      }
      const one = await this.safely(found);
      if (!one) continue;
      const { read, isNamed } = one;
      const key = keyOf(read);
      if (!isNamed) {
        claims.push({ key, again: () => found.again(), label: found.label });
      } else if (seen.has(key)) {
        yield this.twice(found.label, read);
      } else {
        seen.add(key);
        yield read;
      }
    }
    const count = new Map<string, number>();
    for (const { key } of claims) count.set(key, (count.get(key) ?? 0) + 1);
    for (const { key, again, label } of claims) {
      const read = (await this.safely(await again()))?.read;
      if (!read) continue;
      yield seen.has(key) || count.get(key)! > 1 ? this.twice(label, read) : read;
    }
  }

  private twice(label: string, { learner, assignment }: Submission | Ungradable): Ungradable {
    return this.ungradable(label, `${shown(label)}: ${learner} has handed in ${assignment} more than once, or somebody else has in that name. ` +
      'Nobody can tell here which one counts: npm run collect sorts what an LMS gives out.', undefined, assignment);
  }

  /** An id that nobody has: what cannot be told must not stand in anybody's place. */
  private ungradable(label: string, reason: string, learner?: string, assignment?: string): Ungradable {
    const nobody = `unknown-${createHash('sha256').update(label).digest('hex').slice(0, 12)}`;
    return { learner: learner ?? nobody, assignment: assignment ?? this.options.assignment ?? 'unknown', reason };
  }

  /** @returns undefined for what is of another lesson than the wanted one */
  private async safely(found: HandedIn): Promise<Read | undefined> {
    try {
      return await this.read(found);
    } catch (error) {
      if (!(error instanceof Unread)) throw error;
      return { isNamed: true, read: this.ungradable(found.label, `${shown(found.label)}: it ${error.message}. It is not marked.`) };
    }
  }

  private async read(found: HandedIn): Promise<Read | undefined> {
    const { label, place, folder, zips, folders, learnersZip } = found;
    const { LEARNER, LARGEST_NOTEBOOK, timeOf, toldByNames } = this.handIns;
    const inFolder = (name: string): string => (folder ? `${folder}/${name}` : name);
    const findings: Finding[] = [];
    const refuse = (reason: string, learner?: string, assignment?: string): Read =>
      ({ isNamed: true, read: this.ungradable(label, `${shown(label)}: ${reason}`, learner, assignment) });

    // The last of the names that somebody else has given.
    const lastName = learnersZip?.replace(/\.zip$/i, '.ipynb') ?? path.posix.basename(found.notebook ?? `${folders.at(-1) ?? 'x'}.ipynb`);
    const { uploader } = toldByNames([...zips, ...folders, lastName], this.lessons);
    if (uploader !== undefined) {
      return refuse(`it bears the name of ${shown(uploader)} as an LMS writes it, which is no id. npm run collect sorts such files by learner; mark what it makes of them.`);
    }

    const facts = folder === undefined ? undefined : await this.factsIn(found, inFolder('hand-in.json'), findings);
    const told = toldByNames([...folders, lastName], this.lessons);
    const treeLesson = folder !== undefined && learnersZip === undefined && folders.length >= 2 ? this.lessons.get(folders.at(-1)!) : undefined;

    // Whose it is.
    const byName = told.learner ?? (found.notebook === undefined ? undefined : this.learnerByName(lastName, folders));
    const learner = byName ?? facts?.learner;
    if (learner === undefined) return refuse('nobody can tell whose it is: expected a name such as 01_mnist_mlp_LEARNER.ipynb, or a hand-in of handIn().');
    if (!LEARNER.test(learner)) {
      return refuse(`${shown(learner)} is no id of a learner: expected at most 64 letters, digits, '.', '_' and '-', the first one a letter or a digit.`);
    }
    if (facts && facts.learner !== learner) {
      findings.push({ kind: 'other learner', sentence: `It was handed in as ${shown(facts.learner)} and lies in the folder of ${learner}: it is marked as ${learner}'s.` });
    }

    // What it is of.
    let lesson = treeLesson ?? (facts && this.lessons.get(facts.lesson));
    if (folder !== undefined && !lesson) return refuse(`its hand-in.json speaks of the lesson ${shown(facts?.lesson ?? '')}, and there is none.`, learner);
    if (facts && lesson && facts.lesson !== lesson.assignment) {
      findings.push({ kind: 'other lesson', sentence: `It was handed in for ${shown(facts.lesson)} and lies in the folder of ${lesson.assignment}: it is marked as that.` });
    }
    const { assignment: wanted } = this.options;
    if (wanted !== undefined && lesson && lesson.assignment !== wanted) return this.skip();
    const named = [...this.lessons.values()].find(({ assignment }) => lastName.includes(assignment)) ?? (wanted === undefined ? undefined : this.lessons.get(wanted));

    // The notebook.
    const file = found.notebook ?? inFolder(`${lesson!.assignment}.ipynb`);
    let cells: Cell[];
    let bytes: Buffer | undefined;
    try {
      bytes = await place.read(file, LARGEST_NOTEBOOK);
      if (!bytes) return refuse(`there is no ${lesson!.assignment}.ipynb in it. Hand it in again, or give the notebook that name.`, learner, lesson?.assignment);
      cells = readNotebook(bytes, LARGEST_NOTEBOOK);
    } catch (error) {
      if (!(error instanceof Unread)) throw error;
      if (!lesson && named && wanted !== undefined && named.assignment !== wanted) return this.skip();
      return refuse(`the notebook ${error.message}. ${NOTEBOOK_AGAIN}`, learner, (lesson ?? named)?.assignment);
    }
    const byCells = lessonOf(cells, this.options.suites);
    lesson ??= byCells ?? named;
    if (!lesson) return refuse(`it is of no lesson that has exercises: none of its cells is one of an answer. ${NOTEBOOK_AGAIN}`, learner);
    if (wanted !== undefined && lesson.assignment !== wanted) return this.skip();
    if (byCells && byCells !== lesson) {
      findings.push({ kind: 'other lesson', sentence: `Its cells are those of ${byCells.assignment}: for ${lesson.assignment} it earns what they answer of that.` });
    }

    const { answers, texts, findings: ofCells } = answersIn(cells, lesson, this.givenIn(lesson.assignment));
    const promised = (name: string, content: Buffer): void => {
      if (facts && facts.files[name] !== createHash('sha256').update(content).digest('hex')) {
        findings.push({ kind: 'bad file', where: name, sentence: `${name} is not as handIn() wrote it.` });
      }
    };
    promised(`${lesson.assignment}.ipynb`, bytes);
    const models = folder === undefined ? {} : await this.modelsIn(found, lesson, inFolder, promised, findings);
    if (!facts && !findings.some(({ kind }) => kind === 'bad file')) {
      findings.push({ kind: 'no hand-in', sentence: 'It came without the hand-in.json of handIn(): nobody knows whether it is as it was handed in.' });
    }
    const received = told.time ?? await this.stampIn(found, inFolder) ?? timeOf(facts?.time ?? '');
    const isNamed = byName !== undefined || zips.at(-1) === `${lesson.assignment}_${learner}.zip`;
    const read: Submission = {
      learner, assignment: lesson.assignment, sha256: hashOf(lesson, answers, texts, models),
      ...(received && { receivedAt: received.toISOString() }), answers, texts, models, findings: [...findings, ...ofCells],
    };
    return { read, isNamed };
  }

  private skip(): undefined {
    this.hasSkipped = true;
    return undefined;
  }

  private givenIn(assignment: string): readonly GivenCell[] {
    const known = this.given.get(assignment) ?? readChecks(assignment, path.join(COURSE, 'exercises')).cells;
    this.given.set(assignment, known);
    return known;
  }

  /** `01_mnist_mlp_ada.ipynb`, `ada.ipynb`; of `01_mnist_mlp.ipynb` and of `week1/week1.ipynb` the folder tells. */
  private learnerByName(name: string, folders: readonly string[]): string | undefined {
    const stem = name.replace(/\.ipynb$/i, '');
    if (stem === folders.at(-1) && folders.length >= 2) return folders.at(-2);
    if (this.lessons.has(stem)) return folders.at(-1);
    const lesson = [...this.lessons.keys()].find((name) => stem.startsWith(`${name}_`));
    return lesson === undefined ? stem : stem.slice(lesson.length + 1);
  }

  private async factsIn({ place }: HandedIn, file: string, findings: Finding[]): Promise<Facts | undefined> {
    try {
      const bytes = await place.read(file, FACTS_LIMITS.bytes);
      if (!bytes) return undefined;
      const facts = readJson(bytes, FACTS_LIMITS);
      if (!isObject(facts)) throw new Unread('holds no object');
      const { learner, lesson, time, files } = facts;
      if (typeof learner !== 'string' || typeof lesson !== 'string' || typeof time !== 'string' || !isObject(files)) {
        throw new Unread('does not say learner, lesson, time and files');
      }
      return { learner, lesson, time, files };
    } catch (error) {
      if (!(error instanceof Unread)) throw error;
      findings.push({ kind: 'bad file', where: 'hand-in.json', sentence: `Its hand-in.json ${error.message}: nothing of it is believed.` });
      return undefined;
    }
  }

  private async modelsIn(
    { place }: HandedIn, { exercises }: Lesson, inFolder: (name: string) => string, promised: (name: string, content: Buffer) => void, findings: Finding[],
  ): Promise<Record<string, HandedInModel>> {
    const { memberSize, totalSize } = this.handIns.LIMITS.handIn;
    const models: Record<string, HandedInModel> = {};
    let total = 0;
    for (const { id } of exercises.filter(({ kind }) => kind === 'trained')) {
      const files: Record<string, Uint8Array> = {};
      try {
        for (const name of MODEL_FILES) {
          const content = await place.read(inFolder(`models/${id}/${name}`), memberSize);
          if (!content) continue;
          total += content.length;
          if (total > totalSize) throw new Unread(`has, with the others, more than ${totalSize / 1e6} MB`);
          promised(`models/${id}/${name}`, content);
          files[name] = content;
        }
        const there = Object.keys(files);
        if (there.length === 1) throw new Unread(`has no ${MODEL_FILES.find((name) => name !== there[0])}`);
        if (there.length > 0) models[id] = { files };
      } catch (error) {
        if (!(error instanceof Unread)) throw error;
        findings.push({ kind: 'unread model', where: id, sentence: `The trained model of ${id} ${error.message}: it is not used.` });
      }
    }
    return models;
  }

  private async stampIn({ place, folder }: HandedIn, inFolder: (name: string) => string): Promise<Date | undefined> {
    if (folder === undefined) return undefined;
    try {
      const stamp = await place.read(inFolder('timestamp.txt'), 1000);
      return stamp && this.handIns.timeOf(stamp.toString('utf8').trim());
    } catch (error) {
      if (error instanceof Unread) return undefined; // A time is good to have, and nothing more.
      throw error;
    }
  }
}

/** What `handIn` packs of a model. */
const MODEL_FILES = ['model.json', 'weights.bin'];

/** The same answers have the same one, whoever handed them in. */
function hashOf(
  { exercises }: Lesson, answers: Submission['answers'], texts: Submission['texts'], models: Submission['models'],
): string {
  const content = exercises.map(({ id }) => [
    id, answers[id] ?? null, texts[id] ?? null,
    Object.entries(models[id]?.files ?? {}).map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]),
  ]);
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

