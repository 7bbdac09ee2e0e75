import { colors } from '../../../lib/dist/plots/figure';
import { line, n, picture, text } from '../../../lib/dist/plots/svg-elements';
import type { JournalLine } from '../batch/store';
import type { MarkedExercise, Result } from '../mark/result';
import type { Finding, Ungradable } from '../submission';
import { ManualMarks } from './final';
import { html, joined, nothing, page, pointsOf, prose, raw, readable, type Html } from './page';

/** Two learners whose answers have more in common than answers of two people have. */
export interface Similar {
  readonly assignment: string;
  readonly learners: readonly [string, string];
  /** From 0 to 1: the part of both that is in both, without what was given out and what many have. */
  readonly similarity: number;
}

export interface ReportFacts {
  readonly results: Iterable<Result>;
  /** How long each took, by `assignment/learner`. */
  readonly journal: ReadonlyMap<string, Pick<JournalLine, 'milliseconds'>>;
  readonly manual?: ManualMarks;
  readonly failed?: readonly Ungradable[];
  readonly similar?: readonly Similar[];
}

/** Lines of a list; what comes after them is counted. */
const MOST_LINES = 50;
const MOST_ERRORS = 3;
const MOST_SLOW = 5;
const BINS = 10;

/** Findings that a person should look at: someone has worked on what was not theirs to change. Models that cannot be read are no such thing. */
const SUSPICIOUS: ReadonlySet<Finding['kind']> = new Set(['double cell', 'changed cell', 'moved cell', 'unknown cell', 'other learner', 'other lesson']);

/**
 * What the marks of a course say to its instructor, an assignment after the other: how they are spread, which exercises cost points and by
 * which errors, what took long, what is suspicious. One HTML page without scripts.
 *
 * It goes through the results once and keeps sums of them only: there may be ten thousand.
 */
export function reportHtml({ results, journal, manual = new ManualMarks(), failed = [], similar = [] }: ReportFacts): string {
  const assignments = new Map<string, Summary>();
  for (const result of results) {
    const { assignment } = result;
    const summary = assignments.get(assignment) ?? new Summary();
    assignments.set(assignment, summary);
    summary.add(result, journal.get(`${assignment}/${result.learner}`)?.milliseconds, manual);
  }
  return page('Marks', html`<header><h1>Marks</h1>
<p>Nothing here is a verdict: what is suspicious or similar is for a person to look at.</p></header>
<main>
${joined([...assignments].map(([name, summary]) => summary.html(name, similar.filter(({ assignment }) => assignment === name))))}
${failed.length === 0 ? nothing : html`<section class="wrong" aria-labelledby="failed"><h2 id="failed">✗ Not marked: ${failed.length}</h2>
${listOf(failed, ({ assignment, learner, reason }) => html`${assignment} · <bdi>${learner}</bdi>: ${reason}`)}</section>`}
${assignments.size === 0 ? html`<p>Nothing has been marked yet.</p>` : nothing}
</main>`);
}

/** What is known of one exercise over all learners. */
class ExerciseSummary {
  private count = 0;
  private earned = 0;
  private waiting = 0;
  private missing = 0;
  private full = 0;
  private readonly errors = new Map<string, number>();

  constructor(private readonly exercise: MarkedExercise) {}

  add(exercise: MarkedExercise, earned: number | undefined): void {
    if (earned === undefined) {
      this.waiting++;
      return;
    }
    this.count++;
    this.earned += earned;
    if (earned >= exercise.points) this.full++;
    else if (exercise.outcome === 'missing') this.missing++;
    else {
      const error = readable(exercise.hint ?? exercise.message, 300);
      // Messages may hold what the learner wrote: there may be as many as learners.
      if (this.errors.has(error) || this.errors.size < 1000) this.errors.set(error, (this.errors.get(error) ?? 0) + 1);
    }
  }

  html(): Html {
    const { id, title, points } = this.exercise;
    const lost = this.count * points - this.earned;
    const most = [...this.errors].sort(([, a], [, b]) => b - a).slice(0, MOST_ERRORS);
    const errors = most.map(([error, count]) => html`<li>${count} × ${prose(error)}</li>`);
    const notes = [...(this.waiting > 0 ? [`${this.waiting} wait to be marked by hand.`] : []), ...(this.missing > 0 ? [`${this.missing} without an answer.`] : [])];
    return html`<tr><th scope="row">${id} ${title}</th>
<td class="number">${this.count === 0 ? '–' : pointsOf(this.earned / this.count)} of ${pointsOf(points)}</td>
<td class="number">${this.count === 0 ? '–' : `${Math.round(100 * this.full / this.count)} %`}</td><td class="number">${pointsOf(lost)}</td>
<td><ul>${joined([...notes.map((note) => html`<li>${note}</li>`), ...errors])}</ul></td></tr>`;
  }
}

/** What is known of one assignment over all learners. */
class Summary {
  private readonly shares: number[] = [];
  private readonly exercises = new Map<string, ExerciseSummary>();
  private readonly findings: { learner: string; sentence: string }[] = [];
  /** Learners by what they handed in. */
  private readonly handedIn = new Map<string, string[]>();
  private slowest: { learner: string; milliseconds: number }[] = [];

