import { tensor, type Exercise } from '@course/lib/exercises';
import { tf } from '@course/lib/tensorflow';
import { drawNumbers, drawTable } from './draw';

/** Weights and a bias for each neuron, layer after layer. */
const parametersOf = (sizes: readonly number[]): number =>
  sizes.slice(1).reduce((sum, neurons, i) => sum + (sizes[i] + 1) * neurons, 0);

/** Multiplications of each layer for one picture. */
const productsOf = (sizes: readonly number[]): number[] => sizes.slice(1).map((neurons, i) => neurons * sizes[i]);

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** As the learner's function returns it. */
interface TrainingMemory {
  weights: number;
  gradients: number;
  adam: number;
  activations: number;
  batch: number;
}

/** The account in bytes, of counts of numbers. */
const inBytes = (counts: TrainingMemory): TrainingMemory => ({
  weights: 4 * counts.weights,
  gradients: 4 * counts.gradients,
  adam: 4 * counts.adam,
  activations: 4 * counts.activations,
  batch: 4 * counts.batch,
});

const memoryCounts = (sizes: readonly number[], batchSize: number): TrainingMemory => ({
  weights: parametersOf(sizes),
  gradients: parametersOf(sizes),
  adam: 2 * parametersOf(sizes),
  activations: batchSize * sumOf(sizes.slice(1)),
  batch: batchSize * sizes[0],
});

/** Where the largest of each row stands; the first of equal ones. */
const largestOf = (rows: readonly (readonly number[])[]): number[] => rows.map((row) => row.indexOf(Math.max(...row)));

const rowsOf = (matrix: tf.Tensor2D): number[][] => matrix.arraySync();

/** Dropout as the task says it, with the steps that are typically done wrong. */
const dropoutWith = (
  keep: (fraction: number, rate: number) => boolean,
  scaled: (value: number, rate: number) => number,
) => (values: number[], fractions: number[], rate: number, training: boolean): number[] =>
  training ? values.map((value, i) => (keep(fractions[i], rate) ? scaled(value, rate) : 0)) : values.slice();

/** Early stopping as the task says it, with the steps that are typically done wrong. */
const earlyStoppingWith = (
  { first = 1, late = 0, reset = true, isBetter = (loss: number, best: number, _before: number) => loss < best } = {},
) => (valLoss: number[], patience: number): { best: number; stopped: number } => {
  let best = 0;
  let waited = 0;
  for (let i = 1; i < valLoss.length; i++) {
    if (isBetter(valLoss[i], valLoss[best], valLoss[i - 1])) {
      best = i;
      if (reset) waited = 0;
    } else {
      waited += 1;
      if (waited === patience + late) return { best: best + first, stopped: i + first };
    }
  }
  return { best: best + first, stopped: valLoss.length - 1 + first };
};

interface Layers {
  pixels?: number[];
  hidden?: [number, number];
  activation?: 'relu' | 'linear';
  output?: 'softmax' | 'sigmoid';
  dropout?: boolean;
}

/** A network of the kind that 2.9 asks for, or one that lacks something. */
const smallNetwork = (
  { pixels = [784], hidden = [64, 32], activation = 'relu', output = 'softmax', dropout = true }: Layers = {},
): tf.LayersModel => {
  const model = tf.sequential();
  model.add(tf.layers.inputLayer({ inputShape: pixels }));
  if (pixels.length > 1) model.add(tf.layers.flatten());
  for (const units of hidden) {
    model.add(tf.layers.dense({ units, activation }));
    if (dropout) model.add(tf.layers.dropout({ rate: 0.2 }));
  }
  model.add(tf.layers.dense({ units: 10, activation: output }));
  return model;
};

