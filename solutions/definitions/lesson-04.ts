import { tensor, type Exercise, type Random } from '@course/lib/exercises';
import { tf } from '@course/lib/tensorflow';
import { drawNumbers, drawTable, drawWholes } from './draw';

type Table = number[][];
/** Rows, columns, channels. */
type Volume = number[][][];

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
const mean = (numbers: readonly number[]): number => total(numbers) / numbers.length;

const drawVolume = (random: Random, rows: number, columns: number, channels: number, below: number): Volume =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => drawWholes(random, channels, below)));

// 4.1

type Shrink = (picture: Table, height: number, width: number) => Table;
const shrinking = (slip?: 'corner' | 'sum' | 'exchanged' | 'cut'): Shrink => (picture, height, width) => {
  let [down, right] = [picture.length / height, picture[0].length / width];
  if (slip === 'exchanged') [down, right] = [right, down];
  return Array.from({ length: height }, (_, row) => Array.from({ length: width }, (__, column) => {
    const block = picture.slice(row * down, (row + 1) * down)
      .flatMap((numbers) => numbers.slice(column * right, (column + 1) * right));
    if (slip === 'corner') return block[0];
    if (slip === 'sum') return total(block);
    return slip === 'cut' ? Math.floor(mean(block)) : mean(block);
  }));
};

const shrink: Exercise = {
  id: '4.1',
  kind: 'function',
  title: 'Make a picture smaller',
  goal: 'You can say what becomes of the pixels when a photograph is made smaller.',
  points: 2,
  difficulty: 'easy',
  minutes: 12,
  section: 'Data',
  answer: 'shrink',
  version: 1,
  solution: shrinking(),
  criteria: [
    {
      name: 'the mean of each block',
      points: 1,
      inputs: () => [
        [[[10, 20, 100, 120], [30, 40, 140, 160], [0, 0, 8, 8], [4, 4, 8, 9]], 2, 2],
        [[[1, 2, 3, 10, 20, 30], [5, 6, 7, 50, 60, 74]], 1, 2],
        [[[8, 16, 24], [10, 20, 33], [0, 4, 8], [2, 7, 10]], 2, 3],
      ],
    },
    {
      name: 'other sizes',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [[[7, 200, 3, 40, 9, 61], ...drawTable(random, 3, 6, 0, 255, 0)], 2, 2],
        [[...drawTable(random, 5, 4, 0, 255, 0), [0, 9, 255, 30]], 2, 4],
        [[[1, 2, 4, ...drawWholes(random, 2, 50)]], 1, 1],
      ],
    },
  ],
  mistakes: [
    {
      name: 'takes the corner of each block',
      answer: shrinking('corner'),
      hint:
        'You keep one pixel of each block and forget the others. A thin whisker would be lost, or become thick: ' +
        'what represents all pixels of a block?',
    },
    {
      name: 'adds up without dividing',
      answer: shrinking('sum'),
      hint: 'Your pixels are too bright. A block in which all pixels are 8 should become one pixel of 8.',
    },
    {
      name: 'exchanges height and width of a block',
      answer: shrinking('exchanged'),
      hint:
        'Where both sides shrink alike it is right. How many rows does a block have, and which of the two sizes ' +
        'tells you?',
    },
    {
      name: 'cuts the digits off',
      answer: shrinking('cut'),
      hint: 'The means are whole numbers here, rounded down. The task asks for the mean as it is.',
    },
  ],
};

// 4.2

