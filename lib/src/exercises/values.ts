/**
 * Plain data: all that passes between an answer and its judge. It can be written as JSON, compared, shown, and sent to another process.
 */
export type Plain = number | string | boolean | null | undefined | ArrayData | Plain[] | { [name: string]: Plain };

/** A tensor, an ndarray or a typed array as data. */
export interface ArrayData {
  readonly holder: 'tensor' | 'ndarray' | 'typed array';
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Row by row. */
  readonly values: readonly number[];
}

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function arrayData(holder: ArrayData['holder'], shape: readonly number[], values: ArrayLike<number>, dtype: string): ArrayData {
  if (values.length !== count(shape)) {
    throw new Error(`${holder} of shape [${shape.join(', ')}]: expected ${count(shape)} values, got ${values.length}`);
  }
  return { holder, shape, dtype, values: Array.from(values) };
}

/** An input that is a tensor. `dtype` is `'float32'`, `'int32'` or `'bool'`. */
export const tensor = (shape: readonly number[], values: ArrayLike<number>, dtype = 'float32'): ArrayData =>
  arrayData('tensor', shape, dtype === 'float32' ? Float32Array.from(values) : values, dtype);

/** An input that is an ndarray, as pictures and labels are. */
export const array = (shape: readonly number[], values: ArrayLike<number>, dtype = 'uint8'): ArrayData =>
  arrayData('ndarray', shape, dtype === 'float32' ? Float32Array.from(values) : values, dtype);
