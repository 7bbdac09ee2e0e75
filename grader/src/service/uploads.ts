import { createHash, randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Readable } from 'node:stream';
import { gradeAll, type Batch } from '../batch/grade-all';
import { writeWhole } from '../../../lib/dist/disk';
import { canonicalJson } from '../mark/result';
import type { Submission, Ungradable } from '../submission';
import { feedbackHtml } from '../writers/feedback';
import { gradescopeFailure, gradescopeResults, type GradescopeResults } from '../writers/gradescope';

/** Bytes of one upload: what `handIn()` packs at most. */
export const LARGEST_UPLOAD = 50e6;
/** Uploads that may wait; who comes then comes again later. */
const MOST_WAITING = 1000;
const ID = /^u-[0-9a-f]{64}$/;

/** What became of what was in an upload, in its order. */
export type Outcome =
  | { readonly assignment: string; readonly learner: string; readonly earned: number; readonly points: number; readonly manualPoints: number; readonly result: string; readonly feedback: string }
  | Ungradable;

export interface Status {
  readonly id: string;
  readonly state: 'waiting' | 'done';
  readonly submissions: readonly Outcome[];
}

/** It is not taken, and why. */
export class Refused extends Error {
  constructor(readonly status: 401 | 413 | 503, message: string) {
    super(message);
  }
}

export interface UploadsOptions extends Pick<Batch, 'store' | 'conditions' | 'mark'> {
  /** Opens what was uploaded: `readUpload` of intake. The learner is whose the uploader says that it is. */
  readonly read: (name: string, bytes: Buffer, learner: string | undefined) => AsyncIterable<Submission | Ungradable>;
  /** Uploads that are marked at the same time. */
  readonly jobs: number;
}

/**
 * A folder with what was uploaded, each in a folder of its own: `upload` as it came, then `status.json` and for each submission in it the
 * signed result, the feedback, and what Gradescope shows. What has no status yet is marked, also after a kill. The same upload is there once.
 */
export class Uploads {
  private readonly waiting = new Set<string>();
  /** Of those that wait, these are being marked. */
  private readonly begun = new Set<string>();
  private readonly running = new Set<Promise<void>>();
  private stopped = false;

  constructor(private readonly folder: string, private readonly options: UploadsOptions) {
    // What was being received when an earlier service ended is of no use.
    fs.rmSync(path.join(folder, 'unfinished'), { recursive: true, force: true });
    fs.mkdirSync(path.join(folder, 'unfinished'), { recursive: true });
    for (const id of fs.readdirSync(folder)) {
      if (ID.test(id) && !fs.existsSync(path.join(folder, id, 'status.json'))) this.waiting.add(id);
    }
    this.next();
  }