  add(result: Result, milliseconds: number | undefined, manual: ManualMarks): void {
    const { learner, submission, exercises, points, findings, earned: ours } = result;
    const { earned, waiting } = manual.total(result);
    if (points > waiting) this.shares.push(earned / (points - waiting));
    for (const exercise of exercises) {
      const summary = this.exercises.get(exercise.id) ?? new ExerciseSummary(exercise);
      this.exercises.set(exercise.id, summary);
      summary.add(exercise, manual.earned(result, exercise));
    }
    for (const { kind, sentence } of findings) {
      if (SUSPICIOUS.has(kind)) this.findings.push({ learner, sentence });
    }
    // Whoever handed in what was given out has copied from nobody.
    if (ours > 0) this.handedIn.set(submission, [...this.handedIn.get(submission) ?? [], learner]);
    if (milliseconds !== undefined) {
      this.slowest = [...this.slowest, { learner, milliseconds }].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, MOST_SLOW);
    }
  }

  html(name: string, similar: readonly Similar[]): Html {
    const same = [...this.handedIn.values()].filter(({ length }) => length > 1);
    const average = this.shares.reduce((sum, share) => sum + share, 0) / this.shares.length;
    const sorted = [...this.shares].sort((a, b) => a - b);
    const middle = sorted[Math.floor(sorted.length / 2)];
    const id = `a-${name}`;
    return html`<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>
<p>${counted(this.shares.length, 'submission')}${this.shares.length === 0 ? '' : `; on average ${percent(average)} of what is marked, half of them ${percent(middle)} or more`}.</p>
${raw(distribution(this.shares))}
<div class="wide" role="region" aria-label="Exercises of ${name}" tabindex="0"><table><caption>Exercises</caption>
<thead><tr><th scope="col">Exercise</th><th scope="col" class="number">Average</th><th scope="col" class="number">All points</th>
<th scope="col" class="number">Points lost</th><th scope="col">What goes wrong most</th></tr></thead>
<tbody>${joined([...this.exercises.values()].map((exercise) => exercise.html()))}</tbody></table></div>
${same.length === 0 ? nothing : html`<h3>The same answers under several names: ${same.length}</h3>${listOf(same, (learners) => names(learners))}`}
${similar.length === 0 ? nothing : html`<h3>Similar answers: ${similar.length}</h3>
${listOf(similar, ({ learners, similarity }) => html`${names(learners)}: ${percent(similarity)} in common, names and comments apart`)}`}
${this.findings.length === 0 ? nothing : html`<h3>Suspicious notebooks: ${this.findings.length}</h3>
${listOf(this.findings, ({ learner, sentence }) => html`<bdi>${learner}</bdi>: ${sentence}`)}`}
${this.slowest.length === 0 ? nothing : html`<h3>Slowest to mark</h3>
${listOf(this.slowest, ({ learner, milliseconds }) => html`<bdi>${learner}</bdi>: ${(milliseconds / 1000).toFixed(1)} s`)}`}
</section>`;
  }
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

const counted = (count: number, what: string): string => `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;

const names = (learners: readonly string[]): Html => {
  const shown = learners.slice(0, 20).map((learner) => html`<bdi>${learner}</bdi>`.markup).join(', ');
  return html`${raw(shown)}${learners.length > 20 ? ` and ${learners.length - 20} more` : ''}`;
};

function listOf<T>(items: readonly T[], each: (item: T) => Html): Html {
  const more = items.length - MOST_LINES;
  return html`<ul>${joined(items.slice(0, MOST_LINES).map((item) => html`<li>${each(item)}</li>`))}${more > 0 ? html`<li>… and ${more} more</li>` : nothing}</ul>`;
}

/** How many have which part of the points: ten bars with their counts. */
function distribution(shares: readonly number[]): string {
  const bins = Array.from({ length: BINS }, () => 0);
  for (const share of shares) bins[Math.max(0, Math.min(BINS - 1, Math.floor(share * BINS)))]++;
  const most = Math.max(1, ...bins);
  const [width, height, foot] = [56, 120, 150];
  const bars = bins.map((count, i) => {
    const [x, tall] = [20 + i * width, (count / most) * height];
    return `<rect x="${n(x + 3)}" y="${n(foot - tall)}" width="${width - 6}" height="${n(tall)}" fill="${colors.training}"/>` +
      text(String(count), x + width / 2, foot - tall - 5, { anchor: 'middle' });
  });
  const ticks = Array.from({ length: BINS + 1 }, (_, i) => text(`${i * 10}`, 20 + i * width, foot + 18, { anchor: 'middle' }));
  const words = bins.map((count, i) => `${i * 10} to ${(i + 1) * 10} %: ${count}`).join(', ');
  return picture(40 + BINS * width, foot + 50, `How many have which part of the points: ${words}`,
    `${bars.join('')}${line(20, foot, 20 + BINS * width, foot, colors.neutral)}${ticks.join('')}` +
    text('percent of the points', 20 + BINS * width / 2, foot + 40, { anchor: 'middle' }));
}