const mirror: Exercise = {
  id: '4.2',
  kind: 'function',
  title: 'Mirror a batch',
  goal: 'You can tell the four axes of a batch of colour pictures apart.',
  points: 2,
  difficulty: 'easy',
  minutes: 6,
  section: '1 · Augmentation',
  answer: 'mirror',
  version: 1,
  tensors: true,
  // The columns, fetched from the last to the first.
  solution: (pictures: tf.Tensor4D) => tf.tidy(() => {
    const width = pictures.shape[2];
    const order = tf.range(width - 1, -1, -1, 'int32');
    return tf.gather(pictures, order as tf.Tensor1D, 2);
  }),
  criteria: [
    {
      name: 'left and right exchanged',
      points: 1,
      inputs: () => [
        [tensor([1, 2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])],
        [tensor([2, 1, 3, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])],
      ],
    },
    {
      name: 'other batches',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [tensor([3, 2, 4, 3], drawNumbers(random, 72, 0, 1, 2))],
        [tensor([2, 3, 2, 3], drawNumbers(random, 36, 0, 1, 2))],
      ],
    },
  ],
  mistakes: [
    {
      name: 'gives them back as they are',
      answer: (pictures: tf.Tensor4D) => pictures.clone(),
      hint: 'The pictures are as they were. Which of their four axes goes from left to right?',
    },
    {
      name: 'turns them upside down',
      answer: (pictures: tf.Tensor4D) => pictures.reverse(1),
      hint: 'Axis 1 goes through the rows, so the cats stand on their heads. Which axis goes from left to right?',
    },
    {
      name: 'exchanges the colours',
      answer: (pictures: tf.Tensor4D) => pictures.reverse(3),
      hint: 'Red and blue are exchanged: axis 3 goes through the channels. Which axis goes from left to right?',
    },
    {
      name: 'puts the last picture first',
      answer: (pictures: tf.Tensor4D) => pictures.reverse(0),
      hint: 'Axis 0 goes through the pictures of the batch: yours are in another order, each as it was.',
    },
    {
      name: 'turns them round',
      answer: (pictures: tf.Tensor4D) => pictures.reverse([1, 2]),
      hint: 'Two axes are reversed. What does a mirror beside the picture leave as it is?',
    },
    {
      name: 'exchanges rows and columns',
      answer: (pictures: tf.Tensor4D) => pictures.transpose([0, 2, 1, 3]),
      hint: 'Rows have become columns: this is a picture that lies on its side. The shape should stay the same.',
    },
  ],
};

// 4.3

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

type Crossentropy = (sums: Table, labels: Table) => number;
const crossentropy = (
  probability: (row: number[], i: number) => number, loss: (given: number, label: number) => number,
): Crossentropy =>
  (sums, labels) => mean(sums.flatMap((row, n) => row.map((_, i) => loss(probability(row, i), labels[n][i]))));
const one = (row: number[], i: number): number => sigmoid(row[i]);
const surprise = (given: number, label: number): number => -Math.log(label === 1 ? given : 1 - given);

const binaryCrossentropy: Exercise = {
  id: '4.3',
  kind: 'function',
  title: 'Two yes-or-no questions',
  goal: 'You can compute sigmoid and binary crossentropy by hand.',
  points: 3,
  difficulty: 'medium',
  minutes: 15,
  section: 'The plain network',
  answer: 'binaryCrossentropy',
  version: 1,
  // -ln sigmoid(x) = ln(1 + e^-x), and -ln(1 - sigmoid(x)) is x more.
  solution: (sums: Table, labels: Table): number => mean(sums.flatMap((row, n) =>
    row.map((x, i) => Math.log1p(Math.exp(-x)) + (1 - labels[n][i]) * x))),
  criteria: [
    { name: 'one picture', points: 1, inputs: () => [[[[2, -1]], [[1, 0]]], [[[0.5, 1.5]], [[1, 0]]]] },
    { name: 'several pictures', points: 1, inputs: () => [[[[2, -1], [0, 3], [-1, -2]], [[1, 0], [0, 1], [1, 0]]]] },
    {
      name: 'other pictures',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [drawTable(random, 5, 2, -3, 3), [[1, 0], [0, 1], [0, 1], [1, 0], [1, 0]]],
        [[[1, -2, 0.5], ...drawTable(random, 2, 3, -2, 2)], [[1, 0, 1], [0, 0, 1], [1, 1, 1]]],
      ],
    },
  ],
  mistakes: [
    {
      name: 'looks at the ones only',
      answer: crossentropy(one, (given, label) => (label === 1 ? -Math.log(given) : 0)),
      hint:
        'The loss is too small: for a cat, "a dog?" is a question too, and its right answer is no. What was given ' +
        'to *no*?',
    },
    {
      name: 'uses softmax',
      answer: crossentropy((row, i) => Math.exp(row[i]) / total(row.map(Math.exp)), surprise),
      hint: 'Your probabilities of a picture add up to 1. With sigmoid, each question is answered for itself.',
    },
    {
      name: 'divides by the pictures only',
      answer: (sums: Table, labels: Table) => crossentropy(one, surprise)(sums, labels) * sums[0].length,
      hint: 'It is as many times too large as there are questions. Over how many numbers is the mean taken?',
    },
    {
      name: 'forgets the minus',
      answer: crossentropy(one, (given, label) => -surprise(given, label)),
      hint: 'The logarithm of a probability is negative, and a loss is not. Look at the sign.',
    },
    {
      name: 'takes another logarithm',
      answer: crossentropy(one, (given, label) => surprise(given, label) / Math.LN10),
      hint:
        'All losses are too small by the same factor: which logarithm does the loss use, and which one does ' +
        '`Math.log10` compute?',
    },
    {
      name: 'takes the squared difference',
      answer: crossentropy(one, (given, label) => (given - label) ** 2),
      hint: 'This is the mean squared error. Crossentropy asks for −ln of what was given to the truth.',
    },
  ],
};

