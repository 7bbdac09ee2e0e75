import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { readChecks, type GivenCell } from '@course/lib/exercises';
import { COURSE } from '../course';
import type { Finding, HandedInModel, Submission } from '../submission';
import { answersIn, lessonOf, type Lesson } from './answers';
import type { HandIns } from './hand-ins';
import { isObject, readNotebook, type Cell } from './notebook';
import { readJson, shown, Unread } from './strict-json';
import { Refusal, type HandedIn } from './walk';

/** What a hand-in says about itself. */
interface Facts {
  readonly learner: string;
  readonly lesson: string;
  readonly time: string;
  /** SHA-256 of its files. */
  readonly files: Readonly<Record<string, unknown>>;
}

const FACTS_LIMITS = { bytes: 100_000, depth: 4, values: 1000 };
/** What `handIn` packs of a model. */
const MODEL_FILES = ['model.json', 'weights.bin'];
const AGAIN = 'Open the notebook in JupyterLab, save it, and hand it in again.';

const hash = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Reads what was handed in, by the lessons that there are. */
export class Reader {
  /** Whether there was something of another lesson than the wanted one. */
  hasSkipped = false;
  private readonly given = new Map<string, readonly GivenCell[]>();

  constructor(
    private readonly lessons: ReadonlyMap<string, Lesson>, private readonly handIns: HandIns,
    private readonly wanted: string | undefined, private readonly owner: string | undefined,
  ) {}

  /**
   * @returns what it is, and whether names tell whose it is (otherwise only it itself does); undefined for what is of
   *   another lesson than the wanted one
   * @throws Refusal for what cannot be marked
   */
  async read(found: HandedIn): Promise<{ read: Submission; isNamed: boolean } | undefined> {
    const findings: Finding[] = [];
    const facts = found.folder === undefined ? undefined : await factsIn(found, findings);
    const { learner, isNamed, time } = this.learnerOf(found, facts, findings);
    const told = this.toldLesson(found, facts, learner, findings);
    if (told && this.isUnwanted(told)) return undefined;
    const byName = [...this.lessons.values()].find(({ assignment }) => lastNameOf(found).includes(assignment))
      ?? this.lessons.get(this.wanted ?? '');

    let cells: Cell[];
    let bytes: Buffer;
    try {
      ({ cells, bytes } = await this.notebookOf(found, told));
    } catch (error) {
      if (!(error instanceof Unread)) throw error;
      const lesson = told ?? byName;
      if (lesson && this.isUnwanted(lesson)) return undefined;
      throw new Refusal(`the notebook ${error.message}. ${AGAIN}`, learner, lesson?.assignment);
    }
    const byCells = lessonOf(cells, [...this.lessons.values()]);
    const lesson = told ?? byCells ?? byName;
    if (!lesson) throw new Refusal(`none of its cells is that of an answer of any lesson. ${AGAIN}`, learner);
    const { assignment } = lesson;
    if (this.isUnwanted(lesson)) return undefined;
    if (byCells && byCells !== lesson) {
      const sentence = `Its cells are those of ${byCells.assignment}; it is marked as ${assignment}.`;
      findings.push({ kind: 'other lesson', sentence });
    }

    const compare = (name: string, content: Buffer): void => {
      if (!facts || facts.files[name] === hash(content)) return;
      findings.push({ kind: 'bad file', where: name, sentence: `${name} is not as handIn() wrote it.` });
    };
    compare(`${assignment}.ipynb`, bytes);
    const models = found.folder === undefined ? {} : await this.modelsIn(found, lesson, compare, findings);
    if (!facts && !findings.some(({ kind }) => kind === 'bad file')) {
      const sentence = 'It came without the hand-in.json that handIn() writes.';
      findings.push({ kind: 'no hand-in', sentence });
    }
    const { answers, texts, findings: ofCells } = answersIn(cells, lesson, this.givenIn(assignment));
    const received = time ?? await this.stampIn(found) ?? this.handIns.timeOf(facts?.time ?? '');
    const read = {
      learner, assignment, sha256: hashOf(lesson, answers, texts, models),
      ...(received && { receivedAt: received.toISOString() }),
      answers, texts, models, findings: [...findings, ...ofCells],
    };
    return { read, isNamed: isNamed || found.zips.at(-1) === `${assignment}_${learner}.zip` };
  }

