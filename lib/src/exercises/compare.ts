import { countText, shapeText } from '../arrays';
import { described, gridShape } from './described';
import type { Difference, DifferingNumber } from './judgement';
import { isArrayData, type ArrayData, type Plain } from './values';

/** How far a number may be off: `tolerance * (1 + |expected|)`. */
const TOLERANCE = 1e-6;
/** Sums of float32 numbers come out a little different in another order. */
const FLOAT32_TENSOR_TOLERANCE = 1e-4;

/** Numbers in rows and columns, be they a tensor or nested arrays. */
interface Grid {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/**
 * In what a value is not the expected one: first its type, then shape, dtype, and how many of its numbers; undefined if
 * they are alike. NaN is alike to NaN.
 *
 * @param tolerance see `FunctionExercise.tolerance`
 */
export function difference(actual: Plain, expected: Plain, tolerance?: number): Difference | undefined {
  return differenceAt('', actual, expected, tolerance);
}

function differenceAt(
  path: string,
  actual: Plain,
  expected: Plain,
  tolerance: number | undefined,
): Difference | undefined {
  const differs = (kind: Difference['kind'], sentence: string, more: Partial<Difference> = {}): Difference => ({
    kind, sentence: path ? `${path}: ${sentence}` : sentence, ...(path && { path }), ...more,
  });
  const wrongType = (): Difference => differs('type', `expected ${described(expected)}, got ${described(actual)}`);

  if (actual === undefined && expected !== undefined) {
    return differs('missing', `expected ${described(expected)}, got undefined`);
  }
  if (typeof expected === 'number' && typeof actual === 'number') {
    return numbersDiffer(
      differs,
      { shape: [], values: [actual] },
      { shape: [], values: [expected] },
      tolerance ?? TOLERANCE,
    );
  }
  if (typeof expected !== typeof actual) return wrongType();
  if (typeof expected !== 'object' || expected === null || actual === null) {
    if (actual === expected) return undefined;
    return expected === null || actual === null
      ? wrongType()
      : differs('values', `expected ${described(expected)}, got ${described(actual)}`);
  }
  // The numbers are what counts, and a typed array can be used like a list of numbers.
  if (Array.isArray(expected) && isArrayData(actual) && actual.holder === 'typed array') {
    return differenceAt(path, [...actual.values], expected, tolerance);
  }
  if (isArrayData(expected) || isArrayData(actual)) {
    if (!isArrayData(expected) || !isArrayData(actual) || expected.holder !== actual.holder) return wrongType();
    return arraysDiffer(differs, actual, expected, tolerance);
  }
  if (Array.isArray(expected) || Array.isArray(actual)) {
    if (!Array.isArray(expected) || !Array.isArray(actual)) return wrongType();
    const [got, wanted] = [gridOf(actual), gridOf(expected)];
    if (got && wanted) return gridsDiffer(differs, got, wanted, tolerance ?? TOLERANCE);
    if (actual.length !== expected.length) {
      return differs('shape', `expected ${described(expected)}, got ${described(actual)}`);
    }
    return firstOf(expected, (each, i) => differenceAt(`${path}[${i}]`, actual[i], each, tolerance));
  }
  const [gotNames, names] = [Object.keys(actual as object), Object.keys(expected)];
  const unknown = gotNames.find((name) => !names.includes(name));
  const missing = names.find((name) => !gotNames.includes(name));
  if (missing !== undefined) {
    return differs('missing', `expected an object with ${names.join(', ')}; ${missing} is missing`);
  }
  if (unknown !== undefined) {
    return differs('type', `expected an object with ${names.join(', ')} and nothing else, got ${unknown} as well`);
  }
  const [got, wanted] = [actual, expected] as Record<string, Plain>[];
  return firstOf(names, (name) => differenceAt(path ? `${path}.${name}` : name, got[name], wanted[name], tolerance));
}

type Differs = (kind: Difference['kind'], sentence: string, more?: Partial<Difference>) => Difference;

function firstOf<T>(list: readonly T[], find: (each: T, i: number) => Difference | undefined): Difference | undefined {
  for (let i = 0; i < list.length; i++) {
    const found = find(list[i], i);
    if (found) return found;
  }
  return undefined;
}

function arraysDiffer(
  differs: Differs,
  actual: ArrayData,
  expected: ArrayData,
  tolerance: number | undefined,
): Difference | undefined {
  const isFloat32Tensor = expected.holder === 'tensor' && expected.dtype === 'float32';
  const most = tolerance ?? (isFloat32Tensor ? FLOAT32_TENSOR_TOLERANCE : TOLERANCE);
  if (!isSameShape(actual.shape, expected.shape)) return shapesDiffer(differs, actual, expected, most);
  if (actual.dtype !== expected.dtype) {
    return differs('dtype', `expected the dtype ${expected.dtype}, got ${actual.dtype}`);
  }
  return numbersDiffer(differs, actual, expected, most);
}

function gridsDiffer(differs: Differs, actual: Grid, expected: Grid, tolerance: number): Difference | undefined {
  return isSameShape(actual.shape, expected.shape)
    ? numbersDiffer(differs, actual, expected, tolerance)
    : shapesDiffer(differs, actual, expected, tolerance);
}

const isSameShape = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((size, axis) => size === other[axis]);

function shapesDiffer(differs: Differs, actual: Grid, expected: Grid, tolerance: number): Difference {
  const why = isSwapped(actual, expected, tolerance)
    ? ': rows and columns are swapped'
    : areAllClose(actual.values, expected.values, tolerance) ? ': the numbers are right, only their shape is not' : '';
  if (expected.shape.length === 1 && actual.shape.length === 1) {
    return differs('shape', `expected ${countText(expected.shape[0])} numbers, got ${countText(actual.shape[0])}`);
  }
  return differs('shape', `expected the shape ${shapeText(expected.shape)}, got ${shapeText(actual.shape)}${why}`);
}

const areAllClose = (actual: readonly number[], expected: readonly number[], tolerance: number): boolean =>
  expected.length > 0 &&
  actual.length === expected.length &&
  actual.every((each, i) => isClose(each, expected[i], tolerance));

/** Whether it is the expected one with its rows as columns. */
function isSwapped(actual: Grid, expected: Grid, tolerance: number): boolean {
  const [rows, columns] = expected.shape;
  if (expected.shape.length !== 2 || !isSameShape(actual.shape, [columns, rows])) return false;
  const turned = expected.values.map((_, i) => actual.values[(i % columns) * rows + Math.floor(i / columns)]);
  return areAllClose(turned, expected.values, tolerance);
}

/** Whether a number is near enough to the expected one. */
export function isClose(actual: number, expected: number, tolerance: number): boolean {
  if (actual === expected || (Number.isNaN(actual) && Number.isNaN(expected))) return true;
  return Number.isFinite(expected) && Math.abs(actual - expected) <= tolerance * (1 + Math.abs(expected));
}

function numbersDiffer(differs: Differs, actual: Grid, expected: Grid, tolerance: number): Difference | undefined {
  const places = [...expected.values.keys()].filter((i) => !isClose(actual.values[i], expected.values[i], tolerance));
  if (places.length === 0) return undefined;
  const at = (place: number): DifferingNumber => ({
    index: indexOf(place, expected.shape), expected: expected.values[place], actual: actual.values[place],
  });
  const distance = (place: number): number => Math.abs(actual.values[place] - expected.values[place]);

  const missing = places.filter((place) => Number.isNaN(actual.values[place]));
  if (missing.length > 0) {
    const first = at(missing[0]);
    const many = `${partText(missing, expected)} ${missing.length === 1 ? 'is' : 'are'} NaN; `;
    return differs('nan', `${expected.values.length === 1 ? '' : many}${pairText(first)}`, {
      first,
      largest: first,
      places,
    });
  }
  const first = at(places[0]);
  const largest = at(places.reduce((most, place) => (distance(place) > distance(most) ? place : most)));
  const parts =
    expected.values.length === 1
      ? [pairText(first)]
      : [
          `${partText(places, expected)} ${places.length === 1 ? 'differs' : 'differ'}`,
          `${places.length === 1 ? 'it' : 'the first'} is ${pairText(first)}`,
          ...(places.length > 2 && largest.index.join() !== first.index.join()
            ? [`the furthest is ${pairText(largest)}`]
            : []),
          ...factorText(actual, expected, places),
          ...(isSwapped(actual, expected, tolerance) ? ['rows and columns are swapped'] : []),
        ];
  return differs('values', parts.join('; '), { first, largest, places });
}

const partText = (places: readonly number[], { values }: Grid): string =>
  `${countText(places.length)} of ${countText(values.length)} values`;

const indexOf = (place: number, shape: readonly number[]): number[] => {
  const index = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = place % shape[axis];
    place = Math.floor(place / shape[axis]);
  }
  return index;
};

function pairText({ index, expected, actual }: DifferingNumber): string {
  const short = (value: number): string => String(Number(value.toPrecision(6)));
  const [wanted, got] =
    short(expected) === short(actual) ? [String(expected), String(actual)] : [short(expected), short(actual)];
  return `${index.length > 0 ? `${shapeText(index)}: ` : ''}expected ${wanted}, got ${got}`;
}

/** Where all that differ are one multiple of what is expected, that says more than the numbers. */
function factorText(actual: Grid, expected: Grid, places: readonly number[]): string[] {
  const factor = actual.values[places[0]] / expected.values[places[0]];
  const isOne =
    places.length > 2 &&
    Number.isFinite(factor) &&
    factor !== 0 &&
    places.every(
      (place) =>
        expected.values[place] !== 0 && isClose(actual.values[place], factor * expected.values[place], TOLERANCE),
    );
  return isOne ? [`all of these are ${Number(factor.toPrecision(4))} times what is expected`] : [];
}

function gridOf(list: readonly Plain[]): Grid | undefined {
  const shape = gridShape(list);
  return shape && { shape, values: (list as unknown[]).flat(shape.length - 1) as number[] };
}