  /**
   * Takes an upload; when this has ended, it is on the disk and will be marked.
   *
   * @param name as it was called: its ending says what it is, and folders in it say nothing
   * @param learner whose it is, where the uploader knows that
   * @returns its id, the same for the same name, learner and content
   * @throws Refused where it is too large, or too many wait
   */
  async accept(name: string, content: Readable, learner?: string): Promise<string> {
    if (this.waiting.size >= MOST_WAITING) throw new Refused(503, `${MOST_WAITING} uploads wait to be marked: try again in a minute.`);
    const unfinished = path.join(this.folder, 'unfinished', randomUUID());
    fs.mkdirSync(unfinished);
    const hash = createHash('sha256').update(`${JSON.stringify([name, learner])}\n`);
    try {
      const handle = await fs.promises.open(path.join(unfinished, 'upload'), 'wx');
      try {
        let bytes = 0;
        // Not destroyed when it is refused: the answer goes the same way.
        for await (const piece of content.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
          bytes += piece.length;
          if (bytes > LARGEST_UPLOAD) throw new Refused(413, `It has more than ${LARGEST_UPLOAD / 1e6} MB, which no hand-in needs.`);
          hash.update(piece);
          await handle.writeFile(piece);
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      writeWhole(path.join(unfinished, 'name'), plainName(name));
      if (learner !== undefined) writeWhole(path.join(unfinished, 'learner'), learner);
      const id = `u-${hash.digest('hex')}`;
      if (!fs.existsSync(path.join(this.folder, id))) {
        fs.renameSync(unfinished, path.join(this.folder, id));
        this.waiting.add(id);
        this.next();
      }
      return id;
    } finally {
      fs.rmSync(unfinished, { recursive: true, force: true });
    }
  }

  /** @returns undefined if there is no such upload */
  status(id: string): Status | undefined {
    if (!ID.test(id) || !fs.existsSync(path.join(this.folder, id))) return undefined;
    const file = path.join(this.folder, id, 'status.json');
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) as Status : { id, state: 'waiting', submissions: [] };
  }

  /** A result, the feedback, or what Gradescope shows: `0.json`, `0.html`, `0.gradescope.json`; 0 is the first of the status. */
  file(id: string, name: string): Buffer | undefined {
    if (!ID.test(id) || !/^\d{1,5}\.(json|html|gradescope\.json)$/.test(name)) return undefined;
    const file = path.join(this.folder, id, name);
    return fs.existsSync(file) ? fs.readFileSync(file) : undefined;
  }

  private next(): void {
    while (!this.stopped && this.running.size < this.options.jobs && this.waiting.size > this.running.size) {
      const id = [...this.waiting].find((each) => !this.begun.has(each))!;
      this.begun.add(id);
      const one: Promise<void> = this.mark(id).catch((error: Error) => {
        console.error(`${id}: ${error.message}. It is tried again when the service starts again.`);
      }).finally(() => {
        this.waiting.delete(id);
        this.begun.delete(id);
        this.running.delete(one);
        this.next();
      });
      this.running.add(one);
    }
  }

  private async mark(id: string): Promise<void> {
    const { read, store } = this.options;
    const folder = path.join(this.folder, id);
    const outcomes: Outcome[] = [];
    const name = fs.readFileSync(path.join(folder, 'name'), 'utf8');
    const learnerFile = path.join(folder, 'learner');
    const named = fs.existsSync(learnerFile) ? fs.readFileSync(learnerFile, 'utf8') : undefined;
    const writeGradescope = (results: GradescopeResults): void =>
      writeWhole(path.join(folder, `${outcomes.length}.gradescope.json`), JSON.stringify(results));
    await gradeAll(read(name, fs.readFileSync(path.join(folder, 'upload')), named), {
      ...this.options,
      jobs: 1, // In the order in which they come, so that they have the same numbers each time.
      onMarked: (submission, result) => {
        const { assignment, learner, earned, points, manualPoints } = result;
        const number = outcomes.length;
        writeWhole(path.join(folder, `${number}.json`), `${canonicalJson(store.read(assignment, learner))}\n`);
        writeWhole(path.join(folder, `${number}.html`), feedbackHtml(result, submission));
        writeGradescope(gradescopeResults(result));
        const base = `/uploads/${id}/${number}`;
        outcomes.push({ assignment, learner, earned, points, manualPoints, result: `${base}.json`, feedback: `${base}.html` });
      },
      onFailed: (ungradable) => {
        writeGradescope(gradescopeFailure(ungradable.reason));
        outcomes.push(ungradable);
      },
    });
    const status: Status = { id, state: 'done', submissions: outcomes };
    writeWhole(path.join(folder, 'status.json'), JSON.stringify(status));
  }

  /** Lets what is being marked be finished; what waits is marked when the service starts again. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running);
  }
}

/** The last part of a name, of harmless characters. */
const plainName = (name: string): string =>
  (name.split(/[/\\]/).pop() ?? '').replace(/[^\p{L}\p{N}._ -]/gu, '_').replace(/^\.+/, '').slice(-120) || 'upload';
