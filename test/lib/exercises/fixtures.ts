import { tf } from '@course/lib';
import {
  tensor,
  type ChoiceExercise,
  type FunctionExercise,
  type ModelExercise,
  type NumberExercise,
  type TextExercise,
  type TrainedExercise,
} from '@course/lib/exercises';

/** One small exercise of each kind. */

const facts = (id: string, points: number, answer: string) =>
  ({
    id,
    title: `Exercise ${id}`,
    goal: 'You can do it.',
    points,
    difficulty: 'easy',
    minutes: 5,
    section: 'The lesson',
    answer,
    version: 1,
  }) as const;

/** Pixels of 0..255 to 0..1. */
export const scaling: FunctionExercise = {
  ...facts('9.1', 4, 'scale'),
  kind: 'function',
  solution: (pixels: number[]) => pixels.map((pixel) => pixel / 255),
  criteria: [
    { name: 'black and white', points: 1, inputs: () => [[[0, 255]]] },
    {
      name: 'greys',
      points: 2,
      inputs: (random) => [[[51, 102]], [Array.from({ length: 4 }, () => 1 + random.below(255))]],
    },
    {
      name: 'a secret row',
      points: 1,
      hidden: true,
      inputs: (random) => [[Array.from({ length: 3 }, () => random.below(256))]],
    },
  ],
  mistakes: [
    { name: 'divides by 256', answer: (pixels: number[]) => pixels.map((pixel) => pixel / 256), hint: 'White is 255.' },
    { name: 'does nothing', answer: (pixels: number[]) => pixels, hint: 'The pixels are as they were.' },
    {
      name: 'changes the pixels',
      answer: (pixels: number[]) => {
        pixels.forEach((pixel, i) => (pixels[i] = pixel / 255));
        return pixels;
      },
      hint: 'Make a new row.',
    },
    {
      name: 'rounds',
      answer: (pixels: number[]) => pixels.map((pixel) => Math.round(pixel / 255)),
      hint: 'Keep the fractions.',
      earns: 1,
    },
  ],
};

/** The mean of each row of a matrix. */
export const means: FunctionExercise = {
  ...facts('9.2', 3, 'rowMeans'),
  kind: 'function',
  tensors: true,
  tidy: true,
  solution: (matrix: tf.Tensor2D) => matrix.mean(1),
  criteria: [
    { name: 'two rows', points: 2, inputs: () => [[tensor([2, 3], [1, 2, 3, 4, 5, 9])]] },
    { name: 'zeros and ones', points: 1, hidden: true, inputs: () => [[tensor([3, 2], [0, 1, 1, 1, 0, 0])]] },
  ],
  mistakes: [
    {
      name: 'goes down the columns',
      answer: (matrix: tf.Tensor2D) => matrix.mean(0),
      hint: 'Along which axis lies a row?',
    },
    { name: 'sums', answer: (matrix: tf.Tensor2D) => matrix.sum(1), hint: 'How many numbers are in a row?' },
    {
      name: 'leaves a tensor',
      answer: (matrix: tf.Tensor2D) => matrix.sum(1).div(matrix.shape[1]),
      hint: 'Who disposes the sums?',
    },
  ],
};

export const makeNetwork = (units = 16, hidden: string | undefined = 'relu', classes = 10): tf.LayersModel =>
  tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [28, 28, 1] }),
      tf.layers.dense({ units, activation: hidden as 'relu' }),
      tf.layers.dense({ units: classes, activation: 'softmax' }),
    ],
  });

