import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import type { CaseResult, Judgement } from '../../../lib/src/exercises/judgement';
import { array, tensor, type Plain } from '../../../lib/src/exercises/values';
import { difference } from '../../../lib/src/exercises/compare';
import { judgementHtml, judgementText, noticeHtml } from '../../../lib/src/plots/judgement';

/** A case of which the expected value and the one that came are known. */
function caseOf(inputs: Plain[], expected: Plain, value: Plain): CaseResult {
  const found = difference(value, expected);
  return {
    inputs, expected, observation: { outcome: 'value', value, changed: [], leaked: 0 }, passed: !found,
    ...(found && { failure: found.sentence, difference: found }),
  };
}

function judgementOf(criteria: { name: string; points?: number; cases: CaseResult[] }[], more: Partial<Judgement> = {}): Judgement {
  const results = criteria.map(({ name, points = 1, cases }) =>
    ({ name, points, cases, earned: cases.every(({ passed }) => passed) ? points : 0 }));
  const [earned, tried] = [results.reduce((sum, each) => sum + each.earned, 0), results.reduce((sum, each) => sum + each.points, 0)];
  return {
    id: '3.2', title: 'Write a convolution', kind: 'function', criteria: results, earned, tried, points: tried + 1,
    passed: earned === tried, ...more,
  };
}

const next = { id: '3.3', title: 'Padding' };
const right = caseOf([[1, 2], 2], [2, 4], [2, 4]);
const wrong = caseOf([[3, 5], 2], [6, 10], [6, 7]);
const partial = judgementOf(
  [{ name: 'whole numbers', cases: [right] }, { name: 'others', cases: [right, wrong, wrong] }], { hint: 'Look at <i>.' },
);
const done = judgementOf([{ name: 'whole numbers', cases: [right] }]);
/** As a page shows it. */
const readable = (html: string): string => html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ').trim();

