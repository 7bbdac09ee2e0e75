import { CannotCompile } from './cannot-compile';
import type { Tape } from './tape';
import type { Value } from './values';

/**
 * @param target float32, of the shape of the prediction; for the sparse loss int32 class numbers
 * @param prediction `[batch, outputs]`
 * @returns what each example costs, `[batch]`
 */
type Loss = (t: Tape, target: Value, prediction: Value) => Value;

/** tfjs keeps probabilities this far away from 0 and 1, where their logarithm has no end. */
const EPSILON = 1e-7;

/** Within the limits; the gradient passes there alone. */
function clip(t: Tape, x: Value): Value {
  const [low, high] = [t.number(EPSILON), t.number(1 - EPSILON)];
  const within = t.indicator(t.and(t.atLeast(x, low), t.atMost(x, high)));
  return t.record(t.minimum(t.maximum(x, low), high), [[x, (gradient) => t.multiply(gradient, within)]]);
}

/** A cost of each example, spread over its outputs. */
const spread = (t: Tape, gradient: Value): Value => t.reshape(gradient, [-1, 1]);

/** Each row divided by its sum. */
function toShares(t: Tape, x: Value): Value {
  const sums = t.sum(x, [1], true);
  const shares = t.divide(x, sums);
  return t.record(shares, [
    [
      x,
      (gradient) => {
        const common = t.sum(t.multiply(gradient, shares), [1], true);
        return t.divide(t.subtract(gradient, common), sums);
      },
    ],
  ]);
}

/** Minus the logarithm of the probability that was given to the right class. */
const categoricalCrossentropy: Loss = (t, target, prediction) => {
  if (prediction.logits) return crossentropyOfSoftmax(t, target, prediction, prediction.logits);
  const p = clip(t, toShares(t, prediction));
  const cost = t.map('Neg', t.sum(t.multiply(target, t.map('Log', p)), [1]));
  return t.record(cost, [[p, (gradient) => t.multiply(t.map('Neg', t.divide(target, p)), spread(t, gradient))]]);
};

/**
 * Behind a softmax the gradient goes back to its inputs at once: `p * sum(y) - y`, with the y alone whose p is not
 * clipped. (It is clipped above too, by tfjs; there it is 0 in any case, but for rounding.)
 */
function crossentropyOfSoftmax(t: Tape, target: Value, p: Value, logits: Value): Value {
  const low = t.number(EPSILON);
  const cost = t.map('Neg', t.sum(t.multiply(target, t.map('Log', t.maximum(p, low))), [1]));
  return t.record(cost, [
    [
      logits,
      (gradient) => {
        const counted = t.multiply(target, t.indicator(t.atLeast(p, low)));
        const slope = t.subtract(t.multiply(p, t.sum(counted, [1], true)), counted);
        return t.multiply(slope, spread(t, gradient));
      },
    ],
  ]);
}

/** The mean over the outputs of `-(y log p + (1 - y) log(1 - p))`. */
const binaryCrossentropy: Loss = (t, target, prediction) => {
  const p = clip(t, prediction);
  const [q, other] = [t.subtract(t.number(1), p), t.subtract(t.number(1), target)];
  const logarithms = t.add(t.multiply(target, t.map('Log', p)), t.multiply(other, t.map('Log', q)));
  const share = t.number(1 / prediction.shape[1]);
  return t.record(t.map('Neg', t.mean(logarithms, [1])), [
    [
      p,
      (gradient) => {
        const slope = t.divide(t.subtract(p, target), t.multiply(p, q));
        return t.multiply(t.multiply(slope, share), spread(t, gradient));
      },
    ],
  ]);
};

const meanSquaredError: Loss = (t, target, prediction) => {
  const difference = t.subtract(prediction, target);
  const factor = t.number(2 / prediction.shape[1]);
  return t.record(t.mean(t.map('Square', difference), [1]), [
    [prediction, (gradient) => t.multiply(t.multiply(difference, factor), spread(t, gradient))],
  ]);
};

/** Losses by the names that tfjs gives them. */
export const losses: Readonly<Record<string, Loss>> = {
  categoricalCrossentropy,
  sparseCategoricalCrossentropy: (t, target, prediction) =>
    categoricalCrossentropy(
      t,
      t.oneHot(target, prediction.shape[1]),
      prediction.logits ? prediction : clip(t, prediction),
    ),
  binaryCrossentropy,
  meanSquaredError,
};

/** Whether the targets are class numbers rather than a row for each example. */
export const isSparse = (loss: unknown): boolean => loss === 'sparseCategoricalCrossentropy';

/** @throws CannotCompile if there is none of this name */
export function lossFor(name: unknown): Loss {
  if (typeof name === 'string' && Object.hasOwn(losses, name)) return losses[name];
  throw new CannotCompile(typeof name === 'string' ? `the loss ${name}` : 'a loss function of your own');
}

/** Whether each example is right (1) or wrong (0), `[batch]`; for several yes-or-no outputs the part that is right. */
export function accuracy(t: Tape, loss: unknown, target: Value, prediction: Value): Value {
  if (loss === 'binaryCrossentropy' || prediction.shape[1] === 1) {
    const answers = t.indicator(t.greater(prediction, t.number(0.5)));
    return t.mean(t.indicator(t.equal(answers, target)), [1]);
  }
  const truth = isSparse(loss) ? target : t.argMax(target);
  return t.indicator(t.equal(t.argMax(prediction), truth));
}
