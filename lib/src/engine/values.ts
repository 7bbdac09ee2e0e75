import { GraphDefinition, attribute, type Attribute, type GraphType } from '../tensorflow/graph';

/** Sizes of a value; -1 for the number of examples in the batch, which is known only when the graph runs. */
export type Shape = readonly number[];

/** A result within the graph: which output of which operation, and what it will hold. */
export interface Value {
  readonly ref: string;
  readonly shape: Shape;
  readonly type: GraphType;
  /** What this is the ReLU of, for a rule that is simpler behind one. */
  readonly rectified?: Value;
  /** What this is the softmax of, likewise. */
  readonly logits?: Value;
}

/** How many numbers a value holds, without its first dimension. */
export const sizeOfOne = (shape: Shape): number => shape.slice(1).reduce((product, size) => product * size, 1);

const type = (value: GraphType): Attribute => attribute.type(value);

/**
 * A graph that is being written, with the arithmetic that everything else is made of. Nothing is computed here: each
 * method adds one operation of TensorFlow and says what its result will be. The operations are those of
 * https://www.tensorflow.org/api_docs/python/tf/raw_ops.
 */
export class Arithmetic {
  readonly definition = new GraphDefinition();

  /**
   * Adds an operation and gives its first output.
   *
   * @param after names of operations that must have run before, besides those of the inputs
   */
  operation(
    name: string,
    inputs: readonly Value[],
    result: { shape: Shape; type?: GraphType },
    attributes: Record<string, Attribute> = {},
    after: readonly string[] = [],
  ): Value {
    const ref = this.definition.add(name, [...inputs.map(({ ref }) => ref), ...after.map((node) => `^${node}`)], attributes);
    return { ref, shape: result.shape, type: result.type ?? 'float32' };
  }

  /** A further output of the operation that gave `value`. */
  output(value: Value, index: number, shape: Shape): Value {
    return { ref: `${value.ref}:${index}`, shape, type: 'float32' };
  }

  placeholder(name: string, type: GraphType, shape: Shape): Value {
    return { ref: this.definition.placeholder(name, type, shape), shape, type };
  }

  number(value: number): Value {
    return { ref: this.definition.constant(Float32Array.of(value), []), shape: [], type: 'float32' };
  }

  numbers(values: readonly number[]): Value {
    return { ref: this.definition.constant(Float32Array.from(values), [values.length]), shape: [values.length], type: 'float32' };
  }

  vector(length: number, value: number): Value {
    return this.numbers(new Array<number>(length).fill(value));
  }

  integers(...values: number[]): Value {
    return { ref: this.definition.constant(Int32Array.from(values), [values.length]), shape: [values.length], type: 'int32' };
  }

  integer(value: number): Value {
    return { ref: this.definition.constant(Int32Array.of(value), []), shape: [], type: 'int32' };
  }

  /** An operation on each number, such as `Sqrt`. */
  map(name: string, x: Value): Value {
    return this.operation(name, [x], x, { T: type(x.type) });
  }

  /** An operation on two values, number by number; the smaller one is repeated (broadcasting). */
  private both(name: string, a: Value, b: Value, result: GraphType = a.type): Value {
    return this.operation(name, [a, b], { shape: broadcast(a.shape, b.shape), type: result }, { T: type(a.type) });
  }

  add = (a: Value, b: Value): Value => this.both('AddV2', a, b);
  subtract = (a: Value, b: Value): Value => this.both('Sub', a, b);
  multiply = (a: Value, b: Value): Value => this.both('Mul', a, b);
  divide = (a: Value, b: Value): Value => this.both('RealDiv', a, b);
  minimum = (a: Value, b: Value): Value => this.both('Minimum', a, b);
  maximum = (a: Value, b: Value): Value => this.both('Maximum', a, b);
  greater = (a: Value, b: Value): Value => this.both('Greater', a, b, 'bool');
  atLeast = (a: Value, b: Value): Value => this.both('GreaterEqual', a, b, 'bool');
  atMost = (a: Value, b: Value): Value => this.both('LessEqual', a, b, 'bool');
  and = (a: Value, b: Value): Value => this.operation('LogicalAnd', [a, b], { shape: a.shape, type: 'bool' });
  equal = (a: Value, b: Value): Value =>
    this.operation('Equal', [a, b], { shape: broadcast(a.shape, b.shape), type: 'bool' }, {
      T: type(a.type),
      incompatible_shape_error: attribute.bool(true),
    });