// 4.4

type WeightOf = (kernel: Volume, i: number, j: number, channel: number) => number;
const inColour = (weightOf: WeightOf) => (image: Volume, kernel: Volume): Table => {
  const [height, width] = [image.length - kernel.length + 1, image[0].length - kernel[0].length + 1];
  return Array.from({ length: height }, (_, row) => Array.from({ length: width }, (__, column) =>
    total(kernel.flatMap((line, i) => line.flatMap((numbers, j) => numbers.map((___, channel) =>
      weightOf(kernel, i, j, channel) * image[row + i][column + j][channel]))))));
};
const right = inColour((kernel, i, j, channel) => kernel[i][j][channel]);

const colourConvolution: Exercise = {
  id: '4.4',
  kind: 'function',
  title: 'A convolution in colour',
  goal: 'You can say why a kernel on a colour picture makes one feature map, and compute it.',
  points: 2,
  difficulty: 'medium',
  minutes: 15,
  section: 'A convolution, now in colour',
  answer: 'colourConvolution',
  version: 1,
  // Channel by channel, then the maps on top of each other.
  solution: (image: Volume, kernel: Volume): Table => {
    const maps = [0, 1, 2].map((channel) => {
      const only = (volume: Volume): Volume => volume.map((row) => row.map((numbers) => [numbers[channel]]));
      return right(only(image), only(kernel));
    });
    return maps[0].map((row, y) => row.map((number, x) => number + maps[1][y][x] + maps[2][y][x]));
  },
  criteria: [
    {
      name: 'one map from three channels',
      points: 1,
      inputs: () => [
        [[[[1, 2, 3], [4, 0, 1]], [[2, 1, 0], [0, 3, 5]]], [[[1, 0, -1], [2, 1, 0]], [[0, 1, 3], [1, -1, 2]]]],
        [[[[1, 2, 3], [4, 0, 1], [2, 2, 1]], [[2, 1, 0], [0, 3, 5], [1, 0, 4]]], [[[1, 2, -1], [0, 1, 1]]]],
      ],
    },
    {
      name: 'other pictures and kernels',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [drawVolume(random, 4, 5, 3, 10), [[[1, -2, 3], [0, 1, 1 + random.below(4)]], [[2, 0, -1], [-3, 1, 5]]]],
        [drawVolume(random, 5, 3, 3, 10), [[[2, 1, 0], [1, -1, 4 + random.below(4)], [0, 3, 1]]]],
        [[[[5, 7, 1 + random.below(4)]]], [[[2, -1, 6]]]],
      ],
    },
  ],
  mistakes: [
    {
      name: 'makes three maps',
      answer: (image: Volume, kernel: Volume) => {
        const maps = [0, 1, 2].map((channel) =>
          inColour((each, i, j, k) => (k === channel ? each[i][j][k] : 0))(image, kernel));
        return maps[0].map((row, y) => row.map((_, x) => maps.map((map) => map[y][x])));
      },
      hint:
        'You have three numbers at each place, one for each channel. A kernel of all three channels is *one* ' +
        'filter: what becomes of the three?',
    },
    {
      name: 'takes the mean of the channels',
      answer: inColour((kernel, i, j, channel) => kernel[i][j][channel] / 3),
      hint:
        'All numbers are a third of what they should be. Are the products of the three channels averaged, or added ' +
        'up?',
    },
    {
      name: 'looks at red only',
      answer: inColour((kernel, i, j, channel) => (channel === 0 ? kernel[i][j][0] : 0)),
      hint: 'Only the red channel counts. Which loop is missing?',
    },
    {
      name: 'uses the weights of red for all channels',
      answer: inColour((kernel, i, j) => kernel[i][j][0]),
      hint: 'Green and blue have weights of their own: the kernel has three numbers at each place.',
    },
    {
      name: 'goes through the channels backwards',
      answer: inColour((kernel, i, j, channel) => kernel[i][j][2 - channel]),
      hint:
        'Red meets the weights of blue. Some programs keep pictures as blue, green, red; ours begin with red, and ' +
        'so does the kernel.',
    },
  ],
};

