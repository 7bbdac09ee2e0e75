import type { MarkedExercise, Result } from '../../grader/src/mark/result';
import type { Submission } from '../../grader/src/submission';

/** A marked exercise, all right unless something else is said. */
export const marked = (id: string, more: Partial<MarkedExercise> = {}): MarkedExercise => ({
  id, title: `Exercise ${id}`, kind: 'function', points: 2, earned: 2, outcome: 'passed', message: 'All of it is right.',
  criteria: [
    { name: 'a small picture', hidden: false, points: 1, earned: 1 },
    { name: 'hidden 1', hidden: true, points: 1, earned: 1 },
  ],
  ...more,
});

/** A text that nobody has marked yet. */
export const text = (id: string): MarkedExercise =>
  marked(id, { kind: 'text', earned: 0, outcome: 'manual', message: 'This one is marked by hand.', criteria: [] });

export const failed = (id: string, more: Partial<MarkedExercise> = {}): MarkedExercise => marked(id, {
  earned: 1, outcome: 'failed', message: 'Not all cases are right.', hint: 'Begin at `row * stride`.',
  criteria: [
    { name: 'a small picture', hidden: false, points: 1, earned: 1 },
    { name: 'a stride of 2', hidden: false, points: 1, earned: 0, note: 'expected 4, got 3' },
  ],
  ...more,
});

/** The result of these exercises: sums are made from them. */
export function resultOf(learner: string, exercises: readonly MarkedExercise[], more: Partial<Result> = {}): Result {
  const sum = (of: (exercise: MarkedExercise) => number): number => exercises.reduce((total, each) => total + of(each), 0);
  return {
    format: 1, assignment: '03_fashion_mnist_cnn', learner, submission: `submission of ${learner}`, suite: 'suite', environment: 'environment', seed: 'seed',
    exercises, findings: [],
    earned: sum(({ earned }) => earned), points: sum(({ points }) => points),
    manualPoints: sum(({ outcome, points }) => (outcome === 'manual' ? points : 0)),
    ...more,
  };
}

/** What a result was made of. */
export const answered = ({ learner, assignment, submission, findings }: Result, answers: Record<string, string>, texts: Record<string, string> = {}): Submission =>
  ({ learner, assignment, sha256: submission, answers, texts, models: {}, findings });

/** Texts that try to be more than texts. */
export const HOSTILE = [
  '<script>window.ran = 1; fetch("https://outside.example/a")</script>',
  '</pre></style></title><img src="https://outside.example/b.png" onerror="window.ran = 2">',
  '<svg onload="window.ran = 3"><use href="https://outside.example/c.svg#x"/></svg>',
  '"><a href="javascript:window.ran=4" id="link" autofocus onfocus="window.ran = 4">press</a>',
  '\'" onmouseover="window.ran = 5" style="background:url(https://outside.example/d)',
  '<iframe src="data:text/html,<script>parent.ran = 6</script>"></iframe><object data="https://outside.example/e"></object>',
  '<meta http-equiv="refresh" content="0; url=https://outside.example/f"><base href="https://outside.example/"><link rel="stylesheet" href="/g.css">',
  '<form action="https://outside.example/h"><input name="isindex"></form><template><script>window.ran = 7</script></template>',
  '\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]8;;https://outside.example/i\x07link\x1b]8;;\x07 \0\x08\x7f \ud800',
  'if (isAdmin\u202e) { // \u2066only admins\u2069\u200f',
  '&lt;script&gt; &#x3c;img src=x onerror=alert(1)> ${window.ran = 8} {{constructor.constructor("window.ran = 9")()}} `code`',
] as const;