  sumOf(values: readonly Value[]): Value {
    if (values.length === 1) return values[0];
    return this.operation('AddN', values, values[0], { T: type(values[0].type), N: attribute.int(values.length) });
  }

  cast(x: Value, to: GraphType): Value {
    if (x.type === to) return x;
    return this.operation('Cast', [x], { shape: x.shape, type: to }, {
      SrcT: type(x.type),
      DstT: type(to),
      Truncate: attribute.bool(false),
    });
  }

  /** `Sum`, `Mean` or `Max` over some axes. */
  private reduce(name: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
    const shape = keepDims
      ? x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      : x.shape.filter((_, axis) => !axes.includes(axis));
    return this.operation(name, [x, this.integers(...axes)], { shape, type: x.type }, {
      T: type(x.type),
      Tidx: type('int32'),
      keep_dims: attribute.bool(keepDims),
    });
  }

  sum = (x: Value, axes: readonly number[], keepDims = false): Value => this.reduce('Sum', x, axes, keepDims);
  mean = (x: Value, axes: readonly number[], keepDims = false): Value => this.reduce('Mean', x, axes, keepDims);
  max = (x: Value, axes: readonly number[], keepDims = false): Value => this.reduce('Max', x, axes, keepDims);

  /** The index of the largest number of the last axis, int32. */
  argMax(x: Value): Value {
    return this.operation('ArgMax', [x, this.integer(x.shape.length - 1)], { shape: x.shape.slice(0, -1), type: 'int32' }, {
      T: type(x.type),
      Tidx: type('int32'),
      output_type: type('int32'),
    });
  }

  oneHot(indices: Value, classes: number): Value {
    const shape = [...indices.shape, classes];
    return this.operation('OneHot', [indices, this.integer(classes), this.number(1), this.number(0)], { shape }, {
      T: type('float32'),
      TI: type('int32'),
      axis: attribute.int(-1),
    });
  }

  reshape(x: Value, shape: Shape): Value {
    return this.operation('Reshape', [x, this.integers(...shape)], { shape, type: x.type }, {
      T: type(x.type),
      Tshape: type('int32'),
    });
  }

  /** The sizes of a value when the graph runs, int32. */
  shapeOf(x: Value): Value {
    return this.operation('Shape', [x], { shape: [x.shape.length], type: 'int32' }, {
      T: type(x.type),
      out_type: type('int32'),
    });
  }

  /** How many numbers a value holds when the graph runs, int32. */
  countOf(x: Value): Value {
    return this.operation('Size', [x], { shape: [], type: 'int32' }, { T: type(x.type), out_type: type('int32') });
  }

  /** A smaller value repeated to the sizes of another. */
  broadcastLike(x: Value, like: Value): Value {
    return this.operation('BroadcastTo', [x, this.shapeOf(like)], { shape: like.shape }, {
      T: type(x.type),
      Tidx: type('int32'),
    });
  }

  /** A part; a size of -1 takes all that follows `begin`. */
  slice(x: Value, begin: Value, size: Value, shape: Shape): Value {
    return this.operation('Slice', [x, begin, size], { shape, type: x.type }, { T: type(x.type), Index: type('int32') });
  }

  /** The rows of `x` that `indices` name. */
  gather(x: Value, indices: Value): Value {
    const shape = [...indices.shape, ...x.shape.slice(1)];
    return this.operation('GatherV2', [x, indices, this.integer(0)], { shape, type: x.type }, {
      Tparams: type(x.type),
      Tindices: type('int32'),
      Taxis: type('int32'),
      batch_dims: attribute.int(0),
    });
  }

  /** One vector of several single numbers. */
  pack(values: readonly Value[]): Value {
    return this.operation('Pack', values, { shape: [values.length], type: values[0].type }, {
      T: type(values[0].type),
      N: attribute.int(values.length),
      axis: attribute.int(0),
    });
  }

  /** Gives a value a name by which it can be fetched. @param after operations that must have run before */
  fetch(name: string, value: Value, after: readonly string[] = []): void {
    const inputs = [value.ref, ...after.map((node) => `^${node}`)];
    this.definition.add('Identity', inputs, { T: type(value.type) }, name);
  }

  /** 1 where a condition holds, else 0. */
  indicator = (condition: Value): Value => this.cast(condition, 'float32');
}

function broadcast(a: Shape, b: Shape): Shape {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  const offset = long.length - short.length;
  return long.map((size, axis) => (axis < offset || short[axis - offset] === 1 ? size : size === 1 ? short[axis - offset] : size));
}