// 4.5

interface Normalisation {
  gamma: number;
  beta: number;
  mean: number;
  variance: number;
}
interface Normalised {
  outputs: number[];
  mean: number;
  variance: number;
}

type NormalisingSlip = 'one less' | 'moves too far' | 'batch in use' | 'moves in use' | 'no root' | 'no gamma and beta';
const normalising = (slip?: NormalisingSlip) =>
  (values: number[], layer: Normalisation, training: boolean): Normalised => {
    const center = mean(values);
    const count = values.length - (slip === 'one less' ? 1 : 0);
    const spread = total(values.map((value) => (value - center) ** 2)) / count;
    const byBatch = training || slip === 'batch in use';
    const [usedMean, usedVariance] = byBatch ? [center, spread] : [layer.mean, layer.variance];
    const [gamma, beta] = slip === 'no gamma and beta' ? [1, 0] : [layer.gamma, layer.beta];
    const divisor = slip === 'no root' ? usedVariance + 0.001 : Math.sqrt(usedVariance + 0.001);
    const outputs = values.map((value) => beta + (gamma * (value - usedMean)) / divisor);
    if (!training && slip !== 'moves in use') return { outputs, mean: layer.mean, variance: layer.variance };
    const part = slip === 'moves too far' ? 0.9 : 0.1;
    const moved = (old: number, batch: number): number => old + part * (batch - old);
    return { outputs, mean: moved(layer.mean, center), variance: moved(layer.variance, spread) };
  };

const batchNormalise: Exercise = {
  id: '4.5',
  kind: 'function',
  title: 'Batch normalisation by hand',
  goal: 'You can say what batch normalisation does in training, and what it does when the network is used.',
  points: 3,
  difficulty: 'hard',
  minutes: 20,
  section: '3 · Batch normalisation, 4 · dropout, 5 · a schedule',
  answer: 'batchNormalise',
  version: 1,
  // With the mean of the squares, less the square of the mean.
  solution: (values: number[], layer: Normalisation, training: boolean): Normalised => {
    const center = mean(values);
    const batch = { mean: center, variance: mean(values.map((value) => value * value)) - center * center };
    const used = training ? batch : layer;
    const factor = layer.gamma / Math.sqrt(used.variance + 0.001);
    return {
      outputs: values.map((value) => factor * value + layer.beta - factor * used.mean),
      mean: training ? 0.9 * layer.mean + 0.1 * batch.mean : layer.mean,
      variance: training ? 0.9 * layer.variance + 0.1 * batch.variance : layer.variance,
    };
  },
  criteria: [
    {
      name: 'in training',
      points: 1,
      inputs: () => [
        [[1, 3, 5, 7], { gamma: 2, beta: 0.5, mean: 0, variance: 1 }, true],
        [[-2, 4], { gamma: 1.5, beta: -1, mean: 2, variance: 3 }, true],
      ],
    },
    {
      name: 'in use',
      points: 1,
      inputs: () => [
        [[1, 3, 5, 7], { gamma: 2, beta: 0.5, mean: 1, variance: 4 }, false],
        [[6], { gamma: 1.5, beta: -1, mean: 2, variance: 3 }, false],
      ],
    },
    {
      name: 'other batches',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [[-4, ...drawNumbers(random, 4, -3, 9), 12], { gamma: 3, beta: 1, mean: -15, variance: 2 }, true],
        [[-4, ...drawNumbers(random, 4, -3, 9), 12], { gamma: 0.5, beta: -2, mean: -12, variance: 3 }, false],
        [[5, 5, 5], { gamma: 2, beta: 1 + random.below(4), mean: 1, variance: 6 }, true],
      ],
    },
  ],
  mistakes: [
    {
      name: 'divides by one less',
      answer: normalising('one less'),
      hint:
        'The variance is a little too large. The task takes the mean of the squared deviations: by how many is ' +
        'divided?',
      earns: 1,
    },
    {
      name: 'moves the running numbers too far',
      answer: normalising('moves too far'),
      hint:
        'The outputs are right, the running mean and variance jump. Which of the two, the old one or that of this ' +
        'batch, should keep nine tenths?',
      earns: 1,
    },
    {
      name: 'goes by the batch in use',
      answer: normalising('batch in use'),
      hint:
        'When the network is used, an answer must not depend on which other pictures are in the batch. Which mean ' +
        'and which variance are there instead?',
      earns: 1,
    },
    {
      name: 'moves the running numbers in use',
      answer: normalising('moves in use'),
      hint: 'Whoever uses the network must not change it: the running mean and variance stay as they are.',
      earns: 1,
    },
    {
      name: 'divides by the variance',
      answer: normalising('no root'),
      hint: 'The deviations are divided by too much, or too little. The standard deviation is what of the variance?',
    },
    {
      name: 'leaves gamma and beta out',
      answer: normalising('no gamma and beta'),
      hint: 'Mean 0 and deviation 1 are right. Then the layer scales and shifts by its two own numbers.',
    },
  ],
};

