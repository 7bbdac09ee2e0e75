import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText, type Numbers } from '../arrays';
import type { tf } from '../tensorflow';
import { asArray } from '../tensorflow/values';

/** How far rounding in float32 takes a probability beyond 0 or 1. */
const ROUNDING = 1e-4;

/**
 * What a model answers, as one column a class. A single column, that of a sigmoid, is the probability of class 1, so
 * class 0 has the rest. Several columns stay as they are, whether they add up to 1 (softmax) or each stands for itself
 * (sigmoid).
 *
 * @param caller the function that the learner has called
 * @param answers `[n, classes]`, `[n, 1]` or `[n]`, as `predict` returns them; a tensor is kept
 * @returns `[n, classes]`; may share the memory of `answers`
 * @throws Error for another shape, and for numbers that are no probabilities; NaN stays
 */
export function asProbabilities(caller: string, answers: NdArray<Numbers> | tf.Tensor): NdArray<Numbers> {
  const { shape } = answers;
  if (shape.length < 1 || shape.length > 2) {
    throw new Error(
      `${caller}: got probabilities of shape ${shapeText(shape)}; expected [n, classes], one row for each example, ` +
        'as predict returns them.',
    );
  }
  const values = packedValues(asArray(answers));
  const wrong = (values as Float32Array).findIndex((value) => value < -ROUNDING || value > 1 + ROUNDING);
  if (wrong >= 0) {
    throw new Error(
      `${caller}: got the number ${values[wrong]} for example ${Math.floor(wrong / (shape[1] ?? 1))}; expected ` +
        'probabilities, from 0 to 1. If the last layer of the model has no activation, give it a softmax or a ' +
        'sigmoid, or take tf.softmax of what predict returns.',
    );
  }
  const [count, columns = 1] = shape;
  if (columns !== 1) return arrayOf(values, [count, columns]);
  const both = new Float32Array(count * 2);
  for (let i = 0; i < count; i++) both.set([1 - values[i], values[i]], i * 2);
  return arrayOf(both, [count, 2]);
}

/**
 * The names of the classes of a model.
 *
 * @param caller the function that the learner has called
 * @param classes columns of the probabilities
 * @throws Error if there are not as many names as classes
 */
export function checkClassNames(caller: string, classNames: readonly string[], classes: number): void {
  if (classNames.length === classes) return;
  throw new Error(
    `${caller}: got ${classNames.length} class names and probabilities of ${classes} classes; expected one name for ` +
      'each class, in the order of the labels.',
  );
}
