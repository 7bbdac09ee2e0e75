import type { NdArray } from 'ndarray';
import type { Numbers } from '../../arrays';

/**
 * As much of the package `ndarray` as the library uses in a page. The package writes its classes as text and has the
 * browser compile them (`new Function`), which the page forbids itself and many servers forbid their pages.
 */
class PageArray {
  readonly dimension: number;
  readonly size: number;

  constructor(
    readonly data: Numbers, readonly shape: readonly number[], readonly stride: readonly number[],
    readonly offset: number,
  ) {
    this.dimension = shape.length;
    this.size = shape.reduce((product, length) => product * length, 1);
  }

  get dtype(): string {
    return this.data.constructor.name.replace('Array', '').toLowerCase().replace('clamped', '_clamped');
  }

  get(...indices: number[]): number {
    return this.data[this.#place(indices)];
  }

  set(...args: number[]): number {
    return (this.data[this.#place(args)] = args[this.dimension]);
  }

  /** Without what lies before `starts`. Shares the memory. */
  lo(...starts: number[]): PageArray {
    const shape = this.shape.map((length, axis) => length - (starts[axis] ?? 0));
    return new PageArray(this.data, shape, this.stride, this.#place(starts));
  }

  /** Only what lies before `ends`. Shares the memory. */
  hi(...ends: number[]): PageArray {
    return new PageArray(this.data, this.shape.map((length, axis) => ends[axis] ?? length), this.stride, this.offset);
  }

  /** One entry along each axis that has an index; the others stay. Shares the memory. */
  pick(...indices: (number | null)[]): PageArray {
    const stays = (_: number, axis: number): boolean => (indices[axis] ?? null) === null;
    const offset = this.#place(this.shape.map((_, axis) => indices[axis] ?? 0));
    return new PageArray(this.data, this.shape.filter(stays), this.stride.filter(stays), offset);
  }

  #place(indices: readonly number[]): number {
    return this.stride.reduce((sum, step, axis) => sum + step * (indices[axis] ?? 0), this.offset);
  }
}

/** An array over values that lie row by row; shares their memory. */
export default function ndarray<D extends Numbers>(data: D, shape: number[]): NdArray<D> {
  const stride = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  return new PageArray(data, [...shape], stride, 0) as unknown as NdArray<D>;
}