// 4.6

const comparison: Exercise = {
  id: '4.6',
  kind: 'choice',
  title: 'An honest comparison',
  goal: 'You can say which differences between two networks a measurement shows, and which it does not.',
  points: 1,
  difficulty: 'medium',
  minutes: 6,
  section: 'Side by side',
  answer: 'justified',
  version: 1,
  options: 'abcde',
  solution: 'bd',
  mistakes: [
    {
      name: 'takes chance for a gain',
      answer: 'ab',
      hint: 'Compute √(p (1 − p) / n) for B and C, and compare it with how far they are apart.',
    },
    {
      name: 'sees the clear difference only',
      answer: 'b',
      hint: 'This one is right, and there is another: what can be said about B and C?',
    },
    {
      name: 'sees the doubtful difference only',
      answer: 'd',
      hint: 'This one is right, and there is another: is the difference between A and B also no more than chance?',
    },
    {
      name: 'believes in the best epoch',
      answer: 'bde',
      hint:
        'Of forty numbers that go up and down by chance, the largest is too large. What was the epoch of C chosen ' +
        'by?',
    },
    {
      name: 'promises the validation accuracy for new pictures',
      answer: 'bcd',
      hint:
        'The epoch of C was chosen by these very pictures. What can one expect of pictures that nobody has chosen ' +
        'by?',
    },
  ],
};

// 4.7

interface Slips {
  frozen?: readonly number[];
  compiled?: boolean;
  pooled?: boolean;
}

/** The plain network with some of its three convolutions frozen. */
const transferred = ({ frozen = [0, 1, 2], compiled = true, pooled = true }: Slips = {}): tf.LayersModel => {
  const { layers } = tf;
  const model = tf.sequential({ layers: [
    layers.inputLayer({ inputShape: [32, 32, 3] }),
    ...[32, 32, 64].flatMap((filters, i) => [
      layers.conv2d({ filters, kernelSize: 3, activation: 'relu', trainable: !frozen.includes(i) }),
      ...(pooled ? [layers.maxPooling2d({ poolSize: 2 })] : []),
    ]),
    layers.flatten(),
    layers.dense({ units: 64, activation: 'relu', trainable: !frozen.includes(3) }),
    layers.dense({ units: 2, activation: 'softmax', trainable: !frozen.includes(4) }),
  ] });
  if (compiled) model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
};

const KERNELS = 'has the three convolutions and the two dense layers of the task';
const FROZEN = 'learns in its dense layers only';
const COMPILED = 'is compiled to be trained';

const makeFrozen: Exercise = {
  id: '4.7',
  kind: 'model',
  title: 'Keep what was learned',
  goal: 'You can freeze the layers that come from another task.',
  points: 3,
  difficulty: 'medium',
  minutes: 15,
  section: 'Transfer learning',
  answer: 'makeFrozen',
  version: 1,
  solution: () => transferred(),
  requirements: [
    {
      name: KERNELS,
      points: 1,
      parameters: { atLeast: 45_218, atMost: 45_218 },
      hint:
        'Compare `summary` with the list of the task: filters, kernels of 3 × 3, no padding, a pooling of 2 × 2 ' +
        'behind each convolution, then 64 and 2 neurons.',
    },
    {
      name: FROZEN,
      points: 1,
      trainableParameters: { atLeast: 16_578, atMost: 16_578 },
      hint:
        'Which layers should learn, and which stay as they are? `trainable` says it for each layer by itself: all ' +
        'three convolutions false, both dense layers true.',
    },
    {
      name: COMPILED,
      points: 1,
      compiled: { loss: 'categoricalCrossentropy', optimizer: 'adam' },
      hint:
        'A model is compiled before it is trained, after its layers are frozen: with Adam, and the loss that fits ' +
        'softmax and one-hot labels.',
    },
  ],
  mistakes: [
    { name: 'freezes nothing', answer: () => transferred({ frozen: [] }), fails: FROZEN, earns: 2 },
    { name: 'freezes the first convolution only', answer: () => transferred({ frozen: [0] }), fails: FROZEN, earns: 2 },
    { name: 'freezes a dense layer too', answer: () => transferred({ frozen: [0, 1, 2, 3] }), fails: FROZEN, earns: 2 },
    { name: 'forgets to pool', answer: () => transferred({ pooled: false }), fails: KERNELS, earns: 1 },
    { name: 'forgets to compile', answer: () => transferred({ compiled: false }), fails: COMPILED, earns: 2 },
  ],
};

