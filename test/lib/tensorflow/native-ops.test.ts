import { tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nativeOp } from '../../../lib/src/tensorflow/native-ops';
import { computeValues } from '../../../lib/src/tensorflow/values';

let tensorsBefore: number;
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

describe('nativeOp', () => {
  it('runs an operation for which TensorFlow.js has no function', () => {
    const values = computeValues(() => nativeOp('Rint', { T: { type: 'float32' } }, [tf.tensor1d([0.4, 1.6, 2.5])]));
    expect([...values]).toEqual([0, 2, 2]);
  });

  it('passes attributes of each kind', () => {
    const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    const half = tf.tidy(() => nativeOp('ResizeArea', { T: { type: 'float32' }, align_corners: false }, [x, tf.tensor1d([1, 1], 'int32')]));
    const padded = tf.tidy(() => nativeOp(
      'MirrorPad', { T: { type: 'float32' }, Tpaddings: { type: 'int32' }, mode: 'REFLECT' }, [x, tf.tensor2d([[0, 0], [0, 0], [1, 0], [0, 0]], [4, 2], 'int32')]));
    expect([...half.dataSync()]).toEqual([2.5]);
    expect([...padded.dataSync()]).toEqual([2, 1, 2, 4, 3, 4]);
    tf.dispose([x, half, padded]);
  });

  it('hands on what TensorFlow has to say', () => {
    const x = tf.tensor1d([1]);
    expect(() => nativeOp('NoSuchOperation', {}, [x])).toThrow(/NoSuchOperation/);
    expect(() => nativeOp('ResizeArea', { T: { type: 'float32' }, align_corners: false }, [x, x])).toThrow(/int32|dimension/i);
    x.dispose();
  });
});

describe('computeValues', () => {
  it('gives the numbers and disposes everything', () => {
    expect([...computeValues(() => tf.add(tf.tensor1d([1, 2]), tf.scalar(1)))]).toEqual([2, 3]);
  });
});
