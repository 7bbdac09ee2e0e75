import { createHash } from 'node:crypto';
import type { Sandbox } from '../sandbox/sandbox';
import type { Submission, Ungradable } from '../submission';
import type { Lesson } from './answers';
import { handIns } from './hand-ins';
import { Reader } from './reader';
import { shown } from './strict-json';
import { Refusal, walk, walkFile, type HandedIn, type Refused, type WalkOptions } from './walk';

export type { Lesson };

export interface IntakeOptions {
  /** The lessons that have exercises. */
  readonly suites: readonly Lesson[];
  /** Zip files are unpacked in it. */
  readonly sandbox: Sandbox;
  /** Only this one; also what a notebook is taken for that nothing else tells about. */
  readonly assignment?: string;
  /** Whose all of it is, where whoever gives it knows that: then it is asked nowhere else. */
  readonly learner?: string;
}

type Found = AsyncIterable<HandedIn | Refused>;

/**
 * What was handed in, one after the other: nbgrader's `submitted/`, a folder of notebooks or of `handIn()`'s zip files,
 * a zip file, one notebook. Nothing of it is believed: sizes, forms and names are held to limits, links are not
 * followed, points and types are the course's own. Each learner comes once for a lesson; what cannot be read comes as a
 * sentence. In memory is one at a time.
 *
 * @throws Error if there is no such file, or nothing in it that was handed in
 */
export async function* readSubmissions(
  target: string, options: IntakeOptions,
): AsyncGenerator<Submission | Ungradable> {
  const intake = await Intake.for(options);
  let isEmpty = true;
  for await (const read of intake.submissions((walking) => walk(target, walking))) {
    isEmpty = false;
    yield read;
  }
  if (!isEmpty || intake.reader.hasSkipped) return;
  const expected = "nbgrader's submitted/, a folder of notebooks, a zip file or one notebook";
  throw new Error(`${target}: got neither notebooks nor hand-ins; expected ${expected}.`);
}

/** The same of one file that was uploaded, with a name that nobody trusts either. */
export async function* readUpload(
  name: string, bytes: Buffer, options: IntakeOptions,
): AsyncGenerator<Submission | Ungradable> {
  const intake = await Intake.for(options);
  yield* intake.submissions((walking) => walkFile(name, bytes, walking));
}

/** What only says itself whose it is. */
interface Claim {
  readonly key: string;
  readonly label: string;
  readonly again: () => Promise<HandedIn>;
  read: Submission | Ungradable | undefined;
}

class Intake {
  private constructor(
    private readonly assignment: string | undefined, readonly reader: Reader, private readonly walking: WalkOptions,
  ) {}

  static async for({ suites, sandbox, assignment, learner }: IntakeOptions): Promise<Intake> {
    const known = await handIns();
    const lessons = new Map(suites.map((lesson) => [lesson.assignment, lesson]));
    const reader = new Reader(lessons, known, assignment, learner);
    return new Intake(assignment, reader, { lessons, sandbox, handIns: known });
  }

  /** Those that only say themselves whose they are come last: two of them, or one beside a named one, are none. */
  async *submissions(walked: (walking: WalkOptions) => Found): AsyncGenerator<Submission | Ungradable> {
    const seen = new Set<string>();
    const claims: Claim[] = [];
    for await (const found of walked(this.walking)) {
      if ('reason' in found) {
        yield this.ungradable(found.label, `${found.reason}. It is not marked.`);
        continue;
      }
      const one = await this.read(found.label, async () => found);
      if (!one) continue;
      const { read, isNamed } = one;
      const key = `${read.learner}/${read.assignment}`;
      if (!isNamed) {
        // A single one, as an upload is, is kept; of more, none is.
        const { label, again } = found;
        if (claims.length === 1) claims[0].read = undefined;
        claims.push({ key, label, again, read: claims.length === 0 ? read : undefined });
      } else if (seen.has(key)) yield this.twice(found.label, read);
      else {
        seen.add(key);
        yield read;
      }
    }
    const counts = new Map<string, number>();
    for (const { key } of claims) counts.set(key, (counts.get(key) ?? 0) + 1);
    for (const { key, label, again, read: kept } of claims) {
      const read = kept ?? (await this.read(label, again))?.read;
      if (read) yield seen.has(key) || counts.get(key)! > 1 ? this.twice(label, read) : read;
    }
  }

  /** @returns undefined for what is of another lesson than the wanted one */
  private async read(
    label: string, find: () => Promise<HandedIn>,
  ): Promise<{ read: Submission | Ungradable; isNamed: boolean } | undefined> {
    try {
      return await this.reader.read(await find());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { read: this.ungradable(label, error.message, error.learner, error.assignment), isNamed: true };
    }
  }

  private twice(label: string, { learner, assignment }: Submission | Ungradable): Ungradable {
    const sentences = `${assignment} was handed in more than once in the name of ${learner}. Nobody can tell here ` +
      'which one counts: npm run collect sorts what an LMS gives out.';
    return this.ungradable(label, sentences, undefined, assignment);
  }

  /** @param sentences the first one without its beginning; what cannot be told must not stand in anybody's place */
  private ungradable(label: string, sentences: string, learner?: string, assignment?: string): Ungradable {
    const nobody = `unknown-${createHash('sha256').update(label).digest('hex').slice(0, 12)}`;
    return {
      learner: learner ?? nobody,
      assignment: assignment ?? this.assignment ?? 'unknown',
      reason: `${shown(label)}: ${sentences}`,
    };
  }
}
