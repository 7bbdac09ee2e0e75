import type { MarkedCriterion, MarkedExercise, MarkOutcome, Result } from '../mark/result';
import type { Submission } from '../submission';
import { ManualMarks } from './final';
import { html, joined, nothing, page, pointsOf, prose, textBlock, type Html } from './page';

/** What a learner reads of an outcome, beside a mark that does not depend on colours. */
const WORDS: Record<MarkOutcome, string> = {
  passed: 'Passed',
  failed: 'Not all of it',
  error: 'It stopped with an error',
  timeout: 'It took too long',
  'out of memory': 'It took too much memory',
  killed: 'It was ended',
  crashed: 'Its process ended',
  ungradable: 'It could not be marked',
  missing: 'No answer',
  manual: 'Marked by hand',
};

/**
 * What a learner gets back: each exercise with what was found, beside the learner's own cell. One HTML page without scripts.
 *
 * @param submission what the result is of: the cells are shown as they were handed in
 */
export function feedbackHtml(result: Result, submission: Pick<Submission, 'answers' | 'texts'>, manual = new ManualMarks()): string {
  const { assignment, learner, exercises, points, findings } = result;
  const { earned, waiting } = manual.total(result);
  const later = waiting > 0 ? `; ${pointsOf(waiting)} more are given by hand` : '';
  return page(`${assignment} · ${learner}`, html`<header>
<h1>${assignment}</h1>
<p><bdi>${learner}</bdi>: <strong>${pointsOf(earned)} of ${pointsOf(points)} points</strong>${later}.</p>
</header>
<nav aria-label="Exercises"><div class="wide" role="region" aria-label="Points of each exercise" tabindex="0"><table>
<thead><tr><th scope="col">Exercise</th><th scope="col" class="number">Points</th><th scope="col">Result</th></tr></thead>
<tbody>
${joined(exercises.map((exercise) => rowOf(result, exercise, manual)))}
</tbody></table></div></nav>
<main>
${joined(exercises.map((exercise) => exerciseHtml(result, exercise, submission, manual)))}
</main>
${findings.length === 0 ? nothing : html`<footer><h2>About the notebook</h2><ul>${joined(findings.map(({ sentence }) => html`<li>${sentence}</li>`))}</ul></footer>`}`);
}

interface State {
  readonly mark: string;
  readonly look: 'right' | 'wrong' | 'open';
  readonly words: string;
  readonly points: string;
}

function stateOf(result: Result, exercise: MarkedExercise, manual: ManualMarks): State {
  const earned = manual.earned(result, exercise);
  if (earned === undefined) return { mark: '✎', look: 'open', words: 'Not marked yet', points: `– of ${pointsOf(exercise.points)}` };
  const isAll = earned >= exercise.points;
  const byHand = manual.of(result, exercise)?.points !== undefined;
  return {
    mark: isAll ? '✓' : '✗',
    look: isAll ? 'right' : 'wrong',
    words: byHand ? WORDS.manual : WORDS[exercise.outcome],
    points: `${pointsOf(earned)} of ${pointsOf(exercise.points)}`,
  };
}

const anchorOf = ({ id }: MarkedExercise): string => `e${id.replace('.', '-')}`;

function rowOf(result: Result, exercise: MarkedExercise, manual: ManualMarks): Html {
  const { mark, words, points } = stateOf(result, exercise, manual);
  return html`<tr><td><a href="#${anchorOf(exercise)}">${exercise.id} ${exercise.title}</a></td><td class="number">${points}</td><td>${mark} ${words}</td></tr>`;
}

function exerciseHtml(result: Result, exercise: MarkedExercise, { answers, texts }: Pick<Submission, 'answers' | 'texts'>, manual: ManualMarks): Html {
  const { id, title, message, criteria, hint, printed } = exercise;
  const { mark, look, words, points } = stateOf(result, exercise, manual);
  const anchor = anchorOf(exercise);
  const comment = manual.of(result, exercise)?.comment;
  const handedIn = answers[id] ?? texts[id];
  // What waits for a person has its own words above.
  const said = look === 'open' || message === '' ? nothing : html`<p>${message}</p>`;
  return html`<section id="${anchor}" class="${look}" aria-labelledby="${anchor}-title">
<h2 id="${anchor}-title">${mark} ${words} · ${id} ${title}</h2>
<p>${points} points.</p>
<div class="beside">
<div><h3>Your answer</h3>${handedIn === undefined ? html`<p>There is none.</p>` : textBlock(`Your answer to ${id}`, handedIn)}</div>
<div><h3>What was found</h3>
${said}
${criteria.length > 0 ? html`<ul>${joined(criteria.map(criterionHtml))}</ul>` : nothing}
${hint === undefined ? nothing : html`<div class="hint" role="note"><strong>Hint</strong> · ${prose(hint)}</div>`}
${comment === undefined ? nothing : html`<div class="hint" role="note"><strong>Comment</strong> · ${comment}</div>`}
${printed === undefined ? nothing : html`<details><summary>What it has printed</summary>${textBlock(`What ${id} has printed`, printed)}</details>`}
</div>
</div>
</section>`;
}

function criterionHtml({ name, points, earned, note }: MarkedCriterion): Html {
  const isRight = earned >= points;
  return html`<li><strong>${isRight ? '✓' : '✗'}</strong> ${name} <small>· ${isRight ? 'right' : 'not yet'}, ${pointsOf(earned)} of ${pointsOf(points)}</small>${
    note === undefined ? nothing : html`<br>${note}`}</li>`;
}
