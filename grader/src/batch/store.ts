import * as fs from 'node:fs';
import * as path from 'node:path';
import { removeUnfinished, writeWhole } from '../../../lib/dist/disk';
import { canonicalJson, newKey, Signer, verify, type Result, type SignedResult } from '../mark/result';

/** What a line of the journal says of a submission that was marked. It explains; the result file is what counts. */
export interface JournalLine {
  readonly at: string;
  readonly assignment: string;
  readonly learner: string;
  readonly submission: string;
  readonly earned: number;
  readonly points: number;
  readonly milliseconds: number;
}

/** What a result depends on besides the submission. */
export type Conditions = Pick<Result, 'suite' | 'environment' | 'seed'>;

/**
 * A folder with what was marked: `results/<assignment>/<learner>.json`, each signed, and `journal.jsonl`.
 *
 * A result file is there whole or not at all; with it a submission is done, and until it is there, it is not. So whoever is killed at
 * whatever moment goes on where he was, and nothing is lost or counted twice.
 */
export class Store {
  private readonly signer: Signer;
  /** SPKI, base64: whoever has it can verify the results. */
  readonly publicKey: string;

  constructor(readonly folder: string) {
    const results = path.join(folder, 'results');
    fs.mkdirSync(results, { recursive: true });
    for (const assignment of fs.readdirSync(results)) removeUnfinished(path.join(results, assignment), (name) => name.endsWith('.json'));
    this.signer = new Signer(this.kept('key.pem', newKey));
    this.publicKey = this.signer.publicKey;
    writeWhole(path.join(folder, 'public-key.txt'), `${this.publicKey}\n`);
  }

  /** A secret that stays the same for the folder, so that marking again gives the same: made at the first time. */
  secret(make: () => string): string {
    return this.kept('secret', make);
  }

  private kept(name: string, make: () => string): string {
    const file = path.join(this.folder, name);
    if (!fs.existsSync(file)) writeWhole(file, make(), 0o600);
    return fs.readFileSync(file, 'utf8');
  }

  fileOf(assignment: string, learner: string): string {
    return path.join(this.folder, 'results', assignment, `${learner}.json`);
  }

  /** The result of a learner, if it is whole and signed by this folder's key. */
  read(assignment: string, learner: string): SignedResult | undefined {
    const file = this.fileOf(assignment, learner);
    if (!fs.existsSync(file)) return undefined;
    try {
      const signed = JSON.parse(fs.readFileSync(file, 'utf8')) as SignedResult;
      return verify(signed, this.publicKey) ? signed : undefined;
    } catch {
      return undefined; // Damaged: it is marked again.
    }
  }

  /** The result of just this submission under just these conditions, if it is there. */
  done(assignment: string, learner: string, submission: string, { suite, environment, seed }: Conditions): Result | undefined {
    const result = this.read(assignment, learner)?.result;
    const isSame = result?.submission === submission && result.suite === suite && result.environment === environment && result.seed === seed;
    return isSame ? result : undefined;
  }

  write(result: Result, milliseconds: number): void {
    const file = this.fileOf(result.assignment, result.learner);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    writeWhole(file, `${canonicalJson(this.signer.sign(result))}\n`);
    const { assignment, learner, submission, earned, points } = result;
    const line: JournalLine = {
      at: new Date().toISOString(), assignment, learner, submission, earned, points, milliseconds: Math.round(milliseconds),
    };
    fs.appendFileSync(path.join(this.folder, 'journal.jsonl'), `${JSON.stringify(line)}\n`);
  }

  /** All results, one after the other, by assignment and learner. */
  *results(): Generator<SignedResult> {
    const root = path.join(this.folder, 'results');
    for (const assignment of fs.readdirSync(root).sort()) {
      for (const name of fs.readdirSync(path.join(root, assignment)).sort()) {
        const signed = name.endsWith('.json') ? this.read(assignment, name.slice(0, -'.json'.length)) : undefined;
        if (signed) yield signed;
      }
    }
  }

  /** What the journal says, by assignment and learner; the newest line counts. A line that a kill has cut off is none. */
  journal(): Map<string, JournalLine> {
    const file = path.join(this.folder, 'journal.jsonl');
    const lines = new Map<string, JournalLine>();
    if (!fs.existsSync(file)) return lines;
    for (const text of fs.readFileSync(file, 'utf8').split('\n')) {
      try {
        const line = JSON.parse(text) as JournalLine;
        lines.set(`${line.assignment}/${line.learner}`, line);
      } catch {
        continue;
      }
    }
    return lines;
  }
}
