import { array, difference, tensor, type Difference, type Plain } from '@course/lib/exercises';
import { describe, expect, it } from 'vitest';

describe('difference', () => {
  it.each<[string, Plain, Plain]>([
    ['equal numbers', 0.1 + 0.2, 0.3],
    ['NaN and NaN', [NaN], [NaN]],
    ['empty lists', [], []],
    ['lists of lists', [[1, 2], [3]], [[1, 2], [3]]],
    ['objects in another order', { a: 1, b: 'x' }, { b: 'x', a: 1 }],
    ['undefined and undefined', undefined, undefined],
    ['float32 tensors that differ by rounding', tensor([2], [100, 1]), tensor([2], [100.001, 1])],
    ['infinities', [Infinity, -Infinity], [Infinity, -Infinity]],
  ])('finds none between %s', (_, actual, expected) => expect(difference(actual, expected)).toBeUndefined());

  it.each<[string, Plain, Plain, Difference['kind'], string]>([
    ['nothing', undefined, [1, 2, 3], 'missing', 'expected an array of 3 numbers, got undefined'],
    ['a number for a list', 7, [1, 2, 3], 'type', 'expected an array of 3 numbers, got the number 7'],
    ['a text for a number', '7', 7, 'type', "expected the number 7, got the text '7'"],
    ['null', null, 7, 'type', 'expected the number 7, got null'],
    [
      'a list for a tensor',
      [1],
      tensor([1], [1]),
      'type',
      'expected a tensor of shape [1], float32, got an array of 1 number',
    ],
    [
      'an ndarray for a tensor',
      array([1], [1]),
      tensor([1], [1]),
      'type',
      'expected a tensor of shape [1], float32, got an ndarray of shape [1], uint8',
    ],
    ['an object for a list', { a: 1 }, [1], 'type', 'expected an array of 1 number, got an object with a'],
    ['too few', [1, 2], [1, 2, 3], 'shape', 'expected 3 numbers, got 2'],
    [
      'another shape',
      tensor([2, 2], [1, 2, 3, 4]),
      tensor([2, 3], [1, 2, 3, 4, 5, 6]),
      'shape',
      'expected the shape [2, 3], got [2, 2]',
    ],
    [
      'a turned matrix',
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      'shape',
      'expected the shape [2, 3], got [3, 2]: rows and columns are swapped',
    ],
    [
      'the same numbers otherwise',
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      'shape',
      'expected the shape [2, 3], got [3, 2]: the numbers are right, only their shape is not',
    ],
    [
      'a lost dimension',
      tensor([3], [1, 2, 3]),
      tensor([3, 1], [1, 2, 3]),
      'shape',
      'expected the shape [3, 1], got [3]: the numbers are right, only their shape is not',
    ],
    [
      'rows of other lengths',
      [[1, 2], [3]],
      [
        [1, 2],
        [3, 4],
      ],
      'shape',
      '[1]: expected 2 numbers, got 1',
    ],
    ['another dtype', tensor([1], [1], 'int32'), tensor([1], [1]), 'dtype', 'expected the dtype float32, got int32'],
    ['NaN', [NaN, 2, NaN], [1, 2, 3], 'nan', '2 of 3 values are NaN; [0]: expected 1, got NaN'],
    ['one NaN', NaN, 0.5, 'nan', 'expected 0.5, got NaN'],
    ['another number', 128, 0.5, 'values', 'expected 0.5, got 128'],
    ['numbers that print alike', 1000.002, 1000, 'values', 'expected 1000, got 1000.002'],
    ['an infinity', Infinity, 5, 'values', 'expected 5, got Infinity'],
    ['a missing infinity', 5, Infinity, 'values', 'expected Infinity, got 5'],
    ['another truth', true, false, 'values', 'expected false, got true'],
    ['another text', 'cat', 'dog', 'values', "expected the text 'dog', got the text 'cat'"],
    [
      'one of many',
      [
        [1, 2],
        [3, 9],
      ],
      [
        [1, 2],
        [3, 4],
      ],
      'values',
      '1 of 4 values differs; it is [1, 1]: expected 4, got 9',
    ],
    [
      'a turned square',
      [
        [1, 3],
        [2, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
      'values',
      '2 of 4 values differ; the first is [0, 1]: expected 2, got 3; rows and columns are swapped',
    ],
    [
      'a multiple',
      [0, 255, 510, 765],
      [0, 1, 2, 3],
      'values',
      '3 of 4 values differ; the first is [1]: expected 1, got 255; the furthest is [3]: expected 3, got 765; ' +
        'all of these are 255 times what is expected',
    ],
    ['a hole', [1, undefined, 3], [1, 2, 3], 'missing', '[1]: expected the number 2, got undefined'],
    [
      'a missing name',
      { loss: 1 },
      { loss: 1, accuracy: 0.5 },
      'missing',
      'expected an object with loss, accuracy; accuracy is missing',
    ],
    [
      'a name too many',
      { loss: 1, x: 2 },
      { loss: 1 },
      'type',
      'expected an object with loss and nothing else, got x as well',
    ],
    [
      'a number deep within',
      { rows: [{ mean: [1, 2] }] },
      { rows: [{ mean: [1, 3] }] },
      'values',
      'rows[0].mean: 1 of 2 values differs; it is [1]: expected 3, got 2',
    ],
  ])('says in what %s is another', (_, actual, expected, kind, sentence) => {
    expect(difference(actual, expected)).toMatchObject({ kind, sentence });
  });

  it('names the first, the furthest and all places', () => {
    const actual = [
      [0, 5, 0],
      [0, 0, 90],
    ];
    expect(
      difference(actual, [
        [0, 1, 0],
        [2, 0, 3],
      ]),
    ).toMatchObject({
      first: { index: [0, 1], expected: 1, actual: 5 },
      largest: { index: [1, 2], expected: 3, actual: 90 },
      places: [1, 3, 5],
    });
  });

  it('goes by the tolerance: a part of 1 and of the size of what is expected', () => {
    expect(difference(104, 100, 0.05)).toBeUndefined();
    expect(difference(106, 100, 0.05)).toBeDefined();
    expect(difference(1 + 1e-15, 1, 0)).toBeDefined();
  });
});
