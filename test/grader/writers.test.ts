import { describe, expect, it } from 'vitest';
import { feedbackHtml } from '../../grader/src/writers/feedback';
import { ManualMarks } from '../../grader/src/writers/final';
import { html, readable } from '../../grader/src/writers/page';
import { answered, failed, HOSTILE, marked, resultOf, text } from '../support/marked';

const result = resultOf('ada', [marked('3.1'), failed('3.2'), text('3.5')]);
const submission = answered(result, { '3.1': 'const a = 1 < 2;', '3.2': 'function conv2d() {}' }, { '3.5': 'Because of **overlap**.' });
const byHand = (points: number, comment?: string) => new ManualMarks([{ assignment: result.assignment, learner: 'ada', exercise: '3.5', points, comment }]);

describe('readable', () => {
  it('shows what steers as signs, and takes the colours of terminals out', () => {
    expect(readable('\x1b[31mred\x1b[0m\r\nnext\ttab')).toBe('red\nnext\ttab');
    expect(readable('a\u202eb\0')).toBe('a‹U+202E›b‹U+0000›');
  });

  it('cuts giant texts and says how much is left out', () => {
    expect(readable('x'.repeat(1_000_000), 10)).toBe(`${'x'.repeat(10)}\n… 999,990 more characters`);
  });
});

describe('html', () => {
  it('takes values for text, and only markup for markup', () => {
    expect(html`<p title="${'"<'}">${html`<b>${'<i>'}</b>`}</p>`.markup).toBe('<p title="&#34;&#60;"><b>&#60;i&#62;</b></p>');
  });
});

describe('feedbackHtml', () => {
  it('shows each exercise with its mark, what was found, and the learner\'s own cell', () => {
    const page = feedbackHtml(result, submission);
    expect(page).toContain('3 of 6 points');
    expect(page).toContain('2 more are given by hand');
    expect(page).toContain('✓ Passed · 3.1 Exercise 3.1');
    expect(page).toContain('✗ Not all of it · 3.2 Exercise 3.2');
    expect(page).toContain('✎ Not marked yet · 3.5 Exercise 3.5');
    expect(page).toContain('expected 4, got 3');
    expect(page).toContain('Begin at <code>row * stride</code>.');
    expect(page).toContain('const a = 1 &#60; 2;');
    expect(page).toContain('Because of **overlap**.');
  });

  it('counts what a person gave, for a text and instead of ours', () => {
    const page = feedbackHtml(result, submission, byHand(1.5, 'Say which clothes.'));
    expect(page).toContain('4.5 of 6 points');
    expect(page).not.toContain('more are given by hand');
    expect(page).toContain('Say which clothes.');
    const raised = new ManualMarks([{ assignment: result.assignment, learner: 'ada', exercise: '3.2', points: 2 }]);
    expect(feedbackHtml(result, submission, raised)).toContain('4 of 6 points');
  });

  it.each(HOSTILE)('holds no markup of a learner: %j', (attack) => {
    const exercise = failed('3.2', { message: attack, printed: attack, hint: attack, criteria: [{ name: 'a', hidden: false, points: 1, earned: 0, note: attack }] });
    const hostile = resultOf(attack, [exercise], { findings: [{ kind: 'unknown cell', sentence: attack }] });
    const page = feedbackHtml(hostile, answered(hostile, { '3.2': attack }), new ManualMarks([
      { assignment: hostile.assignment, learner: attack, exercise: '3.2', points: 0, comment: attack },
    ]));
    const plain = feedbackHtml(resultOf('x', [exercise].map((each) => ({ ...each, message: 'x', printed: 'x', hint: 'x', criteria: [{ ...each.criteria[0], note: 'x' }] })),
      { findings: [{ kind: 'unknown cell', sentence: 'x' }] }), { answers: { '3.2': 'x' }, texts: {} }, new ManualMarks([
      { assignment: hostile.assignment, learner: 'x', exercise: '3.2', points: 0, comment: 'x' },
    ]));
    const tags = (of: string) => of.match(/<[^>]*>/g)!.filter((tag) => !/^<\/?code>$/.test(tag));
    expect(tags(page)).toEqual(tags(plain));
    expect(page).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\p{Cs}]/u);
  });
});