describe('the result of a check', () => {
  it('ends a title that is a question with its own mark alone', () => {
    const question = { id: '5.4', title: 'How many of each class?' };
    expect(judgementText(done, { next: question })).toMatch(/Go on with 5\.4 How many of each class\?$/);
    expect(readable(judgementHtml(done, { next: question }))).toMatch(/Go on with 5\.4 How many of each class\?$/);
  });

  it('says of a right answer that leaves tensors behind that it does', () => {
    const leaking = judgementOf([{ name: 'a row', cases: [
      { inputs: [1], expected: 1, passed: true, observation: { outcome: 'value', value: 1, changed: [], leaked: 3 } },
    ] }]);
    for (const text of [judgementText(leaking), readable(judgementHtml(leaking))]) {
      expect(text).toMatch(/✓ Passed[^]*costs no points: a call leaves 3 tensors in memory/);
    }
    expect(judgementText(done)).not.toMatch(/in memory/);
  });

  it('begins with passed and the points, and says what is decided later and what comes next', () => {
    const passed = judgementOf([{ name: 'whole numbers', points: 2, cases: [right] }]);
    expect(readable(judgementHtml(passed, { next }))).toMatch(
      /^✓ Passed · 3\.2 Write a convolution 2 of 2 points; 1 more point is decided by hidden cases when it is marked\. .*Go on with 3\.3 Padding\.$/);
    expect(judgementText(passed, { next }).split('\n').slice(0, 2)).toEqual([
      '✓ Passed · 3.2 Write a convolution', '2 of 2 points; 1 more point is decided by hidden cases when it is marked.',
    ]);
  });

  it('begins with not yet otherwise, and ends with the hint and what to do', () => {
    const text = readable(judgementHtml(partial, { next }));
    expect(text).toMatch(/^✗ Not yet · 3\.2 Write a convolution 1 of 2 points; 1 more point is decided/);
    expect(text).toMatch(/Hint · Look at &#60;i&#62;\. Change the cell above, and run both again\.$/);
    expect(text).not.toContain('3.3');
  });

  it('says of each criterion in words and by a mark whether it is right', () => {
    const text = readable(judgementHtml(partial));
    expect(text).toContain('✓ whole numbers · right, 1 of 1 point');
    expect(text).toContain('✗ others · 1 of 3 cases right, 0 of 1 point');
  });

  it('opens the first failing case and folds all others away', () => {
    const html = judgementHtml(partial, { answer: 'double' });
    const open = html.replaceAll(/<details.*?<\/details>/g, '');
    expect(open.match(/A case that is not right yet/g)).toHaveLength(1);
    expect(open).not.toContain('A case that is right');
    expect(readable(open)).toContain('double([3, 5], 2)');
    expect(html.match(/<summary>.*?<\/summary>/g)!.map(readable)).toEqual(['1 case right', '1 more case not yet right, 1 more case right']);
  });

  it('shows expected and got as tables, and marks what differs by a frame and in words', () => {
    const html = judgementHtml(judgementOf([{ name: 'a', cases: [caseOf([1], [[1, 2], [3, 4]], [[1, 2], [9, 4]])] }]));
    const tables = html.match(/<table.*?<\/table>/g)!;
    expect(tables.map(readable)).toEqual(['1 2 3 4', '1 2 9 4']);
    expect(tables[0]).toContain('aria-label="Expected"');
    expect(tables[0]).not.toContain('differs');
    expect(tables[1].match(/aria-label="[^"]*differs[^"]*"/g)).toEqual(['aria-label="9, differs: expected 3 at [1, 0]"']);
    expect(tables[1]).toMatch(/<td style="[^"]*box-shadow: inset[^"]*"[^>]*>9<\/td>/);
  });

  it('says holder, shape and dtype of arrays before their values', () => {
    const html = judgementHtml(judgementOf([{ name: 'a', cases: [caseOf([1], tensor([2, 2], [1, 2, 3, 4]), tensor([4], [1, 2, 3, 4]))] }]));
    expect(readable(html)).toContain('Expected · tensor of shape [2, 2], float32 1 2 3 4');
    expect(readable(html)).toContain('Your result · tensor of shape [4], float32 1 2 3 4');
  });

  it('shows pictures as pictures, with a picture of where they differ', () => {
    const pixels = Uint8Array.from({ length: 28 * 28 }, (_, i) => i % 256);
    const changed = Uint8Array.from(pixels);
    changed[30] = 0;
    const html = judgementHtml(judgementOf([{ name: 'a', cases: [caseOf([array([28, 28], pixels)], array([28, 28], pixels), array([28, 28], changed))] }]));
    const [input, expected, got, mask] = [...html.matchAll(/base64,([^"]+)" alt="([^"]+)"/g)].map(([, code, alt]) => ({ ...PNG.sync.read(Buffer.from(code, 'base64')), alt }));
    expect([input.alt, expected.alt, got.alt, mask.alt]).toEqual([
      'argument 1: picture of 28 × 28 pixels', 'Expected: picture of 28 × 28 pixels', 'Your result: picture of 28 × 28 pixels',
      'Where they differ: picture of 28 × 28 pixels',
    ]);
    const greys = (data: Buffer) => Array.from({ length: 784 }, (_, i) => data[4 * i]);
    expect(greys(expected.data)).toEqual([...pixels]);
    expect(greys(mask.data).flatMap((grey, i) => (grey === 255 ? [i] : grey === 0 ? [] : [-1]))).toEqual([30]);
  });

  it('shows of several pictures the one that differs', () => {
    const pixels = new Uint8Array(3 * 20 * 20 * 3);
    const changed = Uint8Array.from(pixels);
    changed[2 * 1200 + 5] = 255;
    const html = judgementHtml(judgementOf([{ name: 'a', cases: [caseOf([1], array([3, 20, 20, 3], pixels), array([3, 20, 20, 3], changed))] }]));
    expect(html).toContain('Where [2] differs');
    const [, code] = /base64,([^"]+)" alt="Where/.exec(html)!;
    const { data } = PNG.sync.read(Buffer.from(code, 'base64'));
    expect(Array.from({ length: 400 }, (_, i) => data[4 * i]).indexOf(255)).toBe(1);
  });

  it('shows of a large array a few values, and the first that differ with their places', () => {
    const values = Array.from({ length: 400 }, (_, i) => i - 200.5);
    const got = values.map((value, i) => (i === 41 ? 7 : value));
    const text = readable(judgementHtml(judgementOf([{ name: 'a', cases: [caseOf([1], tensor([20, 20], values), tensor([20, 20], got))] }])));
    expect(text).toContain('Expected · tensor of shape [20, 20], float32 -200.5, -199.5,');
    expect(text).toContain('(400 values) at expected got [2, 1] -159.5 7');
  });

  it('writes as many digits as tell two numbers apart', () => {
    const first = { index: [0], expected: 0.123456489, actual: 0.123456111 };
    const [expected, value] = [[first.expected, 1], [first.actual, 1]];
    const strict = { ...caseOf([1], expected, value), passed: false, difference: { kind: 'values', sentence: '', first, places: [0] } as const };
    const text = readable(judgementHtml(judgementOf([{ name: 'a', cases: [strict] }])));
    expect(text).toContain('0.123456489 1');
    expect(text).toContain('0.123456111 1');
  });

  it('names the arguments as the learner has, where the call is long', () => {
    const image = Array.from({ length: 6 }, () => [1, 2, 3, 4, 5, 6]);
    const around = { answer: 'conv2d', parameters: ['image', undefined] };
    const text = readable(judgementHtml(judgementOf([{ name: 'a', cases: [caseOf([image, 2], 1, 2)] }]), around));
    expect(text).toContain('image · array of shape [6, 6] 1 2 3 4 5 6');
    expect(text).toContain('argument 2 2');
  });

  it('leaves a number out where the sentence has said it', () => {
    const text = readable(judgementHtml(judgementOf([{ name: 'a', cases: [caseOf([28, 3], 26, 27)] }]), { answer: 'size' }));
    expect(text).toContain('size(28, 3) Expected 26, got 27. Change');
  });

  it('shows an error with what was expected, and nothing that came', () => {
    const failed: CaseResult = {
      inputs: [1], expected: 2, passed: false, failure: 'TypeError: no <x> (Cell [3], line 2)',
      observation: { outcome: 'error', error: { name: 'TypeError', message: 'no <x>', where: 'Cell [3], line 2' }, changed: [], leaked: 0 },
    };
    const html = judgementHtml(judgementOf([{ name: 'a', cases: [failed] }]));
    expect(html).toContain('It stopped with an error: TypeError: no &#60;x&#62; (Cell [3], line 2)');
    expect(readable(html)).toContain('Expected 2');
    expect(readable(html)).not.toContain('Your result');
  });

  it('shows no values where they are right and something else is wrong', () => {
    const failed = { ...caseOf([[1, 2]], [2, 4], [2, 4]), passed: false, failure: 'the result is right, but the function changes its first argument' };
    const text = readable(judgementHtml(judgementOf([{ name: 'a', cases: [failed] }])));
    expect(text).toContain('your function([1, 2]) The result is right, but the function changes its first argument. Change');
  });

  it('says what is wrong with an answer that cannot be tried', () => {
    const trouble = judgementOf([], { trouble: 'Got undefined; expected a function.', passed: false, tried: 2, earned: 0, points: 2 });
    expect(readable(judgementHtml(trouble))).toBe(
      '✗ Not yet: nothing could be tried · 3.2 Write a convolution 0 of 2 points. Got undefined; expected a function. Change the cell above, and run both again.');
  });

  it('says that a text is marked by hand', () => {
    const text: Judgement = { ...judgementOf([]), kind: 'text', points: 3, tried: 0, passed: false };
    expect(readable(judgementHtml(text, { next }))).toBe(
      '✎ Marked by hand · 3.2 Write a convolution 3 points are decided by a person who reads it. Go on with 3.3 Padding.');
  });

  it('says what was found where a requirement is not met; of trained models always', () => {
    const model: Judgement = {
      ...judgementOf([]), kind: 'model', passed: false, earned: 0, tried: 1,
      criteria: [{ name: 'few parameters', points: 1, earned: 0, cases: [], note: 'expected at most 50,000 parameters, found 60,000' },
        { name: 'ten classes', points: 1, earned: 1, cases: [], note: 'expected 10, found 10' }],
    };
    expect(readable(judgementHtml(model))).toContain('✗ few parameters · not yet, 0 of 1 point Expected at most 50,000 parameters, found 60,000.');
    expect(judgementText(model)).toContain('    Expected at most 50,000 parameters, found 60,000.');
    expect(judgementHtml(model) + judgementText(model)).not.toContain('found 10');
    expect(judgementText({ ...model, kind: 'trained' })).toContain('Expected 10, found 10.');
  });

  it('shows code and stress in a hint', () => {
    const hint = 'Is it `a * b`? The *mean* of 2 * 3 and 4*5, *not* `*x*`.';
    expect(judgementHtml(judgementOf([], { hint }))).toMatch(
      /Is it <code[^>]*>a \* b<\/code>\? The <em>mean<\/em> of 2 \* 3 and 4\*5, <em>not<\/em> <code[^>]*>\*x\*<\/code>\.<\/div>/);
    expect(judgementText(judgementOf([], { hint }))).toContain(`Hint: ${hint}`);
  });

  it('shows objects whole, also where the sentence has said in what they differ', () => {
    const text = readable(judgementHtml(judgementOf([{ name: 'a', cases: [caseOf([1], { best: 3 }, { best: 2 })] }])));
    expect(text).toContain('best: expected 3, got 2. Expected { best: 3 } Your result { best: 2 }');
  });

  it('says only what was answered where an answer is a number or a choice', () => {
    const number: Judgement = {
      ...judgementOf([]), kind: 'number', passed: false, earned: 0, tried: 1, points: 1,
      criteria: [{ name: 'the number of bytes', points: 1, earned: 0, cases: [], note: 'got 7 bytes' }],
    };
    expect(readable(judgementHtml(number))).toBe(
      '✗ Not yet · 3.2 Write a convolution 0 of 1 point. Got 7 bytes. Change the cell above, and run both again.');
  });

  it("says what TensorFlow's errors say, without their number", () => {
    const error = { name: 'Error', message: 'Invalid TF_Status: 3\nMessage: Incompatible shapes: [1,3] vs. [3,2]' };
    const failed: CaseResult = {
      inputs: [1], expected: 2, passed: false, failure: `Error: ${error.message}`, observation: { outcome: 'error', error, changed: [], leaked: 0 },
    };
    expect(judgementText(judgementOf([{ name: 'a', cases: [failed] }]))).toContain(
      '      It stopped with an error: Incompatible shapes: [1,3] vs. [3,2]\n      Expected:    2\n');
  });

  it('escapes everything that comes from outside, and needs no script', () => {
    const evil = '<script>alert(1)</script>"\'';
    const one = { inputs: [evil, { [evil]: evil }], expected: evil, passed: false, failure: evil, observation: { outcome: 'value' as const, value: [evil, [evil]], changed: [], leaked: 0 } };
    const judgement = judgementOf([{ name: evil, cases: [one] }], { title: evil, hint: evil, trouble: evil, id: evil });
    const html = judgementHtml(judgement, { answer: evil, parameters: [evil], notes: [evil] }) + noticeHtml(evil, [evil]);
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/"[^"=<>]*alert\(1\)[^"]*"\s*'/);
  });

  it('stays small, whatever came', () => {
    const million = tensor([1000, 1000], new Float32Array(1e6).fill(0.5));
    const list = Array.from({ length: 100_000 }, (_, i) => (i % 2 ? 'text' : [i]));
    const deep = Array.from({ length: 50 }, () => ({ a: Array.from({ length: 1000 }, (_, i) => ({ i })) }));
    const cases = [caseOf([million, list], million, 1), caseOf([deep], list, deep), caseOf([deep], deep, list)];
    const html = judgementHtml(judgementOf(Array.from({ length: 10 }, (_, i) => ({ name: `${i}`, cases }))));
    expect(html.length).toBeLessThan(300_000);
  });
});

describe('judgementText', () => {
  it('has the failing case, the hint and what to do', () => {
    expect(judgementText(partial, { answer: 'double' }).split('\n')).toEqual([
      '✗ Not yet · 3.2 Write a convolution',
      '1 of 2 points; 1 more point is decided by hidden cases when it is marked.',
      '  ✓ whole numbers: right, 1 of 1 point',
      '  ✗ others: 1 of 3 cases right, 0 of 1 point',
      '      double([3, 5], 2)',
      '      1 of 2 values differs; it is [1]: expected 10, got 7.',
      '      Expected:    [6, 10]',
      '      Your result: [6, 7]',
      'Hint: Look at <i>.',
      'Change the cell above, and run both again.',
    ]);
  });
});
