import { readdirSync } from 'node:fs';
import os from 'node:os';
import { tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attribute, Graph, GraphDefinition, GraphFunction } from '../../../lib/src/tensorflow/graph';

const float = attribute.type('float32');

describe('a graph written by hand', () => {
  let tensors = 0;
  let graph: Graph | undefined;
  beforeEach(() => {
    tensors = tf.memory().numTensors;
  });
  afterEach(() => {
    graph?.dispose();
    graph = undefined;
    expect(tf.memory().numTensors).toBe(tensors);
  });

  const values = (inputs: Record<string, tf.Tensor>, outputs: string[]): number[][] => {
    const results = graph!.run(inputs, outputs);
    const numbers = results.map((result) => Array.from(result.dataSync()));
    tf.dispose([results, inputs]);
    return numbers;
  };

  it('computes what its operations say, for any number of examples', () => {
    const definition = new GraphDefinition();
    const x = definition.placeholder('x', 'float32', [-1]);
    const two = definition.constant(Float32Array.of(2), []);
    const product = definition.add('Mul', [x, two], { T: float });
    definition.add('AddV2', [product, x], { T: float }, 'sum');
    graph = definition.load();
    expect(values({ x: tf.tensor1d([1, 2, 3]) }, ['sum'])).toEqual([[3, 6, 9]]);
    expect(values({ x: tf.tensor1d([5]) }, ['sum'])).toEqual([[15]]);
  });

  it('gives several outputs of one operation, and takes inputs by name', () => {
    const definition = new GraphDefinition();
    const [a, b] = ['a', 'b'].map((name) => definition.placeholder(name, 'int32', [2]));
    const both = definition.add('Pack', [a, b], {
      T: attribute.type('int32'),
      N: attribute.int(2),
      axis: attribute.int(0),
    });
    definition.add(
      'Unpack',
      [both],
      { T: attribute.type('int32'), num: attribute.int(2), axis: attribute.int(1) },
      'columns',
    );
    graph = definition.load();
    const inputs = { b: tf.tensor1d([3, 4], 'int32'), a: tf.tensor1d([1, 2], 'int32') };
    expect(values(inputs, ['columns', 'columns:1'])).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it('calls a function for each of many inputs', () => {
    const definition = new GraphDefinition();
    const body = new GraphFunction('square_plus_one', { x: 'float32' }, { y: 'float32' });
    const square = body.add('Square', ['x'], { T: float });
    const one = body.constant(Float32Array.of(1), []);
    body.returns({ y: `${body.add('AddV2', [`${square}:y:0`, `${one}:output:0`], { T: float })}:z:0` });
    const x = definition.placeholder('x', 'float32', [-1]);
    definition.add(
      'MapDefun',
      [x],
      {
        Targuments: attribute.types(['float32']),
        Tcaptured: attribute.types([]),
        output_types: attribute.types(['float32']),
        output_shapes: attribute.shapes([[]]),
        f: attribute.function(definition.addFunction(body)),
      },
      'y',
    );
    graph = definition.load();
    expect(values({ x: tf.tensor1d([1, 2, 3, 4, 5]) }, ['y'])).toEqual([[2, 5, 10, 17, 26]]);
  });

  it('keeps variables between runs', () => {
    const definition = new GraphDefinition();
    const options = {
      dtype: float,
      shape: attribute.shape([]),
      shared_name: attribute.string('v'),
      container: attribute.string(''),
    };
    const variable = definition.add('VarHandleOp', [], options);
    const start = definition.placeholder('start', 'float32', []);
    definition.add('AssignVariableOp', [variable, start], { dtype: float }, 'assign');
    definition.add('Identity', [start, '^assign'], { T: float }, 'init');
    definition.add('ReadVariableOp', [variable], { dtype: float }, 'read');
    graph = definition.load();
    expect(values({ start: tf.scalar(7) }, ['init'])).toEqual([[7]]);
    expect(values({}, ['read'])).toEqual([[7]]);
  });

  it('passes on what TensorFlow says of a wrong graph and of a failing run', () => {
    const wrong = new GraphDefinition();
    wrong.add('NoSuchOperation', []);
    expect(() => wrong.load()).toThrow(/NoSuchOperation/);
    const definition = new GraphDefinition();
    const file = definition.placeholder('file', 'string', []);
    definition.add('DecodePng', [file], { channels: attribute.int(3), dtype: attribute.type('uint8') }, 'pixels');
    graph = definition.load();
    const input = tf.scalar('no picture', 'string');
    expect(() => graph!.run({ file: input }, ['pixels'])).toThrow(/Session fail to run/);
    input.dispose();
  });

  it('leaves no file behind, and cannot be run when it is disposed', () => {
    const before = readdirSync(os.tmpdir()).filter((name) => name.startsWith('course-graph-'));
    const definition = new GraphDefinition();
    definition.add('Identity', [definition.placeholder('x', 'float32', [])], { T: float }, 'y');
    const disposed = definition.load();
    expect(readdirSync(os.tmpdir()).filter((name) => name.startsWith('course-graph-'))).toEqual(before);
    disposed.dispose();
    disposed.dispose();
    const x = tf.scalar(1);
    expect(() => disposed.run({ x }, ['y'])).toThrow(/disposed/);
    x.dispose();
  });
});
