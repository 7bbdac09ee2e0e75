import { describe, expect, it } from 'vitest';
import { progressHtml, progressText, type ExerciseState } from '../../../lib/src/plots/progress';

const exercise = (id: string, more: Partial<ExerciseState>): ExerciseState =>
  ({ id, title: `Title <${id}>`, kind: 'function', points: 3, tried: 2, earned: 0, difficulty: 'easy', minutes: 5, state: 'untried', ...more });
const exercises = [
  exercise('1.1', { state: 'passed', earned: 2 }),
  exercise('1.2', { state: 'tried', earned: 1, difficulty: 'hard', minutes: 20 }),
  exercise('1.3', {}),
  exercise('1.4', { kind: 'text', points: 4, tried: 0 }),
];

describe('the progress of a lesson', () => {
  it('has a row for each exercise with its state in words, and a sum', () => {
    const html = progressHtml('01_mnist_mlp', exercises);
    const rows = html.match(/<tr>.*?<\/tr>/g)!.map((row) => row.replaceAll(/<[^>]*>/g, '|').replaceAll(/\|+/g, '|'));
    expect(rows).toEqual([
      '|Exercise|State|Points|Later|Difficulty|Minutes|',
      '|1.1 Title &#60;1.1&#62;|✓ passed|2 of 2|+ 1|easy|5|',
      '|1.2 Title &#60;1.2&#62;|✗ not yet|1 of 2|+ 1|hard|20|',
      '|1.3 Title &#60;1.3&#62;|○ not tried|0 of 2|+ 1|easy|5|',
      '|1.4 Title &#60;1.4&#62;|✎ marked by hand|+ 4|easy|5|',
    ]);
    expect(html).toContain('1 of 3 exercises passed, 3 of 6 points');
    expect(html).toContain('<progress value="3" max="6"');
    expect(html).toContain('Later, when it is marked, 7 more points are decided: 3 by hidden cases, 4 by a person who reads your texts.');
  });

  it('says what comes next: the first that is not passed', () => {
    expect(progressText('01_mnist_mlp', exercises)).toContain('Next: 1.2 Title <1.2> (hard, about 20 minutes).');
  });

  it('leads to the hand-in when nothing is left', () => {
    const done = exercises.map((each) => ({ ...each, state: 'passed' as const, earned: each.tried }));
    expect(progressText('01_mnist_mlp', done)).toContain('Hand in with await handIn().');
    expect(progressText('01_mnist_mlp', done)).not.toContain('Next:');
  });

  it('is a table in text too', () => {
    const [title, , head, first] = progressText('01_mnist_mlp', exercises, ['A note.']).split('\n');
    expect(title).toBe('01_mnist_mlp: 1 of 3 exercises passed, 3 of 6 points');
    expect(head).toMatch(/^Exercise +State +Points +Later +Difficulty +Minutes$/);
    expect(first.indexOf('✓ passed')).toBe(head.indexOf('State'));
    expect(progressText('01_mnist_mlp', exercises, ['A note.'])).toMatch(/\nA note\.$/);
  });
});
