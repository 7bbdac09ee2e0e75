import { tf } from '@course/lib';
import { expect } from 'vitest';
import { CompiledTraining } from '../../../lib/src/engine/compiled-training';
import { Random } from '../../../lib/src/random';

/**
 * How far a weight is moved, as the length of the way. The loss, about 1, is known to about 2e-7 (float32), so that its
 * slope is known to 2e-7 / STEP = 2e-5. The curve of the loss adds an error of the order of STEP squared, which is taken
 * off by Richardson's extrapolation from two steps; what stays is of the order of STEP to the fourth, 1e-8.
 */
const STEP = 0.01;

/** What rounding does to a slope, with some room. */
const ROUNDING = 1e-4;

/** As a part of the length of the gradient. */
const TOLERANCE = 2e-3;

/** A gradient that is shorter could be wrong by much within the rounding. */
const SHORTEST = 0.02;

/** Directions for each weight, and how many of them may be tried: some may cross the bend of a ReLU. */
const DIRECTIONS = 3;
const TRIES = 60;

/**
 * Checks the gradient of each learned weight of a model: its product with a random direction has to be the slope of the
 * loss in that direction.
 *
 * Where the loss has a bend within the step (a ReLU, another number that is largest) its slope is not defined. There the
 * differences of the whole and of half the step disagree: such a direction is left out. (A bend changes the one that is
 * taken here at most by some times their disagreement, but for bends at the very beginning of the step.) They know
 * nothing of the gradient, so that a wrong gradient cannot leave itself out.
 *
 * It disposes model and data.
 *
 * @param isRandom whether each step is another function of the weights; each loss then comes from a training begun anew
 */
export function checkGradients(
  label: string,
  model: tf.LayersModel,
  data: { x: tf.Tensor; y: tf.Tensor },
  loss: string,
  { isRandom = false, classWeights }: { isRandom?: boolean; classWeights?: readonly number[] } = {},
): void {
  const optimizer = tf.train.sgd(1);
  model.compile({ optimizer, loss });
  const indices = Int32Array.from({ length: data.x.shape[0] }, (_, i) => i);
  const start = model.weights.map((weight) => tf.clone(weight.read()));
  const learned = model.weights.flatMap((weight, i) => (model.trainableWeights.includes(weight) ? [i] : []));

  let training = CompiledTraining.begin(model, data, classWeights);
  const lossAt = (weights: tf.Tensor[]): number => {
    if (isRandom) {
      training.end();
      // What is dropped depends on the number of the step.
      (optimizer as unknown as { iterations_: number }).iterations_ = 0;
      training = CompiledTraining.begin(model, data, classWeights);
    }
    model.setWeights(weights);
    return training.learn(data, [indices], 1)[0][0];
  };
  const valueOf = (tensor: tf.Tensor): Float32Array => tensor.dataSync<'float32'>().slice();

  try {
    lossAt(start);
    // One step with the learning rate 1 has taken the gradient off.
    const before = start.map(valueOf);
    const gradients = model.getWeights().map((after, i) => valueOf(after).map((value, j) => before[i][j] - value));
    optimizer.setLearningRate(0);

    const random = new Random(1);
    for (const i of learned) {
      const name = `${label}: the gradient of ${model.weights[i].originalName}`;
      const gradient = gradients[i];
      const length = Math.hypot(...gradient);
      expect(length, `${name}: its length`).toBeGreaterThan(SHORTEST);
      const allowed = TOLERANCE * length + ROUNDING;
      let checked = 0;
      for (let tried = 0; tried < TRIES && checked < DIRECTIONS; tried++) {
        const raw = gradient.map(() => random.normal());
        const direction = raw.map((value) => value / Math.hypot(...raw));
        const lossAfter = (way: number): number =>
          tf.tidy(() => {
            const moved = tf.tensor(before[i].map((value, j) => value + way * direction[j]), start[i].shape);
            return lossAt(start.map((weight, j) => (j === i ? moved : weight)));
          });
        const quotient = (step: number): number => (lossAfter(step) - lossAfter(-step)) / (2 * step);
        const [whole, half] = [quotient(STEP), quotient(STEP / 2)];
        if (Math.abs(whole - half) > allowed / 4) continue;
        checked++;
        const slope = (4 * half - whole) / 3;
        const product = gradient.reduce((sum, value, j) => sum + value * direction[j], 0);
        expect(Math.abs(product - slope), `${name}: ${product}, by differences ${slope}`).toBeLessThan(allowed);
      }
      expect(checked, `${name}: directions without a bend`).toBe(DIRECTIONS);
    }
  } finally {
    training.end();
    model.setWeights(start);
    tf.dispose(start);
    optimizer.dispose();
    model.dispose();
    tf.dispose([data.x, data.y]);
  }
}