export const exercises: Exercise[] = [
  {
    kind: 'number',
    id: '2.1',
    title: 'How wide may it be?',
    goal: 'You can turn the formula of the parameters round and find the layer that a budget allows.',
    points: 2,
    difficulty: 'medium',
    minutes: 10,
    section: 'Summary: what is it made of?',
    answer: 'width',
    version: 1,
    // So few pixels that each mistake moves the answer by one neuron or more.
    given: (random) => ({
      pixels: (8 + random.below(5)) ** 2,
      classes: 5 + random.below(6),
      budget: 60_000 + 500 * random.below(80),
    }),
    solution: ({ pixels, classes, budget }) => {
      let width = 0;
      while (parametersOf([pixels, width + 1, classes]) <= budget) width += 1;
      return width;
    },
    unit: 'neurons',
    mistakes: [
      {
        name: 'rounds up',
        answer: ({ pixels, classes, budget }) => Math.floor((budget - classes) / (pixels + 1 + classes)) + 1,
        hint: 'One neuron too many: count the parameters of your network, and compare them with the budget.',
      },
      {
        name: 'forgets the biases',
        answer: ({ pixels, classes, budget }) => Math.floor(budget / (pixels + classes)),
        hint: 'With so many neurons it is a little over the budget. Each of them has something besides its ' +
          'weights, and so has each neuron that answers.',
      },
      {
        name: 'forgets the layer that answers',
        answer: ({ pixels, budget }) => Math.floor(budget / (pixels + 1)),
        hint: 'The hidden layer alone would use up the whole budget. Each of its neurons is also an input of the ' +
          'layer that answers.',
      },
      {
        name: 'forgets the pixels',
        answer: ({ classes, budget }) => Math.floor((budget - classes) / (1 + classes)),
        hint: 'That is far too wide. How many weights does a single hidden neuron have, with so many pixels?',
      },
    ],
  },
  {
    kind: 'choice',
    id: '2.2',
    title: 'Which pictures for which question?',
    goal: 'You can say what training, validation and test data may be used for.',
    points: 1,
    difficulty: 'easy',
    minutes: 5,
    section: 'Prepare the data',
    answer: 'soundPlans',
    version: 1,
    options: 'abcde',
    solution: 'acd',
    mistakes: [
      {
        name: 'takes stopping by the validation loss for cheating',
        answer: 'ac',
        hint: 'Most of it is right. Look at each plan that you left out: does it use the test pictures before the ' +
          'end? Choosing is what the validation pictures are for.',
      },
      {
        name: 'chooses by the test accuracy',
        answer: 'abcd',
        hint: 'One of these plans chooses by the test pictures. The best of ten numbers is partly luck: the luck ' +
          'of these very pictures.',
      },
      {
        name: 'trusts the training accuracy',
        answer: 'acde',
        hint: 'One of these plans tells others how well the network does on pictures that it has learned from.',
      },
      {
        name: 'knows only that the split is made before',
        answer: 'c',
        hint: 'That one is sound. So are others: which of them look only at validation pictures until all is decided?',
      },
      {
        name: 'takes choosing by the validation accuracy for cheating',
        answer: 'cd',
        hint: 'Both are sound. One more is: may a dropout rate be chosen by the validation pictures, and how often ' +
          'are the test pictures looked at then?',
      },
      {
        name: 'does not look at how the split is made',
        answer: 'ad',
        hint: 'What you have chosen is sound. One more plan is: what does it matter how the validation pictures ' +
          'are picked?',
      },
    ],
  },
  {
    kind: 'function',
    id: '2.3',
    title: 'Begin with Glorot weights',
    goal: 'You can draw the first weights of a layer so that its sums neither grow nor die away.',
    points: 2,
    difficulty: 'medium',
    minutes: 10,
    section: 'How the weights begin',
    answer: 'glorotWeights',
    version: 1,
    solution: (fractions: number[][]) => {
      const bound = Math.sqrt(6 / (fractions.length + fractions[0].length));
      return fractions.map((row) => row.map((fraction) => bound * (2 * fraction - 1)));
    },
    criteria: [
      {
        name: 'between −a and a',
        points: 1,
        inputs: () => [
          [[[0, 0.25, 0.5, 0.75], [0.125, 0.5, 0.875, 0.375]]],
          [[[0, 0.5, 0.75], [0.25, 0.5, 0], [0.875, 0.125, 0.75], [0.5, 0.25, 0.625], [0, 0.375, 0.5]]],
        ],
      },
      {
        name: 'layers of other sizes',
        points: 1,
        hidden: true,
        inputs: (random) => [[1, 1], [7, 2], [3, 9]].map(([rows, columns]) => [
          drawTable(random, rows, columns, 0, 0.9, 2),
        ]),
      },
    ],
    mistakes: [
      {
        name: 'spreads from 0 to a',
        answer: (fractions: number[][]) => {
          const bound = Math.sqrt(6 / (fractions.length + fractions[0].length));
          return fractions.map((row) => row.map((fraction) => bound * fraction));
        },
        hint: 'None of your weights is negative. The fraction 0 belongs to −a, 1 to a: how long is the way ' +
          'between, and where does it begin?',
      },
      {
        name: 'forgets the root',
        answer: (fractions: number[][]) => {
          const bound = 6 / (fractions.length + fractions[0].length);
          return fractions.map((row) => row.map((fraction) => bound * (2 * fraction - 1)));
        },
        hint: 'Right where 6 / (fanIn + fanOut) is 1, wrong elsewhere. Compare your bound with the whole formula.',
      },
      {
        name: 'forgets the brackets of the sum',
        answer: (fractions: number[][]) => {
          const bound = Math.sqrt(6 / fractions.length + fractions[0].length);
          return fractions.map((row) => row.map((fraction) => bound * (2 * fraction - 1)));
        },
        hint: 'Your bound is √(6 / fanIn + fanOut). Division comes before addition: what is 6 divided by?',
      },
      {
        name: 'counts the inputs alone',
        answer: (fractions: number[][]) => {
          const bound = Math.sqrt(6 / fractions.length);
          return fractions.map((row) => row.map((fraction) => bound * (2 * fraction - 1)));
        },
        hint: 'Your bound depends on the number of inputs alone. That is another rule (by He, for ReLU); Glorot ' +
          'and Bengio look at both sides of the layer.',
      },
      {
        name: 'multiplies the two sizes',
        answer: (fractions: number[][]) => {
          const bound = Math.sqrt(6 / (fractions.length * fractions[0].length));
          return fractions.map((row) => row.map((fraction) => bound * (2 * fraction - 1)));
        },
        hint: 'Your bound is too small for a large layer: what stands between fanIn and fanOut in the formula?',
      },
      {
        name: 'spreads over half of the width',
        answer: (fractions: number[][]) => {
          const bound = Math.sqrt(6 / (fractions.length + fractions[0].length));
          return fractions.map((row) => row.map((fraction) => bound * (fraction - 0.5)));
        },
        hint: 'The middle is right, but the weights reach only half as far as they should. How far is it from −a ' +
          'to a?',
      },
    ],
  },
  {
    kind: 'function',
    id: '2.4',
    title: 'Dropout by hand',
    goal: 'You can do what a dropout layer does, in training and in use.',
    points: 3,
    difficulty: 'medium',
    minutes: 15,
    section: 'Build the model',
    answer: 'dropout',
    version: 1,
    solution: dropoutWith((fraction, rate) => fraction >= rate, (value, rate) => value / (1 - rate)),
    criteria: [
      {
        name: 'in training',
        points: 1,
        inputs: () => [
          [[1, 2, 3, 4, 5], [0.1, 0.7, 0.25, 0.3, 0.9], 0.5, true],
          [[4, 8, -4, 2], [0.1, 0.2, 0.9, 0.5], 0.2, true],
        ],
      },
      {
        name: 'when the network is used',
        points: 1,
        inputs: () => [[[1, 2, 3, 4, 5], [0.1, 0.7, 0.25, 0.3, 0.9], 0.5, false]],
      },
      {
        name: 'other layers and rates',
        points: 1,
        hidden: true,
        inputs: (random) => {
          const values = drawNumbers(random, 12, 1, 3);
          const fractions = [...drawNumbers(random, 4, 0, 0.2, 2), ...drawNumbers(random, 8, 0.3, 1, 2)];
          return [
            [values, fractions, 0.25, true],
            [values.map((value) => -value), fractions, 0.75, false],
            [[2.5], [0.1], 0, true],
            [[...drawNumbers(random, 1, 1, 2), 3], [0.05, 0.95], 0.9, true],
          ];
        },
      },
    ],
    mistakes: [
      {
        name: 'does not make the others larger',
        answer: dropoutWith((fraction, rate) => fraction >= rate, (value) => value),
        earns: 1,
        hint: 'The right numbers are dropped. But the next layer now gets smaller sums in training than in use: ' +
          'what has to happen to the numbers that are kept?',
      },
      {
        name: 'makes the others smaller',
        answer: dropoutWith((fraction, rate) => fraction >= rate, (value, rate) => value * (1 - rate)),
        earns: 1,
        hint: 'The numbers that are kept have become smaller. They have to make up for those that are missing.',
      },
      {
        name: 'drops those that should be kept',
        answer: dropoutWith((fraction, rate) => fraction < rate, (value, rate) => value / (1 - rate)),
        earns: 1,
        hint: 'You have kept the numbers that should be dropped. With a rate of 0.2, a fifth of the fractions ' +
          'lies on which side of it?',
      },
      {
        name: 'drops in use as well',
        answer: (values: number[], fractions: number[], rate: number) =>
          values.map((value, i) => (fractions[i] < rate ? 0 : value / (1 - rate))),
        earns: 1,
        hint: 'In training it is right. What does dropout do when the network is used?',
      },
      {
        name: 'leaves the dropped ones out of the list',
        answer: (values: number[], fractions: number[], rate: number, training: boolean) =>
          training ? values.filter((_, i) => fractions[i] >= rate).map((value) => value / (1 - rate)) : values,
        earns: 1,
        hint: 'The list has become shorter. Each number belongs to a neuron; the next layer waits for all of ' +
          'them, so a dropped one is 0.',
      },
      {
        name: 'drops what is equal to the rate',
        answer: dropoutWith((fraction, rate) => fraction > rate, (value, rate) => value / (1 - rate)),
        earns: 2,
        hint: 'Nearly. What happens to a number whose fraction is exactly the rate? Read the sentence in the task ' +
          'again.',
      },
      {
        name: 'changes the list that it was given',
        answer: (values: number[], fractions: number[], rate: number, training: boolean) => {
          if (!training) return values;
          fractions.forEach((fraction, i) => { values[i] = fraction < rate ? 0 : values[i] / (1 - rate); });
          return values;
        },
        earns: 1,
        hint: 'The result is right, but you wrote it into the list `values`, which belongs to somebody else. Make ' +
          'a new list.',
      },
    ],
  },
  {
    kind: 'function',
    id: '2.5',
    title: 'The work of a training step',
    goal: 'You can say how many multiply-adds a network takes before it is trained.',
    points: 3,
    difficulty: 'medium',
    minutes: 10,
    section: 'Summary: what is it made of?',
    answer: 'stepMultiplyAdds',
    version: 1,
    solution: (sizes: number[], batchSize: number) => {
      const [first, ...others] = productsOf(sizes);
      return batchSize * (2 * first + 3 * sumOf(others));
    },
    criteria: [
      { name: 'one picture', points: 1, inputs: () => [[[5, 3, 2], 1], [[10, 20, 5, 2], 1]] },
      { name: 'a batch', points: 1, inputs: () => [[[5, 3, 2], 10]] },
      {
        name: 'other networks',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [[784, 10], 32],
          [[30, 4, 3, 5].map((size) => size + random.below(9)).concat(10), 2 + random.below(63)],
        ],
      },
    ],
    mistakes: [
      {
        name: 'does not spare the first layer',
        answer: (sizes: number[], batchSize: number) => 3 * batchSize * sumOf(productsOf(sizes)),
        hint: 'Three times the forward work, for all layers. One layer is spared a part of it: nobody wants to ' +
          'change the pictures.',
      },
      {
        name: 'spares the last layer instead of the first',
        answer: (sizes: number[], batchSize: number) =>
          batchSize * (3 * sumOf(productsOf(sizes)) - productsOf(sizes)[sizes.length - 2]),
        hint: 'One layer is spared the gradients of what came in, and you have spared one. Is it the layer that ' +
          'gets the pictures?',
      },
      {
        name: 'counts the biases',
        answer: (sizes: number[], batchSize: number) => {
          const [first, ...others] = sizes.slice(1).map((neurons, i) => (sizes[i] + 1) * neurons);
          return batchSize * (2 * first + 3 * sumOf(others));
        },
        hint: 'You have counted the parameters. A bias is added, but it is multiplied with nothing.',
      },
      {
        name: 'goes forward only',
        answer: (sizes: number[], batchSize: number) => batchSize * sumOf(productsOf(sizes)),
        hint: 'That is the way forward. In training the network goes back as well, for the gradients of the ' +
          'weights and of what came in.',
      },
      {
        name: 'goes back only once',
        answer: (sizes: number[], batchSize: number) => 2 * batchSize * sumOf(productsOf(sizes)),
        hint: 'Forward once and back once. On the way back there are two gradients to compute: of the weights, ' +
          'and (but for one layer) of what came in.',
      },
      {
        name: 'forgets the batch',
        answer: (sizes: number[]) => {
          const [first, ...others] = productsOf(sizes);
          return 2 * first + 3 * sumOf(others);
        },
        earns: 1,
        hint: 'Right for one picture. How many pictures are in a step?',
      },
    ],
  },
  {
    kind: 'model',
    id: '2.6',
    title: 'A network on a budget',
    goal: 'You can design a network that keeps within a number of parameters.',
    points: 5,
    difficulty: 'medium',
    minutes: 15,
    section: 'Build the model',
    answer: 'smallNetwork',
    version: 1,
    solution: () => smallNetwork(),
    requirements: [
      {
        name: 'takes a flattened picture of 784 numbers',
        points: 1,
        inputShape: [null, 784],
        hint: 'The first layer says with `inputShape` what one picture looks like: here a list of 784 numbers.',
      },
      {
        name: 'two hidden layers, each with dropout behind it',
        points: 1,
        order: ['Dense', 'Dropout', 'Dense', 'Dropout', 'Dense'],
        hint: 'Look at the network of the lesson: a hidden layer, dropout, a hidden layer, dropout, and then the ' +
          'layer that answers.',
      },
      {
        name: 'ReLU in the hidden layers',
        points: 1,
        layers: { of: ['Dense'], having: { activation: 'relu' }, atLeast: 2 },
        hint: 'Without an activation between them, two dense layers can do no more than one. Give both hidden ' +
          'layers `relu`.',
      },
      {
        name: 'one layer that answers: ten probabilities by softmax',
        points: 1,
        layers: { of: ['Dense'], having: { activation: 'softmax', units: 10 }, atLeast: 1, atMost: 1 },
        hint: 'There are ten classes, and their probabilities shall add up to 1: which activation does that?',
      },
      {
        name: 'at most 60,000 parameters',
        points: 1,
        parameters: { atMost: 60_000 },
        hint: 'Too many parameters. Nearly all of them are in the layer behind the pixels: (784 + 1) for each of ' +
          'its neurons. How many neurons can you afford there?',
      },
    ],
    mistakes: [
      {
        name: 'the network of the lesson',
        answer: () => smallNetwork({ hidden: [256, 128] }),
        fails: 'at most 60,000 parameters',
        earns: 4,
      },
      {
        name: 'no activation in the hidden layers',
        answer: () => smallNetwork({ activation: 'linear' }),
        fails: 'ReLU in the hidden layers',
        earns: 4,
      },
      {
        name: 'sigmoid instead of softmax',
        answer: () => smallNetwork({ output: 'sigmoid' }),
        fails: 'one layer that answers: ten probabilities by softmax',
        earns: 4,
      },
      {
        name: 'takes pictures that are not flattened',
        answer: () => smallNetwork({ pixels: [28, 28] }),
        fails: 'takes a flattened picture of 784 numbers',
        earns: 4,
      },
      {
        name: 'no dropout',
        answer: () => smallNetwork({ dropout: false }),
        fails: 'two hidden layers, each with dropout behind it',
        earns: 4,
      },
    ],
  },
  {
    kind: 'function',
    id: '2.7',
    title: 'Accuracy from predictions',
    goal: 'You can measure the accuracy of a network from what it answers, and leave no tensors behind.',
    points: 3,
    difficulty: 'medium',
    minutes: 15,
    section: 'Evaluate',
    answer: 'accuracy',
    version: 1,
    tensors: true,
    tidy: true,
    solution: (predictions: tf.Tensor2D, labels: tf.Tensor2D) => {
      const [said, is] = [largestOf(rowsOf(predictions)), largestOf(rowsOf(labels))];
      return said.filter((answer, i) => answer === is[i]).length / said.length;
    },
    criteria: [
      {
        name: 'five pictures, three classes',
        points: 2,
        inputs: () => [[
          tensor([5, 3], [0.1, 0.7, 0.2, 0.4, 0.3, 0.3, 0.2, 0.2, 0.6, 0.3, 0.4, 0.3, 0.3, 0.3, 0.4]),
          tensor([5, 3], [0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1]),
        ]],
      },
      {
        name: 'other numbers of pictures and classes',
        points: 1,
        hidden: true,
        inputs: (random) => {
          // Of each five pictures two are right.
          const [count, classes] = [15, 6];
          const predictions: number[] = [];
          const labels: number[] = [];
          for (let i = 0; i < count; i++) {
            const answer = random.below(classes);
            const label = i % 5 < 2 ? answer : (answer + 1 + random.below(classes - 1)) % classes;
            const rest = Array.from({ length: classes }, () => random.between(0.02, 0.1));
            rest[answer] = random.between(0.2, 0.6);
            const whole = sumOf(rest);
            predictions.push(...rest.map((value) => value / whole));
            labels.push(...rest.map((_, j) => Number(j === label)));
          }
          return [
            [tensor([count, classes], predictions), tensor([count, classes], labels)],
            [tensor([1, 2], [0.45, 0.55]), tensor([1, 2], [0, 1])],
          ];
        },
      },
    ],
    mistakes: [
      {
        name: 'looks for the largest of each column',
        answer: (predictions: tf.Tensor2D, labels: tf.Tensor2D) => tf.tidy(() =>
          predictions.argMax(0).equal(labels.argMax(0)).mean().dataSync()[0]),
        hint: 'You have looked for the largest number of each column: for each class the picture. Which axis goes ' +
          'along the classes of one picture?',
      },
      {
        name: 'leaves tensors behind',
        answer: (predictions: tf.Tensor2D, labels: tf.Tensor2D) =>
          predictions.argMax(1).equal(labels.argMax(1)).mean().dataSync()[0],
        hint: 'The accuracy is right, but the tensors on the way to it stay in memory. Which function of ' +
          'TensorFlow.js disposes all that is made within it?',
      },
      {
        name: 'counts instead of a fraction',
        answer: (predictions: tf.Tensor2D, labels: tf.Tensor2D) => tf.tidy(() =>
          predictions.argMax(1).equal(labels.argMax(1)).sum().dataSync()[0]),
        hint: 'That is how many are right. The accuracy is the part of all pictures that are right: from 0 to 1.',
      },
      {
        name: 'compares each number instead of each picture',
        answer: (predictions: tf.Tensor2D, labels: tf.Tensor2D) => tf.tidy(() =>
          predictions.round().equal(labels).mean().dataSync()[0]),
        hint: 'You have compared all numbers of the two tables. A picture is right or wrong as a whole: what is ' +
          'its predicted class?',
      },
      {
        name: 'returns a tensor',
        answer: (predictions: tf.Tensor2D, labels: tf.Tensor2D) => tf.tidy(() =>
          predictions.argMax(1).equal(labels.argMax(1)).mean()),
        hint: 'A tensor came back where a number is asked for. How did the lesson read the numbers of a tensor?',
      },
      {
        name: 'how many are wrong',
        answer: (predictions: tf.Tensor2D, labels: tf.Tensor2D) => tf.tidy(() =>
          predictions.argMax(1).notEqual(labels.argMax(1)).mean().dataSync()[0]),
        hint: 'This is the part of the pictures that are read wrongly.',
      },
    ],
  },
  {
    kind: 'function',
    id: '2.8',
    title: 'When to stop',
    goal: 'You can decide by the validation loss when a training should end.',
    points: 3,
    difficulty: 'hard',
    minutes: 20,
    section: 'Evaluate',
    answer: 'earlyStopping',
    version: 1,
    solution: (valLoss: number[], patience: number) => {
      const bestOf = (epochs: number): number => valLoss.indexOf(Math.min(...valLoss.slice(0, epochs))) + 1;
      const stopped = valLoss.findIndex((_, i) => i + 1 - bestOf(i + 1) >= patience) + 1 || valLoss.length;
      return { best: bestOf(stopped), stopped };
    },
    criteria: [
      {
        name: 'when it stops',
        points: 1,
        inputs: () => [
          [[0.9, 0.7, 0.6, 0.65, 0.62, 0.5], 2],
          [[0.8, 0.6, 0.7, 0.65, 0.64, 0.63], 3],
          [[0.5, 0.5, 0.5, 0.4], 2],
        ],
      },
      {
        name: 'when it goes on to the last epoch',
        points: 1,
        inputs: () => [[[0.9, 0.95, 0.7, 0.75, 0.6, 0.61], 2], [[0.5], 1]],
      },
      {
        name: 'other histories',
        points: 1,
        hidden: true,
        inputs: (random) => {
          const [low] = drawNumbers(random, 1, 0.3, 0.4, 2);
          const up = (by: number): number => Number((low + by * random.between(0.9, 1)).toFixed(3));
          return [
            // A step up between two down, then four that are no better, one of them equal; the best comes too late.
            [[up(0.8), up(0.5), up(0.6), low, low, up(0.3), up(0.1), up(0.2), low / 2], 4],
            [[up(0.8), up(0.5), up(0.6), low, up(0.3), up(0.1), up(0.2), low / 2], 3],
            [[low, up(0.1), up(0.05), up(0.02)], 1],
          ];
        },
      },
    ],
    mistakes: [
      {
        name: 'counts epochs from 0',
        answer: earlyStoppingWith({ first: 0 }),
        hint: 'Both numbers are one too small. A list counts from 0; how does the task count epochs?',
      },
      {
        name: 'knows the future',
        answer: (valLoss: number[], patience: number) => {
          const best = valLoss.indexOf(Math.min(...valLoss)) + 1;
          return { best, stopped: Math.min(best + patience, valLoss.length) };
        },
        earns: 1,
        hint: 'You have looked for the best epoch of the whole list. While the network trains, later epochs are ' +
          'not there yet: go through the list one by one, and end the loop when it has to stop.',
      },
      {
        name: 'compares with the epoch before',
        answer: earlyStoppingWith({ isBetter: (loss, _best, before) => loss < before }),
        earns: 1,
        hint: 'After a bad epoch, one that is a little less bad is no improvement yet. With what has the loss to ' +
          'be compared?',
      },
      {
        name: 'takes an equal loss for a better one',
        answer: earlyStoppingWith({ isBetter: (loss, best) => loss <= best }),
        earns: 1,
        hint: 'What if a loss is exactly as large as the best one? That is not better.',
      },
      {
        name: 'does not begin to count anew',
        answer: earlyStoppingWith({ reset: false }),
        earns: 1,
        hint: 'It loses patience too early: epochs without an improvement count only while they follow each ' +
          'other. What has to happen to your counter when a better epoch comes?',
      },
      {
        name: 'stops one epoch too late',
        answer: earlyStoppingWith({ late: 1 }),
        earns: 1,
        hint: 'It stops one epoch too late. With a patience of 2, the second epoch in a row without an ' +
          'improvement is the last.',
      },
    ],
  },
  {
    kind: 'function',
    id: '2.9',
    title: 'The memory of a training step',
    goal: 'You can say how many bytes a training keeps in memory, and for what.',
    points: 3,
    difficulty: 'medium',
    minutes: 15,
    section: 'How much memory does it take?',
    answer: 'trainingMemory',
    version: 1,
    solution: (sizes: number[], batchSize: number) => inBytes(memoryCounts(sizes, batchSize)),
    criteria: [
      { name: 'a small network', points: 2, inputs: () => [[[4, 3, 2], 5]] },
      {
        name: 'other networks',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [[784, 20 + random.below(80), 10 + random.below(10), 10], 16 + random.below(100)],
          [[6 + random.below(5), 4], 3],
        ],
      },
    ],
    mistakes: [
      {
        name: 'counts numbers, not bytes',
        answer: (sizes: number[], batchSize: number) => memoryCounts(sizes, batchSize),
        hint: 'These are numbers, not bytes. How many bytes does a float32 number take?',
      },
      {
        name: 'counts what is between two layers twice',
        answer: (sizes: number[], batchSize: number) => inBytes({
          ...memoryCounts(sizes, batchSize),
          activations: batchSize * sumOf(sizes.slice(1).map((neurons, i) => neurons + sizes[i])),
        }),
        hint: 'Look at the activations: you have counted what goes into each layer and what comes out. What comes ' +
          'out of one layer is what goes into the next: the same array.',
      },
      {
        name: 'one number a weight for Adam',
        answer: (sizes: number[], batchSize: number) =>
          inBytes({ ...memoryCounts(sizes, batchSize), adam: parametersOf(sizes) }),
        hint: 'Look at Adam: it remembers a mean of the gradients, and something else.',
      },
      {
        name: 'forgets the biases',
        answer: (sizes: number[], batchSize: number) => {
          const weights = sumOf(productsOf(sizes));
          return inBytes({ ...memoryCounts(sizes, batchSize), weights, gradients: weights, adam: 2 * weights });
        },
        hint: 'Activations and batch are right. A bias is a weight too, with a gradient and with a memory in Adam.',
      },
      {
        name: 'the batch as it is stored',
        answer: (sizes: number[], batchSize: number) =>
          ({ ...inBytes(memoryCounts(sizes, batchSize)), batch: batchSize * sizes[0] }),
        hint: 'Look at the batch: one byte a pixel is how pictures are stored. How are they fed to the network?',
      },
      {
        name: 'activations of one picture',
        answer: (sizes: number[], batchSize: number) =>
          inBytes({ ...memoryCounts(sizes, batchSize), activations: sumOf(sizes.slice(1)) }),
        hint: 'Look at the activations: for the way back, those of all pictures of the batch are needed.',
      },
    ],
  },
  {
    kind: 'trained',
    id: '2.10',
    title: 'Train a network that reads clothes',
    goal: 'You can train a dense network of your own design to an accuracy that you were asked for.',
    points: 5,
    difficulty: 'hard',
    minutes: 20,
    section: 'Train',
    answer: 'clothes',
    version: 1,
    pictures: { dataset: 'fashion-mnist', shape: [784], scale: 1 / 255 },
    requirements: [
      {
        name: 'at most 110,000 parameters',
        points: 1,
        parameters: { atMost: 110_000 },
        hint: 'Your network is larger than it may be. Nearly all parameters are in the first layer: how many ' +
          'neurons can it have?',
      },
    ],
    levels: [
      {
        accuracy: 0.84,
        points: 2,
        hint: 'Is it compiled and trained, on normalised pixels, before this cell is checked? What do the curves ' +
          'of the training say: is the loss still falling?',
      },
      {
        accuracy: 0.87,
        points: 2,
        hint: 'Close. Look at the two loss curves. Both still falling: more epochs. Far apart: more dropout, or ' +
          'fewer epochs. Both high and flat: more neurons.',
      },
    ],
    mistakes: [
      { name: 'not trained', answer: () => smallNetwork(), fails: 'accuracy 0.84', earns: 1 },
      {
        name: 'the network of the lesson',
        answer: () => smallNetwork({ hidden: [256, 128] }),
        fails: 'at most 110,000 parameters',
      },
      {
        name: 'spends the rest on the second layer',
        answer: () => smallNetwork({ hidden: [128, 128] }),
        fails: 'at most 110,000 parameters',
      },
    ],
  },
  {
    kind: 'text',
    id: '2.11',
    title: 'Check a bill',
    goal: 'You can find what is wrong in a count of the memory that a training takes.',
    points: 3,
    difficulty: 'medium',
    minutes: 15,
    section: 'How much memory does it take?',
    answer: 'e2-11',
    version: 1,
    rubric: [
      {
        points: 1,
        looksFor: 'Lines 1 and 2: the biases are missing (669,706 parameters), a float32 number takes 4 bytes ' +
          '(2,678,824), there is a gradient for each parameter (as many bytes again), and Adam keeps two numbers ' +
          'for each (5,357,648). Three of these four.',
      },
      {
        points: 1,
        looksFor: 'Line 3: the activations of the whole batch are kept, 256 times as much (1,058,816 bytes). Line ' +
          '4: 47 MB is true as stored (one byte a pixel); as float32 it is four times that, 188 MB; of a batch ' +
          '0.8 MB.',
      },
      {
        points: 1,
        looksFor: 'Line 5: the weights between the two hidden layers become four times as many, those of the ' +
          'first layer twice; the activations double; the pictures stay as they are.',
      },
    ],
  },
];
