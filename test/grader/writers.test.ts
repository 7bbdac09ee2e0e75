import { describe, expect, it } from 'vitest';
import { exercisesCsv, marksCsv } from '../../grader/src/writers/csv';
import { feedbackHtml } from '../../grader/src/writers/feedback';
import { ManualMarks } from '../../grader/src/writers/final';
import { gradescopeFailure, gradescopeResults } from '../../grader/src/writers/gradescope';
import { html, readable } from '../../grader/src/writers/page';
import { reportHtml } from '../../grader/src/writers/report';
import { answered, failed, HOSTILE, marked, resultOf, text } from '../support/marked';

const result = resultOf('ada', [marked('3.1'), failed('3.2'), text('3.5')]);
const submission = answered(result, { '3.1': 'const a = 1 < 2;', '3.2': 'function conv2d() {}' }, { '3.5': 'Because of **overlap**.' });
const byHand = (points: number, comment?: string) => new ManualMarks([{ assignment: result.assignment, learner: 'ada', exercise: '3.5', points, comment }]);

describe('readable', () => {
  it('shows what steers as signs, and takes the colours of terminals out', () => {
    expect(readable('\x1b[31mred\x1b[0m\r\nnext\ttab', 99)).toBe('red\nnext\ttab');
    expect(readable('a\u202eb\0', 99)).toBe('a‹U+202E›b‹U+0000›');
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

describe('reportHtml', () => {
  const sameHint = { hint: 'Turn rows and columns round.', earned: 0 };
  const results = [
    resultOf('ada', [marked('3.1'), failed('3.2', sameHint), text('3.5')], { submission: 'same' }),
    resultOf('bob', [marked('3.1'), failed('3.2', sameHint), text('3.5')], { submission: 'same' }),
    resultOf('cy', [marked('3.1'), failed('3.2'), text('3.5')], { findings: [{ kind: 'other learner', sentence: 'It was saved by dan.' }] }),
    resultOf('dan', [failed('3.1', { outcome: 'missing', earned: 0 }), failed('3.2', { earned: 0 }), text('3.5')], { submission: 'untouched' }),
    resultOf('eve', [failed('3.1', { outcome: 'missing', earned: 0 }), failed('3.2', { earned: 0 }), text('3.5')], { submission: 'untouched' }),
  ];
  const journal = new Map(results.map(({ assignment, learner }, i) => [`${assignment}/${learner}`, { milliseconds: i * 1000 }]));
  const textOf = (page: string) => page.replace(/<style>.*<\/style>/s, '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  const report = textOf(reportHtml({ results, journal }));

  it('says how the marks are spread', () => {
    // 2, 2, 3, 0, 0 of 4 that can be marked: 35 % on average, the middle one 50 %.
    expect(report).toContain('5 submissions; on average 35 % of what is marked, half of them 50 % or more');
    expect(report).toContain('0 to 10 %: 2');
    expect(report).toContain('50 to 60 %: 2');
    expect(report).toContain('70 to 80 %: 1');
  });

  it('says of each exercise what it earns on average, what it costs, and which error is the most frequent', () => {
    expect(report).toContain('3.1 Exercise 3.1 1.2 of 2 60 % 4 2 without an answer.');
    expect(report).toContain('3.2 Exercise 3.2 0.2 of 2 0 % 9 3 × Begin at row * stride . 2 × Turn rows and columns round.');
    expect(report).toContain('3.5 Exercise 3.5 – of 2 – 0 5 wait to be marked by hand.');
  });

  it('counts marks by hand', () => {
    const manual = new ManualMarks([{ assignment: results[0].assignment, learner: 'ada', exercise: '3.5', points: 1 }]);
    expect(textOf(reportHtml({ results, journal, manual }))).toContain('3.5 Exercise 3.5 1 of 2 0 % 1 4 wait to be marked by hand.');
  });

  it('names who handed in the same, but not those who handed in nothing of their own', () => {
    expect(report).toContain('The same answers under several names: 1 ada , bob');
    expect(report).not.toContain('dan , eve');
  });

  it('names what is suspicious, what is similar, what was slow, and what could not be marked', () => {
    expect(report).toContain('Suspicious notebooks: 1 cy : It was saved by dan.');
    expect(report).toContain('Slowest to mark eve : 4.0 s dan : 3.0 s');
    const page = textOf(reportHtml({
      results, journal, similar: [{ assignment: results[0].assignment, learners: ['ada', 'cy'], similarity: 0.91 }],
      failed: [{ assignment: 'x', learner: 'fay', reason: 'It is no notebook.' }],
    }));
    expect(page).toContain('Similar answers: 1 ada , cy : 91 % in common');
    expect(page).toContain('Not marked: 1 x · fay : It is no notebook.');
  });
});

describe('gradescopeResults', () => {
  const missedHidden = marked('3.6', {
    earned: 1, outcome: 'failed', message: 'Right for what the check shows, not for other inputs.',
    criteria: [{ name: 'a small picture', hidden: false, points: 1, earned: 1 }, { name: 'hidden 1', hidden: true, points: 1, earned: 0 }],
  });
  const { tests, score, output } = gradescopeResults(resultOf('ada', [failed('3.2'), text('3.5'), missedHidden], { findings: [{ kind: 'moved cell', sentence: 'Moved.' }] }));

  it('has a test for each exercise, and one for its hidden cases that waits for the marks to be published', () => {
    expect(tests.map(({ number, score: earned, max_score: most, status, visibility }) => [number, earned, most, status, visibility])).toEqual([
      ['3.2', 1, 2, 'failed', 'visible'], ['3.6', 1, 1, 'passed', 'visible'], ['3.6.hidden', 0, 1, 'failed', 'after_published'],
    ]);
    expect(tests[0].output).toBe('Not all cases are right.\n✓ a small picture: 1 of 1\n✗ a stride of 2: 0 of 1; expected 4, got 3\nHint: Begin at `row * stride`.');
  });

  it('tells nothing of hidden cases where learners see it at once', () => {
    expect(tests[1].output).toBe('What the check shows is right.\n✓ a small picture: 1 of 1');
    expect(tests[2].output).toBe('Right for what the check shows, not for other inputs.\n✗ hidden 1: 0 of 1');
    // The sum is Gradescope's: it hides it as long as a test is hidden.
    expect(score).toBeUndefined();
  });

  it('says what is given by hand, and what was found in the notebook', () => {
    expect(output).toBe('2 more points are given by hand.\nMoved.');
  });

  it('has a score also where there is no test', () => {
    expect(gradescopeFailure('It is no notebook.\x1b[31m')).toMatchObject({ score: 0, output: 'It is no notebook.', tests: [] });
    expect(gradescopeResults(resultOf('ada', [text('3.5')]))).toMatchObject({ score: 0, tests: [] });
  });
});

describe('CSV', () => {
  const named = resultOf('=cmd|"x",y', [failed('3.1', { title: '@SUM(A1)' }), text('3.5')]);
  const store = {
    journal: () => new Map([[`${named.assignment}/${named.learner}`, { at: '2026-11-02T10:00:00Z' }]]) as never,
    *results() { yield { result: named, signature: '', publicKey: '' }; },
  };
  const manual = new ManualMarks([{ assignment: named.assignment, learner: named.learner, exercise: '3.5', points: 1.5 }]);

  it("has nbgrader's columns, quotes what needs it, and disarms formulas", () => {
    expect(marksCsv(store)).toBe(
      'assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty,score,max_score\r\n' +
      '03_fashion_mnist_cnn,,2026-11-02T10:00:00Z,"\'=cmd|""x"",y",,,,1,0,1,4\r\n');
    expect(marksCsv(store, manual)).toContain(',2.5,0,2.5,4\r\n');
  });

  it('says of each exercise who gave which points', () => {
    const head = 'assignment,student_id,exercise,title,kind,outcome,auto_score,manual_score,score,max_score\r\n';
    const line = '03_fashion_mnist_cnn,"\'=cmd|""x"",y",';
    const first = `${line}3.1,'@SUM(A1),function,failed,1,,1,2\r\n`;
    expect(exercisesCsv(store)).toBe(`${head}${first}${line}3.5,Exercise 3.5,text,manual,,,,2\r\n`);
    expect(exercisesCsv(store, manual)).toBe(`${head}${first}${line}3.5,Exercise 3.5,text,manual,,1.5,1.5,2\r\n`);
  });
});