// 4.8

const products = (weights: number[], numbers: number[]): number[] => numbers.map((number, i) => weights[i] * number);
type Combine = (weights: number[], numbers: number[], gradients: number[]) => number;

/** Weighs what each channel has at a place. `weigh` makes a channel's weight of its gradients. */
const camBy = (weigh: (gradients: number[]) => number, keep: (sum: number) => number, combine?: Combine) =>
  (maps: Volume, gradients: Volume): Table => {
    const weights = maps[0][0].map((_, channel) => weigh(gradients.flat().map((numbers) => numbers[channel])));
    const sum: Combine = combine ?? ((used, numbers) => total(products(used, numbers)));
    return maps.map((row, y) => row.map((numbers, x) => keep(sum(weights, numbers, gradients[y][x]))));
  };
const positive = (sum: number): number => Math.max(0, sum);

const gradCam: Exercise = {
  id: '4.8',
  kind: 'function',
  title: 'Where does it look?',
  goal: 'You can compute a Grad-CAM from feature maps and gradients.',
  points: 3,
  difficulty: 'hard',
  minutes: 20,
  section: 'Where does it look?',
  answer: 'gradCam',
  version: 1,
  // Channel by channel: each map, as often as it counts, laid on top of the others.
  solution: (maps: Volume, gradients: Volume): Table => {
    const places = maps.length * maps[0].length;
    const sums = maps.map((row) => row.map(() => 0));
    for (let channel = 0; channel < maps[0][0].length; channel++) {
      const weight = gradients.flat().reduce((sum, numbers) => sum + numbers[channel], 0) / places;
      maps.forEach((row, y) => row.forEach((numbers, x) => (sums[y][x] += weight * numbers[channel])));
    }
    return sums.map((row) => row.map((sum) => (sum > 0 ? sum : 0)));
  },
  criteria: [
    {
      name: 'the weighted sum',
      points: 1,
      inputs: () => [[
        [[[1, 0], [2, 1]], [[0, 3], [4, 2]]],
        [[[0.5, 0], [1, 1]], [[0.5, -0.5], [0, 0.5]]],
      ]],
    },
    {
      name: 'what speaks against the answer is left out',
      points: 1,
      inputs: () => [[
        [[[1, 4, 0], [2, 0, 1], [0, 1, 3]], [[5, 1, 2], [0, 2, 0], [3, 3, 1]]],
        [[[0.6, -0.9, 0], [0, -0.3, 0.6], [0.6, 0, 0]], [[1.2, -0.6, 0], [0, 0, -1.2], [0, -1.2, 1.8]]],
      ]],
    },
    {
      name: 'other maps',
      points: 1,
      hidden: true,
      inputs: (random) => {
        const gradients = (rows: number, columns: number): Volume => Array.from({ length: rows }, () =>
          drawTable(random, columns, 3, -1, 1).map(([a, b, c]) => [a + 1, b - 1, c]));
        return [
          [[...drawVolume(random, 3, 2, 3, 9), [[0, 9, 0], [9, 0, 0]]], gradients(4, 2)],
          [[[[9, 0, 0], [0, 9, 0], ...drawVolume(random, 1, 3, 3, 9)[0]]], gradients(1, 5)],
        ];
      },
    },
  ],
  mistakes: [
    {
      name: 'multiplies place by place',
      answer: camBy(mean, positive, (_, numbers, gradients) => total(products(gradients, numbers))),
      hint:
        'Each place is multiplied with its own gradient. In Grad-CAM a channel has *one* weight for all places: ' +
        'made of what?',
    },
    {
      name: 'adds the gradients up',
      answer: camBy(total, positive),
      hint:
        'All numbers are too large by the number of places. The weight of a channel is the *mean* of its gradients.',
    },
    {
      name: 'keeps what speaks against it',
      answer: camBy(mean, Number),
      hint: 'There are numbers below 0: those places speak against the answer. Grad-CAM shows only what speaks for it.',
      earns: 1,
    },
    {
      name: 'takes the signs away',
      answer: camBy(mean, Math.abs),
      hint: 'Places that speak against the answer look as if they spoke for it. What becomes of a sum below 0?',
      earns: 1,
    },
    {
      name: 'takes the mean of the channels',
      answer: camBy(mean, positive, (weights, numbers) => mean(products(weights, numbers))),
      hint: 'All numbers are too small by the number of channels. The weighted maps are added up.',
    },
    {
      name: 'makes all gradients positive first',
      answer: camBy((gradients) => mean(gradients.map(Math.abs)), positive),
      hint: 'A channel that lowers the answer has to get a negative weight. Which signs were lost on the way?',
    },
  ],
};

