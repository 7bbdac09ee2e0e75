import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeDataSource } from '../../../lib/src/data/locate';
import { readIdxDataset, type ImageDataset, type LoadOptions } from '../../../lib/src/data/image-dataset';
import { idxEntry } from '../../../lib/src/data/manifest';
import { toTensor } from '../../../lib/src/data/tensors';
import { flatten } from '../../../lib/src/preprocessing/flatten';
import { normalise } from '../../../lib/src/preprocessing/normalise';
import { argMax, oneHot } from '../../../lib/src/preprocessing/one-hot';
import { tf } from '../../../lib/src/tensorflow';
import { temporaryFolder } from './support';

let tensorsBefore = 0;
beforeAll(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const readMnist = (options: LoadOptions): Promise<ImageDataset> => readIdxDataset(idxEntry('mnist'), options);
const offline = { COURSE_CACHE: temporaryFolder(), COURSE_OFFLINE: '1' };

/** What holds of MNIST and of its stand-ins. */
function describeMnist(env: NodeJS.ProcessEnv): void {
  let mnist: ImageDataset;
  beforeAll(async () => {
    mnist = await readMnist({ env });
  });

  it('has 60,000 images to train on and 10,000 to test with', () => {
    expect(mnist.train.images.shape).toEqual([60_000, 28, 28]);
    expect(mnist.train.labels.shape).toEqual([60_000]);
    expect(mnist.test.images.shape).toEqual([10_000, 28, 28]);
    expect(mnist.test.labels.shape).toEqual([10_000]);
    expect(mnist.train.images.dtype).toBe('uint8');
    expect(mnist.train.labels.dtype).toBe('uint8');
    expect(mnist.classNames).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  it('has pixels from 0 to 255 and labels from 0 to 9', () => {
    const { images, labels } = mnist.test;
    expect([Math.min(...labels.data), Math.max(...labels.data)]).toEqual([0, 9]);
    expect(images.data.includes(0) && images.data.includes(255)).toBe(true);
  });

  it('takes the first images with COURSE_QUICK or when a number is given', async () => {
    const quick = await readMnist({ env: { ...env, COURSE_QUICK: '1' } });
    expect(quick.train.images.shape).toEqual([6_000, 28, 28]);
    expect(quick.test.labels.shape).toEqual([1_000]);
    const few = await readMnist({ env, trainCount: 100, testCount: 7 });
    expect(few.train.labels.shape).toEqual([100]);
    expect(few.test.images.shape).toEqual([7, 28, 28]);
    expect([...few.train.labels.data]).toEqual([...mnist.train.labels.hi(100).data.subarray(0, 100)]);
    expect(few.train.images.get(99, 14, 14)).toBe(mnist.train.images.get(99, 14, 14));
  });

  it('becomes the tensors of the first lesson', () => {
    const x = toTensor(normalise(flatten(mnist.train.images)));
    const y = toTensor(oneHot(mnist.train.labels, 10));
    expect([x.shape, x.dtype]).toEqual([[60_000, 784], 'float32']);
    expect([y.shape, y.dtype]).toEqual([[60_000, 10], 'float32']);
    const [min, max] = tf.tidy(() => [x.min().dataSync()[0], x.max().dataSync()[0]]);
    expect([min, max]).toEqual([0, 1]);
    expect(argMax(oneHot(mnist.train.labels, 10)).get(59_999)).toBe(mnist.train.labels.get(59_999));
    tf.dispose([x, y]);
  });
}

describe('MNIST with no data and no network', () => {
  describeMnist(offline);

  it('says wherever it can that the digits are drawn', async () => {
    const mnist = await readMnist({ env: offline });
    expect(mnist.isDrawn).toBe(true);
    expect(mnist.title).toBe('Drawn digits (stand-in, not MNIST)');
    expect(mnist.source.note).toMatch(/^Stand-ins for MNIST, drawn by the course, because/);
    expect((await describeDataSource('mnist', offline)).note).toBe(mnist.source.note);
  });

  it.each([
    [{ trainCount: 0 }, /got trainCount = 0, expected a whole number in 1\.\.60,000/],
    [{ testCount: 10_001 }, /got testCount = 10001, expected a whole number in 1\.\.10,000/],
    [{ trainCount: 1.5 }, /got trainCount = 1\.5/],
  ])('refuses the counts %o', async (counts, message) => {
    await expect(readMnist({ env: offline, ...counts })).rejects.toThrow(message);
  });
});

const dataFolder = process.env.COURSE_DATA;
if (!dataFolder) {
  console.warn('COURSE_DATA is not set: the tests with the real MNIST are NOT run.');
} else {
  describe('MNIST with the real files', () => {
    const env = { COURSE_DATA: dataFolder, COURSE_OFFLINE: '1', COURSE_CACHE: temporaryFolder() };
    describeMnist(env);

    it('is MNIST', async () => {
      const mnist = await readMnist({ env });
      expect(mnist.isDrawn).toBe(false);
      expect(mnist.title).toBe('MNIST');
      expect(mnist.source.kind).toBe('folder');
      expect([...mnist.train.labels.data.subarray(mnist.train.labels.offset).subarray(0, 10)]).toEqual([
        5, 0, 4, 1, 9, 2, 1, 3, 1, 4,
      ]);
      const counts = new Array<number>(10).fill(0);
      for (let i = 0; i < 60_000; i++) counts[mnist.train.labels.get(i)]++;
      expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    });

    it('has the mean and standard deviation that are known of it', async () => {
      const { train } = await readMnist({ env });
      const x = normalise(train.images).data;
      let [sum, squares] = [0, 0];
      for (const value of x) {
        sum += value;
        squares += value * value;
      }
      const mean = sum / x.length;
      expect(mean).toBeCloseTo(0.1307, 4);
      expect(Math.sqrt(squares / x.length - mean * mean)).toBeCloseTo(0.3081, 4);
    });
  });
}
