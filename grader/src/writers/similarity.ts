import type { Submission } from '../submission';
import type { Similar } from './report';

/** Tokens in a row that are compared as one, and of how many such rows one is kept. */
const ROW = 12;
const WINDOW = 4;
/** From here on two are named. In test/grader/similarity.test.ts a renamed copy has 1, and answers that were written apart at most 0.12. */
export const SUSPICIOUS_SIMILARITY = 0.6;
/** Who has less than this of their own cannot be told from others. */
const FEWEST_ROWS = 15;

/**
 * Finds submissions whose code has more in common than people have who work apart. What is compared are rows of tokens, chosen by winnowing
 * (https://doi.org/10.1145/872757.872770, as Dolos does it): names, comments, layout and quotes make no difference. What was given out
 * does not count, nor what many have.
 *
 * It keeps about 2 kB for each submission.
 */
export class Similarity {
  private readonly given = new Map<string, ReadonlySet<number>>();
  private readonly learners = new Map<string, { learner: string; rows: Float64Array }[]>();

  private constructor(private readonly rowsOf: (code: string) => number[], private readonly released: (assignment: string) => readonly string[]) {}

  /** @param released the code of the notebook that was given out for a lesson, by cells */
  static async create(released: (assignment: string) => readonly string[]): Promise<Similarity> {
    const { WinnowFilter } = await import('@dodona/dolos-core');
    const { default: jsTokens } = await import('js-tokens');
    const filter = new WinnowFilter(ROW, WINDOW);
    return new Similarity((code) => filter.fingerprints(tokensOf(jsTokens(code))).map(({ hash }) => hash), released);
  }

  add({ assignment, learner, answers }: Pick<Submission, 'assignment' | 'learner' | 'answers'>): void {
    let given = this.given.get(assignment);
    if (!given) this.given.set(assignment, (given = new Set(this.released(assignment).flatMap(this.rowsOf))));
    const rows = new Set(Object.values(answers).flatMap(this.rowsOf));
    const own = Float64Array.from([...rows].filter((row) => !given.has(row)));
    const learners = this.learners.get(assignment) ?? [];
    this.learners.set(assignment, learners);
    learners.push({ learner, rows: own });
  }

  /** Pairs that a person should look at, the most similar first. */
  pairs(least = SUSPICIOUS_SIMILARITY): Similar[] {
    return [...this.learners].flatMap(([assignment, learners]) => pairsOf(learners, least).map((pair) => ({ assignment, ...pair })))
      .sort((a, b) => b.similarity - a.similarity);
  }
}

function pairsOf(learners: readonly { learner: string; rows: Float64Array }[], least: number): Omit<Similar, 'assignment'>[] {
  const counts = new Map<number, number>();
  for (const { rows } of learners) for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1);
  // What more than a tenth of a course has is how one writes that. In a small course, five may still be friends.
  const many = Math.max(5, Math.min(50, learners.length / 10));
  const rare = learners.map(({ rows }) => rows.filter((row) => counts.get(row)! <= many));
  const whose = new Map<number, number[]>();
  rare.forEach((rows, i) => rows.forEach((row) => {
    if (counts.get(row) === 1) return;
    const known = whose.get(row);
    if (known) known.push(i);
    else whose.set(row, [i]);
  }));
  const found: Omit<Similar, 'assignment'>[] = [];
  rare.forEach((rows, i) => {
    if (rows.length < FEWEST_ROWS) return;
    const shared = new Map<number, number>();
    for (const row of rows) {
      for (const j of whose.get(row) ?? []) if (j > i) shared.set(j, (shared.get(j) ?? 0) + 1);
    }
    for (const [j, count] of shared) {
      const similarity = 2 * count / (rows.length + rare[j].length);
      if (similarity >= least && rare[j].length >= FEWEST_ROWS) found.push({ learners: [learners[i].learner, learners[j].learner], similarity });
    }
  });
  return found;
}

/** Code as tokens: names that the author chose are all the same; names behind a dot, keywords, numbers and signs are what they are. */
function tokensOf(read: Iterable<{ readonly type: string; readonly value: string }>): string[] {
  const tokens: string[] = [];
  for (const { type, value } of read) {
    if (LAYOUT.has(type)) continue;
    const before = tokens.at(-1);
    const isChosen = type === 'IdentifierName' && !RESERVED.has(value) && before !== '.' && before !== '?.';
    const isText = type === 'StringLiteral' || type === 'NoSubstitutionTemplate';
    // Whether let or const, and with or without a semicolon, is a habit.
    if (value !== ';') tokens.push(isChosen ? 'name' : isText ? 'text' : value === 'let' ? 'const' : value);
  }
  return tokens;
}

const LAYOUT: ReadonlySet<string> = new Set(['WhiteSpace', 'LineTerminatorSequence', 'SingleLineComment', 'MultiLineComment', 'HashbangComment']);

/** https://tc39.es/ecma262/#prod-ReservedWord, and `let`. */
const RESERVED: ReadonlySet<string> = new Set((
  'await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in ' +
  'instanceof new null return super switch this throw true try typeof var void while with yield let'
).split(' '));