// 4.9

const wrongReason: Exercise = {
  id: '4.9',
  kind: 'text',
  title: 'Right for the wrong reason',
  goal: 'You can find out whether a network looks at what it should, and say what to do if it does not.',
  points: 2,
  difficulty: 'medium',
  minutes: 10,
  section: 'Where does it look?',
  answer: 'e4-9',
  version: 1,
  rubric: [
    {
      points: 1,
      looksFor:
        'A test that could prove the suspicion wrong: Grad-CAM over many pictures (not one), or accuracy on pictures ' +
        'where animal and background do not go together (dogs on sofas, cats on grass), or the animal or the ' +
        'background covered.',
    },
    {
      points: 1,
      looksFor:
        'A remedy that acts on the cause: training pictures of both animals before both kinds of background, or ' +
        'pictures cut to the animal. And why the validation accuracy has not shown it: validation pictures come from ' +
        'the same source and have the same backgrounds.',
    },
  ],
};

// 4.10

const untrained = (outputs: number): tf.LayersModel => tf.sequential({ layers: [
  tf.layers.conv2d({ inputShape: [32, 32, 3], filters: 16, kernelSize: 3, strides: 2, activation: 'relu' }),
  tf.layers.globalAveragePooling2d({}),
  tf.layers.dense({ units: outputs, activation: 'softmax' }),
] });

const design: Exercise = {
  id: '4.10',
  kind: 'trained',
  title: 'Small photographs, good network',
  goal: 'You can choose, train and measure a network of your own for few photographs.',
  points: 4,
  difficulty: 'hard',
  minutes: 45,
  section: 'Five improvements',
  answer: 'petNetwork',
  version: 1,
  pictures: { dataset: 'cats-and-dogs', shape: [32, 32, 3], scale: 1 / 255 },
  requirements: [
    {
      name: 'two answers for each picture',
      points: 1,
      outputShape: [null, 2],
      hint: 'The network should end in two numbers: for cat, and for dog, in the order of `classNames`.',
    },
  ],
  levels: [
    {
      accuracy: 0.65,
      points: 1,
      hint:
        'Whoever guesses gets 0.5. Has the network been trained, on pixels from 0 to 1? Look at the training curve: ' +
        'does the loss fall at all, or is the learning rate too large?',
    },
    {
      accuracy: 0.7,
      points: 1,
      hint:
        'Compare the curves: if the training accuracy runs away, the network learns its 2,000 pictures by heart. ' +
        'Which of the five improvements works against that?',
    },
    {
      accuracy: 0.8,
      points: 1,
      hint:
        'The plain network ends below this. What makes few pictures many? With that, and with batch normalisation, ' +
        'more channels are worth having, and more epochs with ever smaller steps.',
    },
  ],
  mistakes: [
    { name: 'is not trained', answer: () => untrained(2), fails: 'accuracy 0.65', earns: 1 },
    { name: 'gives one number', answer: () => untrained(1), fails: 'two answers for each picture' },
    { name: 'sorts into ten classes', answer: () => untrained(10), fails: 'two answers for each picture' },
  ],
};

export const exercises: readonly Exercise[] = [
  shrink, mirror, binaryCrossentropy, colourConvolution, batchNormalise, comparison, makeFrozen, gradCam, wrongReason,
  design,
];