  private isUnwanted({ assignment }: Lesson): boolean {
    const isUnwanted = this.wanted !== undefined && assignment !== this.wanted;
    this.hasSkipped ||= isUnwanted;
    return isUnwanted;
  }

  /** What folders and files are called tells more than what a hand-in says of itself. */
  private learnerOf(
    found: HandedIn, facts: Facts | undefined, findings: Finding[],
  ): { learner: string; isNamed: boolean; time?: Date } {
    const { zips, folders, notebook } = found;
    const { LEARNER, toldByNames } = this.handIns;
    const lastName = lastNameOf(found);
    const { uploader } = toldByNames([...zips, ...folders, lastName], this.lessons);
    if (uploader !== undefined && this.owner === undefined) {
      throw new Refusal(`${shown(uploader)} is a name as an LMS writes it, and no id. npm run collect sorts such ` +
        'files by learner: mark what it makes of them.');
    }
    const told = toldByNames([...folders, lastName], this.lessons);
    const named = this.owner ?? told.learner ?? (notebook && this.learnerByName(lastName, folders));
    const learner = named ?? facts?.learner;
    if (learner === undefined) {
      throw new Refusal('nobody can tell whose it is: expected a name such as 01_mnist_mlp_LEARNER.ipynb, or a ' +
        'hand-in of handIn().');
    }
    if (!LEARNER.test(learner)) {
      throw new Refusal(`${shown(learner)} is no id of a learner: expected at most 64 letters, digits, '.', '_' and ` +
        "'-', the first one a letter or a digit.");
    }
    if (facts && facts.learner !== learner) {
      const sentence = `It was packed as that of ${shown(facts.learner)}, but comes from ${learner}.`;
      findings.push({ kind: 'other learner', sentence });
    }
    return { learner, isNamed: named !== undefined, time: told.time };
  }

  /** `01_mnist_mlp_ada.ipynb`, `ada.ipynb`; of `01_mnist_mlp.ipynb` and of `week1/week1.ipynb` the folder tells. */
  private learnerByName(name: string, folders: readonly string[]): string | undefined {
    const stem = name.replace(/\.ipynb$/i, '');
    if (stem === folders.at(-1) && folders.length >= 2) return folders.at(-2);
    if (this.lessons.has(stem)) return folders.at(-1);
    const lesson = [...this.lessons.keys()].find((each) => stem.startsWith(`${each}_`));
    return lesson === undefined ? stem : stem.slice(lesson.length + 1);
  }

  /** The lesson of a hand-in: of nbgrader's folder, or what it says itself; a bare notebook says it by its cells. */
  private toldLesson(
    { folder, folders, learnersZip }: HandedIn, facts: Facts | undefined, learner: string, findings: Finding[],
  ): Lesson | undefined {
    if (folder === undefined) return undefined;
    const byFolder = learnersZip === undefined && folders.length >= 2 ? this.lessons.get(folders.at(-1)!) : undefined;
    const lesson = byFolder ?? this.lessons.get(facts?.lesson ?? '');
    if (!lesson) {
      const got = facts ? `speaks of the lesson ${shown(facts.lesson)}, and there is none` : 'cannot be read';
      throw new Refusal(`its hand-in.json ${got}.`, learner);
    }
    if (facts && facts.lesson !== lesson.assignment) {
      const sentence = `It was handed in for ${shown(facts.lesson)}, but lies in the folder of ${lesson.assignment}.`;
      findings.push({ kind: 'other lesson', sentence });
    }
    return lesson;
  }