export const network: ModelExercise = {
  ...facts('9.3', 5, 'makeNetwork'),
  kind: 'model',
  solution: () => makeNetwork(),
  requirements: [
    { name: 'takes pictures', points: 1, inputShape: [28, 28, 1], hint: 'What shape has one picture?' },
    { name: 'ten classes', points: 1, outputShape: [null, 10], hint: 'How many classes are there?' },
    { name: 'small', points: 2, parameters: { atMost: 20_000 }, hint: 'Count the weights of the first layer.' },
    {
      name: 'bends',
      points: 1,
      hidden: true,
      layers: { having: { activation: 'relu' }, atLeast: 1 },
      hint: 'Which activation is in the middle?',
    },
  ],
  mistakes: [
    { name: 'nine classes', answer: () => makeNetwork(16, 'relu', 9), fails: 'ten classes', earns: 4 },
    { name: 'too large', answer: () => makeNetwork(64), fails: 'small', earns: 3 },
    { name: 'a straight line', answer: () => makeNetwork(16, 'linear'), fails: 'bends', earns: 4 },
  ],
};

/** Told apart by whether there is anything in the picture. */
export const detector = (weight: number, bias: number): tf.LayersModel => {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, activation: 'sigmoid', inputShape: [4] })] });
  const weights = [tf.tensor2d([weight, weight, weight, weight], [4, 1]), tf.tensor1d([bias])];
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
};

export const trained: TrainedExercise = {
  ...facts('9.4', 4, 'model'),
  kind: 'trained',
  pictures: { dataset: 'mnist', shape: [4], scale: 1 },
  requirements: [
    { name: 'one output', points: 1, outputShape: [null, 1], hint: 'How many outputs does a yes or no need?' },
  ],
  levels: [
    { accuracy: 0.5, points: 1, hint: 'A coin would do as well.' },
    { accuracy: 0.9, points: 2, hint: 'Look at the pictures that it takes for the other class.' },
  ],
  mistakes: [
    { name: 'upside down', answer: () => detector(-1, 0.5), fails: 'accuracy 0.5', earns: 1 },
    { name: 'always yes', answer: () => detector(0, 1), fails: 'accuracy 0.9', earns: 2 },
    { name: 'diverged', answer: () => detector(NaN, 0), fails: 'accuracy 0.5', earns: 1 },
  ],
};

export const parameters: NumberExercise = {
  ...facts('9.5', 2, 'parameters'),
  kind: 'number',
  given: (random) => ({ inputs: 10 + random.below(90), units: 2 + random.below(8) }),
  solution: ({ inputs, units }) => (inputs + 1) * units,
  unit: 'parameters',
  mistakes: [
    { name: 'no bias', answer: ({ inputs, units }) => inputs * units, hint: 'Each unit has a bias.', earns: 1 },
    { name: 'one bias', answer: ({ inputs, units }) => inputs * units + 1, hint: 'How many biases are there?' },
    { name: 'adds', answer: ({ inputs, units }) => inputs + units, hint: 'Each input is joined with each unit.' },
  ],
};

export const share: NumberExercise = {
  ...facts('9.6', 1, 'share'),
  kind: 'number',
  decimals: 2,
  solution: () => 2 / 3,
  unit: 'of the pictures',
  mistakes: [
    { name: 'the others', answer: () => 1 / 3, hint: 'Which ones are asked for?' },
    { name: 'percent', answer: () => 200 / 3, hint: 'As a fraction.' },
    { name: 'upside down', answer: () => 1.5, hint: 'The whole is below the line.' },
  ],
};

export const choice: ChoiceExercise = {
  ...facts('9.7', 2, 'why'),
  kind: 'choice',
  options: 'abcd',
  solution: 'ac',
  mistakes: [
    { name: 'half', answer: 'a', hint: 'There is another one.', earns: 1 },
    { name: 'all', answer: 'abcd', hint: 'Not all of them.' },
    { name: 'the others', answer: 'bd', hint: 'The other way round.' },
  ],
};

export const essay: TextExercise = {
  ...facts('B.8', 3, 'eB-8'), kind: 'text', rubric: [{ points: 3, looksFor: 'says that weights are shared' }],
};

export const all = [scaling, means, network, trained, parameters, share, choice, essay] as const;