  private async notebookOf(found: HandedIn, lesson: Lesson | undefined): Promise<{ cells: Cell[]; bytes: Buffer }> {
    const { LARGEST_NOTEBOOK } = this.handIns;
    const name = `${lesson?.assignment}.ipynb`;
    const bytes = await found.place.read(found.notebook ?? within(found, name), LARGEST_NOTEBOOK);
    if (!bytes) throw new Unread(`${name} is not there`);
    return { cells: readNotebook(bytes, LARGEST_NOTEBOOK), bytes };
  }

  private givenIn(assignment: string): readonly GivenCell[] {
    const cells = this.given.get(assignment) ?? readChecks(assignment, path.join(COURSE, 'exercises')).cells;
    this.given.set(assignment, cells);
    return cells;
  }

  private async modelsIn(
    found: HandedIn, { exercises }: Lesson, compare: (name: string, content: Buffer) => void, findings: Finding[],
  ): Promise<Record<string, HandedInModel>> {
    const { memberSize, totalSize } = this.handIns.LIMITS.handIn;
    const models: Record<string, HandedInModel> = {};
    let total = 0;
    for (const { id } of exercises.filter(({ kind }) => kind === 'trained')) {
      const files: Record<string, Uint8Array> = {};
      try {
        for (const file of MODEL_FILES) {
          const name = `models/${id}/${file}`;
          const content = await found.place.read(within(found, name), memberSize);
          if (!content) continue;
          total += content.length;
          if (total > totalSize) throw new Unread(`has, with the others, more than ${totalSize / 1e6} MB`);
          compare(name, content);
          files[file] = content;
        }
        const missing = MODEL_FILES.filter((file) => !(file in files));
        if (missing.length === 1) throw new Unread(`has no ${missing[0]}`);
        if (missing.length === 0) models[id] = { files };
      } catch (error) {
        if (!(error instanceof Unread)) throw error;
        const sentence = `The trained model of ${id} ${error.message}: it is not used.`;
        findings.push({ kind: 'unread model', where: id, sentence });
      }
    }
    return models;
  }

  /** A time is good to have, and nothing more. */
  private async stampIn(found: HandedIn): Promise<Date | undefined> {
    if (found.folder === undefined) return undefined;
    try {
      const stamp = await found.place.read(within(found, 'timestamp.txt'), 1000);
      return stamp && this.handIns.timeOf(stamp.toString('utf8').trim());
    } catch (error) {
      if (error instanceof Unread) return undefined;
      throw error;
    }
  }
}

const within = ({ folder }: HandedIn, name: string): string => (folder ? `${folder}/${name}` : name);

/** The last of the names that somebody else than the learner has given, as if it were that of a notebook. */
const lastNameOf = ({ learnersZip, notebook, folders }: HandedIn): string =>
  learnersZip?.replace(/\.zip$/i, '.ipynb') ?? path.posix.basename(notebook ?? `${folders.at(-1) ?? 'none'}.ipynb`);

async function factsIn(found: HandedIn, findings: Finding[]): Promise<Facts | undefined> {
  try {
    const bytes = await found.place.read(within(found, 'hand-in.json'), FACTS_LIMITS.bytes);
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
    const sentence = `Its hand-in.json ${error.message}: nothing of it is believed.`;
    findings.push({ kind: 'bad file', where: 'hand-in.json', sentence });
    return undefined;
  }
}

/** The same answers have the same one, whoever handed them in. */
function hashOf(
  { exercises }: Lesson, answers: Submission['answers'], texts: Submission['texts'], models: Submission['models'],
): string {
  return hash(JSON.stringify(exercises.map(({ id }) => [
    id, answers[id] ?? null, texts[id] ?? null,
    Object.entries(models[id]?.files ?? {}).map(([name, content]) => [name, hash(content)]),
  ])));
}
