import { tensor, type Exercise, type Plain, type Random } from '@course/lib/exercises';
import { tf } from '@course/lib/tensorflow';

type Table = number[][];

/** Whole numbers from `low` on, as rows and columns. */
const drawn = (random: Random, rows: number, columns: number, low: number, count: number): Table =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => low + random.below(count)));

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
const rounded = (number: number, digits: number): number => Number(number.toFixed(digits));

// 3.1

const outputSize: Exercise = {
  id: '3.1',
  kind: 'function',
  title: 'The size of a feature map',
  goal: 'You can say how large a feature map is before you compute it.',
  points: 2,
  difficulty: 'easy',
  minutes: 8,
  section: 'Size, stride and padding',
  answer: 'outputSize',
  version: 1,
  solution: (size: number, kernel: number, stride: number, padding: number): number => {
    let places = 0;
    for (let start = -padding; start + kernel <= size + padding; start += stride) places++;
    return places;
  },
  criteria: [
    {
      name: 'stride and padding',
      points: 1,
      inputs: () => [[28, 3, 1, 0], [28, 3, 2, 0], [28, 5, 1, 2], [9, 2, 3, 1]],
    },
    {
      name: 'other sizes',
      points: 1,
      hidden: true,
      inputs: (random) => {
        const places = 4 + random.below(20);
        return [[3 * places + 4, 3, 3, 0], [20 + random.below(40), 5, 1, 2], [2 * places + 1, 4, 2, 1], [1, 1, 1, 0]];
      },
    },
  ],
  mistakes: [
    {
      name: 'counts the padding on one side only',
      answer: (size: number, kernel: number, stride: number, padding: number) =>
        Math.floor((size + padding - kernel) / stride) + 1,
      hint:
        'Without padding it is right. With it, zeros are put on both sides of the picture: how many pixels are ' +
        'there then?',
    },
    {
      name: 'forgets the first place',
      answer: (size: number, kernel: number, stride: number, padding: number) =>
        Math.floor((size + 2 * padding - kernel) / stride),
      hint: 'One place is missing everywhere. Try a picture that is as large as the kernel: how many places are there?',
    },
    {
      name: 'lets the last window hang over the edge',
      answer: (size: number, kernel: number, stride: number, padding: number) =>
        Math.ceil((size + 2 * padding - kernel) / stride) + 1,
      hint:
        'Where the steps do not come out even, there is a place too many: does the last window still lie within the ' +
        'picture?',
    },
    {
      name: 'leaves a part of a place',
      answer: (size: number, kernel: number, stride: number, padding: number) =>
        (size + 2 * padding - kernel) / stride + 1,
      hint: 'There are no half places. What becomes of a step for which too few pixels are left?',
    },
  ],
};

// 3.2

/** A convolution, on a picture with zeros around it; with a slip it goes wrong in that way. */
const convolution = (
  slip?: 'turned' | 'ends early' | 'height twice' | 'exchanged' | 'rows only' | 'no stride' | 'no padding' | 'one side',
) =>
  (image: Table, kernel: Table, stride: number, padding: number): Table => {
    const before = slip === 'no padding' ? 0 : padding;
    const after = slip === 'one side' ? 0 : before;
    const framed = <T>(list: readonly T[], zero: T): T[] =>
      [...new Array<T>(before).fill(zero), ...list, ...new Array<T>(after).fill(zero)];
    const inner = image.map((row) => framed(row, 0));
    const picture = framed(inner, new Array<number>(inner[0].length).fill(0));
    const used = slip === 'turned' ? kernel.map((row) => [...row].reverse()).reverse() : kernel;
    const starts = (size: number, window: number, step: number): number[] => {
      const count = slip === 'ends early' ? Math.ceil((size - window) / step) : Math.floor((size - window) / step) + 1;
      return Array.from({ length: count }, (_, i) => i * step);
    };
    const down = starts(picture.length, kernel.length, slip === 'no stride' ? 1 : stride);
    const step = slip === 'rows only' || slip === 'no stride' ? 1 : stride;
    const right = slip === 'height twice' ? down : starts(picture[0].length, kernel[0].length, step);
    const pixelsAt = (row: number, column: number): number[] => (slip === 'exchanged'
      ? used.flatMap((numbers, i) => numbers.map((_, j) => picture[column + i][row + j]))
      : used.flatMap((numbers, i) => numbers.map((_, j) => picture[row + i][column + j])));
    const weights = used.flat();
    return down.map((row) => right.map((column) =>
      total(pixelsAt(row, column).map((pixel, k) => pixel * weights[k]))));
  };

const conv2d: Exercise = {
  id: '3.2',
  kind: 'function',
  title: 'Write a convolution',
  goal: 'You can write a convolution with nothing but loops.',
  points: 4,
  difficulty: 'hard',
  minutes: 25,
  section: 'What is a convolution?',
  answer: 'conv2d',
  version: 1,
  solution: convolution(),
  criteria: [
    {
      name: 'a stride of 1 and no padding',
      points: 1,
      inputs: () => [
        [[[1, 2, 0, 1], [0, 1, 3, 2], [2, 0, 1, 1], [1, 3, 2, 0]], [[1, 0], [2, -1]], 1, 0],
        [[[1, 0, 2, 1, 3], [2, 1, 0, 1, 0], [0, 3, 1, 2, 1]], [[1, 0, -1], [2, 1, 0]], 1, 0],
      ],
    },
    {
      name: 'a stride of 2',
      points: 1,
      inputs: () => [[
        [[1, 0, 2, 1, 0], [0, 1, 0, 2, 1], [2, 1, 1, 0, 0], [1, 0, 3, 1, 2], [0, 2, 1, 0, 1]],
        [[1, 1, 0], [0, 1, 0], [0, 0, -1]], 2, 0,
      ]],
    },
    {
      name: 'a padding of 1',
      points: 1,
      inputs: () => [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[0, 1, 0], [0, 0, 2], [0, 0, 0]], 1, 1]],
    },
    {
      name: 'other sizes, stride and padding together',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [drawn(random, 5, 7, 1, 9), [[3, -1], [0, 2], [1, 1 + random.below(4)]], 2, 1],
        [drawn(random, 6, 4, 1, 9), [[2, 0, -1], [1, 1 + random.below(4), 0], [0, -2, 5]], 1, 2],
        [[[2 + random.below(8)]], [[-3]], 1, 0],
      ],
    },
  ],
  mistakes: [
    {
      name: 'turns the kernel round',
      answer: convolution('turned'),
      hint:
        'You go through the kernel backwards. In mathematics a convolution does that; in a network the number at ' +
        'the top left lies on the pixel at the top left.',
    },
    {
      name: 'ends one place early',
      answer: convolution('ends early'),
      hint:
        'The last row and the last column of places are missing. May the window not touch the edge? Look at < and ' +
        '<=.',
    },
    {
      name: 'takes the height for the width as well',
      answer: convolution('height twice'),
      hint:
        'Square pictures are right, others are not. How many places are there in a row, and which length tells you?',
      earns: 2,
    },
    {
      name: 'exchanges row and column',
      answer: convolution('exchanged'),
      hint:
        'Your numbers run down where they should run to the right. In `image[...][...]` the row comes first: which of ' +
        'your two counters goes downwards?',
    },
    {
      name: 'moves by one pixel whatever the stride',
      answer: convolution('no stride'),
      hint:
        'With a stride of 1 it is right. With 2 the window takes every second place only: what is added to its row ' +
        'and its column from one place to the next?',
      earns: 2,
    },
    {
      name: 'moves by the stride in one direction only',
      answer: convolution('rows only'),
      hint:
        'The window makes large steps downwards, but small ones to the right. Where does the column of its first ' +
        'pixel come from?',
      earns: 2,
    },
    {
      name: 'leaves the padding out',
      answer: convolution('no padding'),
      hint: 'The padding changes nothing yet. It makes room for more places; what do pixels outside the picture count?',
      earns: 2,
    },
    {
      name: 'puts the padding above and left only',
      answer: convolution('one side'),
      hint: 'There are zeros above and on the left. What about below and on the right?',
      earns: 2,
    },
  ],
};

// 3.3

const pooling = (slip?: 'from zero' | 'own step' | 'mean' | 'over the edge' | 'to the end') =>
  (map: Table, size: number, stride: number): Table => {
    const step = slip === 'own step' ? size : stride;
    const starts = (length: number): number[] => {
      const last = slip === 'to the end' ? length - 1 : length - size;
      const count = (slip === 'over the edge' ? Math.ceil : Math.floor)(last / step) + 1;
      return Array.from({ length: count }, (_, i) => i * step);
    };
    return starts(map.length).map((row) => starts(map[0].length).map((column) => {
      const window = map.slice(row, row + size).flatMap((numbers) => numbers.slice(column, column + size));
      if (slip === 'mean') return total(window) / window.length;
      return Math.max(...window, ...(slip === 'from zero' ? [0] : []));
    }));
  };

const maxPool: Exercise = {
  id: '3.3',
  kind: 'function',
  title: 'Max pooling',
  goal: 'You can make a feature map smaller and keep what was found.',
  points: 2,
  difficulty: 'medium',
  minutes: 12,
  section: 'Pooling',
  answer: 'maxPool',
  version: 1,
  solution: pooling(),
  criteria: [
    {
      name: 'the largest number of each window',
      points: 1,
      inputs: () => [
        [[[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 2, 2], [1, 0, 6, 1]], 2, 2],
        [[[1, 0, 2, 4, 1], [3, 1, 0, 2, 2], [0, 5, 1, 1, 0], [2, 1, 3, 0, 1], [1, 0, 2, 6, 2]], 3, 2],
        [[[-3, -1, -2], [-4, -6, -5], [-7, -8, -2]], 2, 1],
        [[[5, 1, 0, 2, 9], [2, 3, 4, 1, 8], [7, 6, 5, 4, 3]], 2, 2],
      ],
    },
    {
      name: 'other maps',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [drawn(random, 6, 9, -9, 19), 3, 2],
        [drawn(random, 3, 4, -9, 8), 2, 1],
        [drawn(random, 5, 7, 0, 20), 2, 2],
        [[[-1 - random.below(9)]], 1, 1],
      ],
    },
  ],
  mistakes: [
    {
      name: 'begins with 0 as the largest',
      answer: pooling('from zero'),
      hint:
        'Where all numbers of a window are negative, yours is 0, which stands nowhere in it. With what do you begin ' +
        'to look for the largest?',
    },
    {
      name: 'moves by the size of the window',
      answer: pooling('own step'),
      hint: 'Your windows lie beside each other. How far they move is said by the stride; they may overlap.',
    },
    {
      name: 'takes the mean',
      answer: pooling('mean'),
      hint:
        'This is average pooling: it mixes what was found with its surroundings. What does *max* pooling keep of a ' +
        'window?',
    },
    {
      name: 'begins a window at every place',
      answer: pooling('to the end'),
      hint:
        'There are too many windows: some begin so far to the right or below that they leave the map. Where does the ' +
        'last one that is whole begin?',
    },
    {
      name: 'lets windows hang over the edge',
      answer: pooling('over the edge'),
      hint:
        'There are windows that are not full. A window has to lie within the map, as in a convolution without ' +
        'padding.',
    },
  ],
};

// 3.4

type Window = { kernel: number; stride: number };

const receptiveField: Exercise = {
  id: '3.4',
  kind: 'function',
  title: 'How much does it see?',
  goal: 'You can say how many pixels a number deep in a network depends on.',
  points: 2,
  difficulty: 'medium',
  minutes: 15,
  section: 'The receptive field',
  answer: 'receptiveField',
  version: 1,
  // From the last layer back to the pixels.
  solution: (layers: Window[]): number =>
    layers.reduceRight((size, { kernel, stride }) => (size - 1) * stride + kernel, 1),
  criteria: [
    {
      name: 'layers behind each other',
      points: 1,
      inputs: () => [
        [[{ kernel: 3, stride: 1 }]],
        [[{ kernel: 3, stride: 1 }, { kernel: 5, stride: 1 }]],
        [[{ kernel: 3, stride: 1 }, { kernel: 2, stride: 2 }, { kernel: 3, stride: 1 }]],
        [[{ kernel: 3, stride: 2 }, { kernel: 3, stride: 3 }, { kernel: 3, stride: 1 }]],
      ],
    },
    {
      name: 'other networks',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [[
          { kernel: 5, stride: 2 }, { kernel: 3, stride: 2 + random.below(2) },
          { kernel: 3 + random.below(3), stride: 2 }, { kernel: 3, stride: 1 },
        ]],
        [[{ kernel: 1, stride: 1 }]],
        [[{ kernel: 7, stride: 3 }, { kernel: 1, stride: 1 }, { kernel: 2 + random.below(4), stride: 1 }]],
      ],
    },
  ],
  mistakes: [
    {
      name: 'does without the strides',
      answer: (layers: Window[]) => 1 + total(layers.map(({ kernel }) => kernel - 1)),
      hint:
        'As long as each stride is 1 it is right. Behind a stride of 2, two neighbours are two pixels apart: how ' +
        'much does a kernel of 3 reach over then?',
    },
    {
      name: 'lets a layer’s stride count for itself',
      answer: (layers: Window[]) => {
        let [size, distance] = [1, 1];
        for (const { kernel, stride } of layers) {
          distance *= stride;
          size += (kernel - 1) * distance;
        }
        return size;
      },
      hint:
        'A layer’s own stride does not change how much one of its windows sees, only how far the next window is ' +
        'away. From which layer on does it count?',
    },
    {
      name: 'adds up the kernels',
      answer: (layers: Window[]) => total(layers.map(({ kernel }) => kernel)),
      hint:
        'A single layer is right. The windows of neighbours overlap: how many pixels more do two of them see together ' +
        'than one alone?',
    },
    {
      name: 'adds the whole kernel',
      answer: (layers: Window[]) => {
        let [size, distance] = [1, 1];
        for (const { kernel, stride } of layers) {
          size += kernel * distance;
          distance *= stride;
        }
        return size;
      },
      hint:
        'Already the first layer is too large. A window of 3 has one number in its middle: how many are added to ' +
        'it?',
    },
    {
      name: 'keeps the last stride only',
      answer: (layers: Window[]) => {
        let [size, distance] = [1, 1];
        for (const { kernel, stride } of layers) {
          size += (kernel - 1) * distance;
          distance = stride;
        }
        return size;
      },
      hint:
        'Two strides behind each other work together: a step of 3 in a map whose places are 2 pixels apart is how ' +
        'many pixels long?',
    },
  ],
};

// 3.5

const surerAndWrong: Exercise = {
  id: '3.5',
  kind: 'text',
  title: 'Surer, and wrong',
  goal: 'You can explain why a validation loss rises while the accuracy stands still.',
  points: 2,
  difficulty: 'medium',
  minutes: 10,
  section: 'Over-fitting',
  answer: 'e3-5',
  version: 1,
  rubric: [
    {
      points: 1,
      looksFor:
        'Accuracy counts only whether the largest probability is the right one; the loss is the negative logarithm ' +
        'of the probability given to the right class. So wrong answers that are given with more and more certainty ' +
        'raise the loss and leave the accuracy as it is.',
    },
    {
      points: 1,
      looksFor:
        'The cause and a remedy: the network goes on learning its training pictures by heart (over-fitting). Named: ' +
        'stopping early, augmentation, dropout, batch normalisation, more data or a smaller network; not more epochs.',
    },
  ],
};

// 3.6

const steps: Exercise = {
  id: '3.6',
  kind: 'number',
  title: 'How many steps?',
  goal: 'You can say how often a training moves the weights.',
  points: 1,
  difficulty: 'easy',
  minutes: 5,
  section: '1 · Why batches of 128, and why 40 epochs?',
  answer: 'steps',
  version: 1,
  // The last batch of an epoch is a quarter full to half full, and a fifth of the pictures is a whole number of them.
  given: (random) => {
    const batchSize = 32 * 2 ** random.below(3);
    const trained = batchSize * (50 + random.below(100)) + batchSize / 4 + 4 * random.below(batchSize / 16);
    return { pictures: (trained * 5) / 4, batchSize, epochs: 5 + random.below(16) };
  },
  solution: ({ pictures, batchSize, epochs }) => {
    const trained = pictures - pictures / 5;
    const [full, rest] = [Math.floor(trained / batchSize), trained % batchSize];
    return epochs * (full + (rest > 0 ? 1 : 0));
  },
  unit: 'steps',
  mistakes: [
    {
      name: 'leaves the last batch of each epoch out',
      answer: ({ pictures, batchSize, epochs }) => Math.floor((0.8 * pictures) / batchSize + 1e-9) * epochs,
      hint: 'Some pictures of each epoch never come. The last batch is smaller, but it is a step too.',
    },
    {
      name: 'counts the validation pictures',
      answer: ({ pictures, batchSize, epochs }) => Math.ceil(pictures / batchSize) * epochs,
      hint: 'The network does not learn from the validation pictures. How many are left?',
    },
    {
      name: 'counts one epoch',
      answer: ({ pictures, batchSize }) => Math.ceil((0.8 * pictures) / batchSize - 1e-9),
      hint: 'This is one epoch. How many are there?',
    },
    {
      name: 'lets batches go on into the next epoch',
      answer: ({ pictures, batchSize, epochs }) => Math.ceil((0.8 * pictures * epochs) / batchSize - 1e-9),
      hint: 'Nearly. A batch never reaches into the next epoch: round for one epoch first, then multiply.',
    },
  ],
};

// 3.7

interface Run {
  batchSize: number;
  secondsPerEpoch: number;
  valAcc: number[];
}
type Found = { batchSize: number; epoch: number };

/** The best epoch of all that are done in time, one by one in the order in which they end. */
const bestInTime = (slip?: 'no limit' | 'last epoch' | 'not the last second' | 'later of equals' | 'from zero') =>
  (runs: Run[], seconds: number): Found => {
    const epochs = runs.flatMap(({ batchSize, secondsPerEpoch, valAcc }) => valAcc.map((accuracy, i) =>
      ({ batchSize, epoch: i + 1, accuracy, end: (i + 1) * secondsPerEpoch })));
    const limit = slip === 'no limit' ? Infinity : seconds;
    const done = epochs.filter(({ end }) => (slip === 'not the last second' ? end < limit : end <= limit));
    const sign = slip === 'later of equals' ? -1 : 1;
    const isLast = ({ batchSize, epoch }: Found): boolean =>
      done.every((other) => other.batchSize !== batchSize || other.epoch <= epoch);
    const [{ batchSize, epoch }] = done.filter((each) => slip !== 'last epoch' || isLast(each))
      .sort((a, b) => b.accuracy - a.accuracy || sign * (a.end - b.end));
    return { batchSize, epoch: slip === 'from zero' ? epoch - 1 : epoch };
  };

const readSweep: Exercise = {
  id: '3.7',
  kind: 'function',
  title: 'Read a sweep',
  goal: 'You can say which batch size and which epoch is the best that a given time allows.',
  points: 2,
  difficulty: 'medium',
  minutes: 15,
  section: '1 · Why batches of 128, and why 40 epochs?',
  answer: 'bestRun',
  version: 1,
  solution: bestInTime(),
  criteria: [
    {
      name: 'the best epoch within the time',
      points: 1,
      inputs: () => {
        const sweep: Plain = [
          { batchSize: 32, secondsPerEpoch: 10, valAcc: [0.86, 0.89, 0.91, 0.9] },
          { batchSize: 128, secondsPerEpoch: 6, valAcc: [0.82, 0.87, 0.89, 0.88, 0.9] },
          { batchSize: 512, secondsPerEpoch: 5, valAcc: [0.7, 0.79, 0.83, 0.85, 0.86] },
        ];
        return [[sweep, 40], [sweep, 25], [sweep, 12], [sweep, 6]];
      },
    },
    {
      name: 'other sweeps',
      points: 1,
      hidden: true,
      inputs: (random) => {
        const high = rounded(random.between(0.85, 0.9), 3);
        const below = (part: number): number => rounded(high - part, 3);
        const seconds = 4 + random.below(5);
        const sweep: Plain = [
          { batchSize: 64, secondsPerEpoch: 2 * seconds, valAcc: [below(0.2), below(0.1), high, below(0.05), 0.95] },
          {
            batchSize: 256,
            secondsPerEpoch: seconds,
            valAcc: [below(0.3), below(0.2), below(0.1), below(0.05), high, below(0.01), below(0.02)],
          },
        ];
        const single: Plain = [{ batchSize: 16, secondsPerEpoch: 3, valAcc: [high] }];
        return [[sweep, 8 * seconds], [sweep, 6 * seconds], [sweep, 3 * seconds], [single, 3]];
      },
    },
  ],
  mistakes: [
    {
      name: 'forgets the time',
      answer: bestInTime('no limit'),
      hint:
        'Your epoch is the best of all, but is it done in time? Epoch 3 of a run ends after three times its ' +
        'seconds.',
    },
    {
      name: 'takes the last epoch of each run',
      answer: bestInTime('last epoch'),
      hint: 'The last epoch that is done need not be the best: an accuracy may fall again. Which one would you keep?',
    },
    {
      name: 'leaves out what ends just in time',
      answer: bestInTime('not the last second'),
      hint: 'An epoch that ends exactly when the time is up is done. Look at < and <=.',
    },
    {
      name: 'takes the later of two equals',
      answer: bestInTime('later of equals'),
      hint: 'Where two are equally good, the task says which one counts: which of them is done sooner, in seconds?',
    },
    {
      name: 'counts epochs from 0',
      answer: bestInTime('from zero'),
      hint:
        'The batch size is right, and the epoch is one too small: the first epoch is epoch 1, though it stands at ' +
        'place 0 of the list.',
    },
  ],
};

// 3.8

interface Blocks {
  inConvolution?: boolean;
  bias?: boolean;
  relu?: boolean;
  dropoutFirst?: boolean;
  places?: boolean;
}

const normalised = ({ inConvolution, bias, relu = true, dropoutFirst, places }: Blocks = {}): tf.LayersModel => {
  const { layers } = tf;
  return tf.sequential({ layers: [
    layers.inputLayer({ inputShape: [28, 28, 1] }),
    ...(dropoutFirst ? [layers.dropout({ rate: 0.3 })] : []),
    ...[8, 16, 24].flatMap((filters) => [
      layers.conv2d({
        filters, kernelSize: 3, strides: 2, padding: 'same', useBias: bias ?? false,
        activation: inConvolution ? 'relu' : 'linear',
      }),
      layers.batchNormalization({}),
      ...(inConvolution || !relu ? [] : [layers.reLU()]),
    ]),
    ...(places ? [] : [layers.flatten()]),
    ...(dropoutFirst ? [] : [layers.dropout({ rate: 0.3 })]),
    layers.dense({ units: 10, activation: 'softmax' }),
  ] });
};

const makeNetwork: Exercise = {
  id: '3.8',
  kind: 'model',
  title: 'Blocks that learn faster',
  goal: 'You can build a network of convolution, batch normalisation and ReLU, with dropout where it belongs.',
  points: 4,
  difficulty: 'medium',
  minutes: 15,
  section: '2 · Can you beat 0.92?',
  answer: 'makeNetwork',
  version: 1,
  solution: normalised,
  requirements: [
    {
      name: 'gives 10 numbers for each picture',
      points: 1,
      outputShape: [null, 10],
      hint:
        'The network should end in one row of 10 numbers for each picture. What makes a row of rows, columns and ' +
        'channels?',
    },
    {
      name: 'has at least three convolutions without bias',
      points: 1,
      layers: { of: ['Conv2D'], having: { useBias: false }, atLeast: 3 },
      hint:
        'What batch normalisation takes away again, the convolution need not have. Which option leaves the bias ' +
        'out?',
    },
    {
      name: 'has ReLU as a layer of its own, three times',
      points: 1,
      layers: { of: ['ReLU', 'Activation'], atLeast: 3 },
      hint:
        'In each block ReLU comes after batch normalisation, not within the convolution. Without any ReLU, ' +
        'convolutions behind each other can do no more than one.',
    },
    {
      name: 'normalises after each convolution, and drops out before the last layer',
      points: 1,
      order: [
        'Conv2D', 'BatchNormalization', 'Conv2D', 'BatchNormalization', 'Conv2D', 'BatchNormalization',
        'Dropout', 'Dense',
      ],
      hint:
        'Read your layers from the top: is there a batch normalisation behind each of the three convolutions, and a ' +
        'dropout between the last of them and the dense layer?',
    },
  ],
  mistakes: [
    {
      name: 'keeps ReLU within the convolutions',
      answer: () => normalised({ inConvolution: true }),
      fails: 'has ReLU as a layer of its own, three times',
      earns: 3,
    },
    {
      name: 'keeps the bias',
      answer: () => normalised({ bias: true }),
      fails: 'has at least three convolutions without bias',
      earns: 3,
    },
    {
      name: 'forgets ReLU',
      answer: () => normalised({ relu: false }),
      fails: 'has ReLU as a layer of its own, three times',
      earns: 3,
    },
    {
      name: 'drops pixels out',
      answer: () => normalised({ dropoutFirst: true }),
      fails: 'normalises after each convolution, and drops out before the last layer',
      earns: 3,
    },
    {
      name: 'forgets to make a row of the maps',
      answer: () => normalised({ places: true }),
      fails: 'gives 10 numbers for each picture',
      earns: 3,
    },
  ],
};

// 3.9

const varied = (slip?: 'upside down' | 'other way' | 'wraps' | 'shifted first') =>
  (picture: Table, flip: boolean, down: number, right: number): Table => {
    const [height, width] = [picture.length, picture[0].length];
    return picture.map((numbers, row) => numbers.map((_, column) => {
      const way = slip === 'other way' ? -1 : 1;
      let [y, x] = [row - way * down, column - way * right];
      if (slip === 'wraps') [y, x] = [(y + height) % height, (x + width) % width];
      if (flip && slip === 'upside down') y = height - 1 - y;
      else if (flip) x = width - 1 - x - (slip === 'shifted first' ? 2 * right : 0);
      return picture[y]?.[x] ?? 0;
    }));
  };

const vary: Exercise = {
  id: '3.9',
  kind: 'function',
  title: 'One picture becomes many',
  goal: 'You can mirror and move a picture, and leave the original as it was.',
  points: 2,
  difficulty: 'medium',
  minutes: 12,
  section: '2 · Can you beat 0.92?',
  answer: 'vary',
  version: 1,
  solution: varied(),
  criteria: [
    {
      name: 'mirrored, moved, and both',
      points: 1,
      inputs: () => [
        [[[1, 2, 3], [4, 5, 6]], true, 0, 0],
        [[[1, 2, 3], [4, 5, 6], [7, 8, 9]], false, 1, 0],
        [[[1, 2, 3, 4], [5, 6, 7, 8], [9, 8, 7, 6]], false, -1, 2],
        [[[1, 2, 3, 4], [5, 6, 7, 8], [9, 8, 7, 5]], true, 1, -1],
      ],
    },
    {
      name: 'other pictures',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [drawn(random, 5, 4, 1, 9), true, -2, 1],
        [drawn(random, 3, 6, 1, 9), false, 1, -2 - random.below(2)],
        [drawn(random, 4, 5, 1, 9), true, 0, 0],
        [[[1 + random.below(9)]], true, 0, 0],
      ],
    },
  ],
  mistakes: [
    {
      name: 'turns it upside down',
      answer: varied('upside down'),
      hint:
        'The shoe stands on its head. Which is exchanged by a mirror beside the picture: the rows, or the numbers ' +
        'in each row?',
    },
    {
      name: 'moves it the other way',
      answer: varied('other way'),
      hint:
        'It moves up where it should move down. A pixel of the new picture in row 3, moved down by 1: in which row ' +
        'was it before?',
    },
    {
      name: 'lets what goes out come in on the other side',
      answer: varied('wraps'),
      hint: 'What is pushed out on one side comes in on the other. What should stand there instead?',
    },
    {
      name: 'mirrors after moving',
      answer: varied('shifted first'),
      hint: 'Each of the two is right, together they are not. In which order does the task ask for them?',
    },
    {
      name: 'changes the picture that it was given',
      answer: (picture: Table, flip: boolean, down: number, right: number) =>
        varied()(flip ? picture.map((row) => row.reverse()) : picture, false, down, right),
      hint:
        'The new picture is right, but the old one has been mirrored too: `reverse` turns the list itself round. ' +
        'Make a copy of the row first.',
    },
  ],
};

// 3.10

const separableWork: Exercise = {
  id: '3.10',
  kind: 'number',
  title: 'The same with less work',
  goal: 'You can say how many multiply-adds a depthwise separable convolution takes.',
  points: 1,
  difficulty: 'medium',
  minutes: 10,
  section: '3 · Can training be faster?',
  answer: 'multiplyAdds',
  version: 1,
  given: (random) => {
    const side = 7 * 2 ** random.below(3);
    const channels = 12 + 4 * random.below(10);
    return { side, channels, filters: channels + 4 * (2 + random.below(10)) };
  },
  solution: ({ side, channels, filters }) => {
    const ofEachChannel = 3 * 3;
    const ofEachFilter = channels;
    return side * side * (channels * ofEachChannel + filters * ofEachFilter);
  },
  unit: 'multiply-adds',
  mistakes: [
    {
      name: 'counts the usual convolution',
      answer: ({ side, channels, filters }) => 9 * channels * filters * side ** 2,
      hint:
        'This is the work of a usual convolution, where each filter reaches through all channels with 3 × 3 ' +
        'numbers. Here that is divided into two parts.',
    },
    {
      name: 'counts one place',
      answer: ({ channels, filters }) => 9 * channels + channels * filters,
      hint: 'These are the weights, so the work at one place. At how many places is it done?',
    },
    {
      name: 'counts the first part only',
      answer: ({ side, channels }) => 9 * channels * side ** 2,
      hint: 'This is the first part, where each channel is alone. What does the second part take, at each place?',
    },
    {
      name: 'counts the second part only',
      answer: ({ side, channels, filters }) => channels * filters * side ** 2,
      hint: 'This is the second part, with kernels of 1 × 1. What does the first one take, at each place?',
    },
    {
      name: 'lets the first part make as many maps as there are filters',
      answer: ({ side, channels, filters }) => (9 * filters + channels * filters) * side ** 2,
      hint: 'Nearly: look at the first part again. How many maps are there before the second part has mixed them?',
    },
  ],
};

// 3.11

type Quantised = { numbers: Table; scales: number[] };

const quantised = (slip?: '128' | 'no sign' | 'truncates' | 'one scale' | 'zeros') => (filters: Table): Quantised => {
  const largest = (weights: number[]): number => Math.max(...weights.map(slip === 'no sign' ? Number : Math.abs));
  const scales = filters.map((weights) => {
    const most = largest(slip === 'one scale' ? filters.flat() : weights);
    return most === 0 && slip !== 'zeros' ? 1 : most / (slip === '128' ? 128 : 127);
  });
  const round = slip === 'truncates' ? Math.trunc : (value: number) => Number(value.toFixed(0));
  return { numbers: filters.map((weights, i) => weights.map((weight) => round(weight / scales[i]))), scales };
};

/** Filters whose weights lie on no boundary between two whole numbers. */
const drawnFilters = (random: Random, count: number, length: number): Table => Array.from({ length: count }, (_, i) => {
  const scale = 0.001 * (1 + i + random.below(5));
  const numbers = Array.from({ length }, () => random.below(240) - 120 + (random.below(2) === 0 ? 0.2 : 0.8));
  return [-127, ...numbers].map((number) => rounded(number * scale, 6));
});

const quantise: Exercise = {
  id: '3.11',
  kind: 'function',
  title: 'Weights in one byte',
  goal: 'You can turn float32 weights into int8 and say what each number stands for.',
  points: 3,
  difficulty: 'medium',
  minutes: 15,
  section: 'Smaller numbers',
  answer: 'quantise',
  version: 1,
  solution: quantised(),
  criteria: [
    { name: 'one filter', points: 1, inputs: () => [[[[0.254, -0.1, 0.05, 0.003]]], [[[0.3, 0.2, -1.27, 0.017]]]] },
    {
      name: 'several filters, also one of zeros',
      points: 1,
      inputs: () => [[[[0.635, -0.3, 0.12], [0.02, -0.0254, 0.0043], [0, 0, 0]]]],
    },
    {
      name: 'other filters',
      points: 1,
      hidden: true,
      inputs: (random) => [[drawnFilters(random, 3, 5)], [[...drawnFilters(random, 1, 2), [0, 0, 0]]], [[[-0.381]]]],
    },
  ],
  mistakes: [
    {
      name: 'divides by 128',
      answer: quantised('128'),
      hint: 'The largest weight becomes 128, and int8 ends at 127. Which number should it become?',
    },
    {
      name: 'looks for the largest without taking signs away',
      answer: quantised('no sign'),
      hint:
        'Where the largest weight is a negative one, numbers fall below −127. Which one is largest when only the ' +
        'size counts?',
    },
    {
      name: 'cuts the digits off',
      answer: quantised('truncates'),
      hint: 'Some numbers are off by one, always towards 0: cutting off is not rounding.',
    },
    {
      name: 'uses one scale for all filters',
      answer: quantised('one scale'),
      hint:
        'With one scale for all, a filter of small weights gets only a few different numbers. Each filter has its ' +
        'own.',
      earns: 1,
    },
    {
      name: 'divides by zero',
      answer: quantised('zeros'),
      hint: 'One filter has only zeros, and 0 / 0 is not a number. The task says which scale it gets.',
      earns: 1,
    },
  ],
};

// 3.12

const checkpoint: Exercise = {
  id: '3.12',
  kind: 'choice',
  title: 'What a checkpoint must hold',
  goal: 'You can say what a training needs to go on as if nothing had happened.',
  points: 1,
  difficulty: 'medium',
  minutes: 6,
  section: '5 · What if the training is interrupted?',
  answer: 'inCheckpoint',
  version: 1,
  options: 'abcdef',
  solution: 'abdf',
  mistakes: [
    {
      name: 'the weights alone',
      answer: 'a',
      hint:
        'With the weights alone the network answers as before. But does it also *learn* as before? Go through Adam, ' +
        'the order of the pictures, and batch normalisation.',
    },
    {
      name: 'no order of the pictures',
      answer: 'abf',
      hint: 'The next batch should be the one that would have come. Where does its random order come from?',
    },
    {
      name: 'no moving means',
      answer: 'abd',
      hint:
        'One thing is missing that changes in training although no gradient does it. (What are the parameters that ' +
        'are not trainable?)',
    },
    {
      name: 'no optimizer',
      answer: 'adf',
      hint: 'What does Adam know of the steps before, and what would its next step be if it had forgotten that?',
    },
    {
      name: 'gradients too',
      answer: 'abdef',
      hint: 'One too many: what was computed for a step that is done is not needed for the next one.',
    },
  ],
};

// 3.13

const ownPicture = (slip?: 'not inverted' | '256' | 'corner' | 'swapped' | 'rounds up' | 'cut short') =>
  (photo: Table, size: number): Table => {
    const inverted = photo.map((row) => row.map((pixel) => (slip === '256' ? 256 : 255) - pixel));
    const isInk = (number: number): boolean => number > 0;
    const rows = [...photo.keys()].filter((row) => inverted[row].some(isInk));
    const columns = [...photo[0].keys()].filter((column) => inverted.some((row) => isInk(row[column])));
    const less = slip === 'cut short' ? 1 : 0;
    const [top, left] = [rows[0], columns[0]];
    const [height, width] = [rows[rows.length - 1] - top + 1 - less, columns[columns.length - 1] - left + 1 - less];
    const margin = (length: number): number =>
      (slip === 'corner' ? 0 : (slip === 'rounds up' ? Math.ceil : Math.floor)((size - length) / 2));
    const [down, right] = slip === 'swapped' ? [margin(width), margin(height)] : [margin(height), margin(width)];
    return Array.from({ length: size }, (_, row) => Array.from({ length: size }, (__, column) => {
      const [y, x] = [row - down, column - right];
      if (y < 0 || x < 0 || y >= height || x >= width) return 0;
      return (slip === 'not inverted' ? photo : inverted)[y + top][x + left];
    }));
  };

/** Something dark in a corner of a white photo. */
const drawnPhoto = (
  random: Random, [height, width]: number[], [ink, inkWidth]: number[], [top, left]: number[],
): Table =>
  Array.from({ length: height }, (_, row) => Array.from({ length: width }, (__, column) => {
    const isInk = row >= top && row < top + ink && column >= left && column < left + inkWidth;
    return isInk ? 5 * random.below(50) : 255;
  }));

const likeTheDataset: Exercise = {
  id: '3.13',
  kind: 'function',
  title: 'Your photo, like the others',
  goal: 'You can make a photo look like the pictures that a network has learned from.',
  points: 2,
  difficulty: 'hard',
  minutes: 20,
  section: '6 · Does it read your own picture?',
  answer: 'likeTheDataset',
  version: 1,
  solution: ownPicture(),
  criteria: [
    {
      name: 'light on black, in the middle',
      points: 1,
      inputs: () => [
        [[[255, 255, 255, 255], [255, 55, 155, 255], [255, 105, 5, 255], [255, 255, 255, 255]], 4],
        [[[75, 95, 255, 255, 255], [255, 255, 255, 255, 255], [55, 35, 255, 255, 255], [255, 255, 255, 255, 255]], 6],
        [[[255, 255, 255, 255, 255], [255, 255, 255, 255, 255], [255, 255, 105, 5, 155]], 4],
      ],
    },
    {
      name: 'other photos',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [drawnPhoto(random, [7, 6], [4, 2], [3, random.below(5)]), 9],
        [drawnPhoto(random, [5, 8], [2, 5], [random.below(4), 0]), 6],
        [drawnPhoto(random, [3, 3], [1, 1], [2, 2]), 4],
      ],
    },
  ],
  mistakes: [
    {
      name: 'stays dark on light',
      answer: ownPicture('not inverted'),
      hint: 'It is in the right place, but still dark: white (255) should become black (0), and black white.',
    },
    {
      name: 'takes pixels away from 256',
      answer: ownPicture('256'),
      hint: 'The ground has become 1 instead of 0. Between which two numbers do pixels lie, and what must 255 become?',
    },
    {
      name: 'leaves it in the corner',
      answer: ownPicture('corner'),
      hint:
        'What was found lies at the top left. How much room is left over beside it, and how much of that belongs on ' +
        'each side?',
    },
    {
      name: 'exchanges the margins',
      answer: ownPicture('swapped'),
      hint:
        'The margin above is computed from the width, and the one on the left from the height. Which belongs to ' +
        'which?',
    },
    {
      name: 'rounds the margin up',
      answer: ownPicture('rounds up'),
      hint:
        'Where the room cannot be halved evenly, yours lies a pixel too far down or right. The task says which way ' +
        'to round.',
    },
    {
      name: 'cuts the last row and column off',
      answer: ownPicture('cut short'),
      hint: 'The last row and the last column of what was found are missing: from row 2 to row 4 are how many rows?',
    },
  ],
};

// 3.14

type Volume = number[][][];

const onePlace = (slip?: 'no bias' | 'no relu' | 'first channel' | 'bias each' | 'relu each' | 'swapped') =>
  (maps: Volume, kernel: Volume, bias: number, row: number, column: number): number => {
    const [top, left] = slip === 'swapped' ? [column, row] : [row, column];
    const sums = kernel[0][0].map((_, channel) => total(kernel.flatMap((line, i) => line.map((weights, j) =>
      weights[channel] * (maps[top + i]?.[left + j]?.[channel] ?? 0)))));
    const used = slip === 'first channel' ? sums.slice(0, 1) : sums;
    const kept = slip === 'relu each' ? used.map((sum) => Math.max(0, sum)) : used;
    const biases = slip === 'no bias' ? 0 : slip === 'bias each' ? bias * sums.length : bias;
    const sum = total(kept) + biases;
    return slip === 'no relu' ? sum : Math.max(0, sum);
  };

const drawnVolume = (random: Random, [height, width, channels]: number[], low: number, count: number): Volume =>
  Array.from({ length: height }, () => drawn(random, width, channels, low, count));

/** Weights whose sum is surely positive or negative on maps without negative numbers; the first channel pulls back. */
const pulling = (random: Random, [height, width, channels]: number[], sign: 1 | -1): Volume =>
  drawnVolume(random, [height, width, channels], 1, 2).map((line) => line.map((weights) =>
    weights.map((weight, channel) => sign * (channel === 0 ? -1 : 2 * weight))));

const neuron: Exercise = {
  id: '3.14',
  kind: 'function',
  title: 'One number of a layer',
  goal: 'You can compute what a convolutional layer answers at one place, through all channels.',
  points: 2,
  difficulty: 'medium',
  minutes: 15,
  section: '7 · What is a convolution, in the network?',
  answer: 'onePlace',
  version: 1,
  solution: onePlace(),
  criteria: [
    {
      name: 'window, channels, bias and ReLU',
      points: 1,
      inputs: () => [
        [[[[1, 2], [0, 1], [2, 0]], [[3, 1], [1, 1], [0, 2]]], [[[1, -1], [0, 2]], [[1, 0], [-1, 1]]], 2, 0, 0],
        [[[[1, 2], [0, 1], [2, 0]], [[3, 1], [1, 1], [0, 2]]], [[[1, 2]]], -1, 0, 1],
        [[[[1, 2], [0, 1], [2, 0]], [[3, 1], [1, 1], [0, 2]]], [[[-2, 1]]], -0.5, 1, 0],
        [
          [[[1, 2], [4, 1], [2, 0]], [[3, 1], [1, 1], [0, 2]], [[2, 2], [1, 0], [3, 1]]],
          [[[-1, 3]], [[2, -1]]], 0.5, 1, 2,
        ],
      ],
    },
    {
      name: 'other layers',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [drawnVolume(random, [5, 6, 3], 1, 9), pulling(random, [3, 2, 3], 1), 2 + random.below(5), 1, 3],
        [drawnVolume(random, [6, 4, 4], 1, 9), pulling(random, [2, 2, 4], -1), -3, 3, 1],
        [[[[4]]], [[[-1]]], 1 + random.below(3), 0, 0],
      ],
    },
  ],
  mistakes: [
    {
      name: 'forgets the bias',
      answer: onePlace('no bias'),
      hint: 'The products are right. What is added to each sum besides?',
    },
    {
      name: 'forgets ReLU',
      answer: onePlace('no relu'),
      hint: 'Where the sum is positive it is right. What does ReLU make of the others?',
    },
    {
      name: 'looks at the first channel only',
      answer: onePlace('first channel'),
      hint: 'A kernel reaches through all channels. Which loop is missing?',
    },
    {
      name: 'adds the bias for each channel',
      answer: onePlace('bias each'),
      hint: 'The bias was added more than once. It belongs to the filter, not to a channel: when is the sum complete?',
    },
    {
      name: 'applies ReLU to each channel',
      answer: onePlace('relu each'),
      hint: 'What one channel says against it is lost. ReLU comes once, after everything has been added up.',
    },
    {
      name: 'exchanges row and column',
      answer: onePlace('swapped'),
      hint: 'You looked at the place [column, row]. Which one comes first in `maps[…][…]`?',
    },
  ],
};

// 3.15

const softmax: Exercise = {
  id: '3.15',
  kind: 'function',
  title: 'Softmax that never overflows',
  goal: 'You can turn any numbers into probabilities, also very large ones.',
  points: 3,
  difficulty: 'medium',
  minutes: 12,
  section: '8 · What are ReLU, softmax and Adam?',
  answer: 'softmax',
  version: 1,
  tensors: true,
  // Without tensors, in double precision.
  solution: (logits: tf.Tensor2D) => tf.tensor2d(logits.arraySync().map((row) => {
    const largest = Math.max(...row);
    return row.map((x) => Math.exp(x - largest) / total(row.map((other) => Math.exp(other - largest))));
  })),
  criteria: [
    {
      name: 'rows of small numbers',
      points: 1,
      inputs: () => [[tensor([2, 3], [2, -1, 0.5, 1, 1, 3])], [tensor([3, 2], [0, 1, 4, 2, -1, -3])]],
    },
    {
      name: 'very large and very small numbers',
      points: 1,
      inputs: () => [[tensor([2, 3], [1000, 999, 998, 1, 2, 3])], [tensor([2, 2], [-1000, -1001, 0, 2])]],
    },
    {
      name: 'other rows',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [tensor([4, 5], Array.from({ length: 20 }, () => random.between(-4, 4)))],
        [tensor([3, 2], [500, 499 - random.fraction(), random.between(-1, 1), 0.5, -900, -899 - random.fraction()])],
        [tensor([1, 3], [0, random.between(1, 2), -1])],
      ],
    },
  ],
  mistakes: [
    {
      name: 'adds up the columns',
      answer: (logits: tf.Tensor2D) => tf.tidy(() => tf.softmax(logits.transpose()).transpose()),
      hint: 'Each column adds up to 1, but each row is a picture. Which axis are the classes?',
    },
    {
      name: 'takes nothing away first',
      answer: (logits: tf.Tensor2D) => tf.tidy(() => tf.exp(logits).div(tf.exp(logits).sum(1, true))),
      hint:
        'Small numbers are right. e to the power of 1000 is infinite for a computer: what may be taken away from ' +
        'all numbers of a row without changing the result?',
      earns: 1,
    },
    {
      name: 'takes the largest of all rows away',
      answer: (logits: tf.Tensor2D) => tf.tidy(() => {
        const powers = tf.exp(logits.sub(logits.max()));
        return powers.div(powers.sum(1, true));
      }),
      hint:
        'One row has become NaN: what was taken away belongs to another row, and all its powers are 0. Each row has ' +
        'a largest number of its own.',
      earns: 1,
    },
    {
      name: 'divides without e',
      answer: (logits: tf.Tensor2D) => tf.tidy(() => logits.div(logits.sum(1, true))),
      hint:
        'The rows add up to 1, but there are negative ones among them, and those are no probabilities. What comes ' +
        'before the dividing?',
    },
    {
      name: 'adds up all rows together',
      answer: (logits: tf.Tensor2D) => tf.tidy(() => tf.exp(logits).div(tf.exp(logits).sum())),
      hint:
        'All numbers together add up to 1, but each row is a picture of its own. `sum` can be told along which axis ' +
        'to add.',
    },
    {
      name: 'loses the axis along which it adds',
      answer: (logits: tf.Tensor2D) => tf.tidy(() => tf.exp(logits).div(tf.exp(logits).sum(1))),
      hint:
        'The sums of the rows have the shape [n], and [n, classes] cannot be divided by that. The second argument of ' +
        '`sum` and `max`, `keepDims`, keeps the axis with a size of 1: [n, 1].',
    },
    {
      name: 'divides by the largest',
      answer: (logits: tf.Tensor2D) => tf.tidy(() => tf.exp(logits.sub(logits.max(1, true)))),
      hint: 'The largest of each row is 1, so the rows add up to more than 1. By what are the powers divided?',
    },
  ],
};

// 3.16

type AdamState = { weight: number; m: number; v: number };

const adam = (slip?: 'no correction' | 'keeps corrected' | 'climbs' | 'no square' | 'exchanged') =>
  ({ weight, m, v }: AdamState, gradient: number, t: number): AdamState => {
    const [first, second] = slip === 'exchanged' ? [0.999, 0.9] : [0.9, 0.999];
    const square = slip === 'no square' ? Math.abs(gradient) : gradient ** 2;
    const mixed = { m: m + (1 - first) * (gradient - m), v: v + (1 - second) * (square - v) };
    const corrected = { m: mixed.m / (1 - first ** t), v: mixed.v / (1 - second ** t) };
    const used = slip === 'no correction' ? mixed : corrected;
    const step = (slip === 'climbs' ? -0.1 : 0.1) * used.m / (Math.sqrt(used.v) + 1e-7);
    return { weight: weight - step, ...(slip === 'keeps corrected' ? corrected : mixed) };
  };

const adamStep: Exercise = {
  id: '3.16',
  kind: 'function',
  title: 'One step of Adam',
  goal: 'You can do a step of Adam by hand and say what its two running means are for.',
  points: 3,
  difficulty: 'hard',
  minutes: 20,
  section: '8 · What are ReLU, softmax and Adam?',
  answer: 'adamStep',
  version: 1,
  tolerance: 1e-8,
  solution: adam(),
  criteria: [
    {
      name: 'the first step',
      points: 1,
      inputs: () => [[{ weight: 1, m: 0, v: 0 }, 2, 1], [{ weight: -0.5, m: 0, v: 0 }, -0.3, 1]],
    },
    {
      name: 'a later step',
      points: 1,
      inputs: () => [[{ weight: 0.9, m: 0.2, v: 0.004 }, 1.8, 2], [{ weight: 0.4, m: -0.1, v: 0.02 }, 0.5, 20]],
    },
    {
      name: 'other steps',
      points: 1,
      hidden: true,
      inputs: (random) => [
        [{ weight: rounded(random.between(-2, 2), 3), m: 0, v: 0 }, rounded(random.between(2, 5), 3), 1],
        [{ weight: 1, m: rounded(random.between(-1, 1), 3), v: rounded(random.between(0.1, 2), 3) }, -3, 2],
        [{ weight: 0.25, m: 0.5, v: rounded(random.between(0.5, 1), 3) }, 0, 3 + random.below(5)],
      ],
    },
  ],
  mistakes: [
    {
      name: 'does not correct the means',
      answer: adam('no correction'),
      hint:
        'm and v are right, the weight is not. Both begin at 0 and are too small at first: by what are they divided ' +
        'before the step?',
    },
    {
      name: 'keeps the corrected means',
      answer: adam('keeps corrected'),
      hint:
        'The weight is right, but the corrected means are only for the step. The running means go on without the ' +
        'correction.',
    },
    {
      name: 'goes uphill',
      answer: adam('climbs'),
      hint: 'The weight moves towards a larger loss. Which way does the gradient point?',
    },
    {
      name: 'forgets the square',
      answer: adam('no square'),
      hint: 'v is the running mean of the gradient’s *square*. Look at the line for v.',
    },
    {
      name: 'exchanges the two betas',
      answer: adam('exchanged'),
      hint: 'm changes too slowly and v too fast: which of the two betas is whose?',
    },
    {
      name: 'changes the state that it was given',
      answer: (state: AdamState, gradient: number, t: number) => Object.assign(state, adam()(state, gradient, t)),
      hint:
        'The numbers are right, but the state that came in was changed. Make a new one: `{ weight: …, m: …, v: … ' +
        '}`.',
    },
  ],
};

// 3.17

const untrained = (filters: number): tf.LayersModel => tf.sequential({ layers: [
  tf.layers.rescaling({ inputShape: [28, 28, 1], scale: 1 / 255 }),
  tf.layers.conv2d({ filters, kernelSize: 3, strides: 2, activation: 'relu' }),
  tf.layers.flatten(),
  tf.layers.dense({ units: 10, activation: 'softmax' }),
] });

/** Nine places of the picture, and nothing else. */
const dense = (): tf.LayersModel => tf.sequential({ layers: [
  tf.layers.averagePooling2d({ inputShape: [28, 28, 1], poolSize: 9 }),
  tf.layers.flatten(),
  tf.layers.dense({ units: 10, activation: 'softmax' }),
] });

const design: Exercise = {
  id: '3.17',
  kind: 'trained',
  title: 'Small and good',
  goal: 'You can design a network for a given number of parameters, train it, and hand it in.',
  points: 4,
  difficulty: 'hard',
  minutes: 60,
  section: '4 · Can it be smaller?',
  answer: 'tiny',
  version: 1,
  pictures: { dataset: 'fashion-mnist', shape: [28, 28, 1], scale: 1 },
  requirements: [
    {
      name: 'at most 50,000 parameters',
      points: 1,
      parameters: { atLeast: 1000, atMost: 50_000 },
      hint:
        'Look at the column Param # of `summary(tiny)`: which layer has most of them? All count, also those that ' +
        'are not trainable.',
    },
  ],
  levels: [
    {
      accuracy: 0.9,
      points: 1,
      hint:
        'Has it been trained, on all pictures and with its pixels from 0 to 255 divided inside the network? Then ' +
        'look at the two curves: do both stand low (too small, too few steps), or only the validation ' +
        '(over-fitting)?',
    },
    {
      accuracy: 0.92,
      points: 1,
      hint:
        'Question 2 of the lesson has a list of what helps, and question 4 says where parameters are spent for ' +
        'little. Which of these ideas is not in your network yet?',
    },
    {
      accuracy: 0.93,
      points: 1,
      hint:
        'You are close. Change one thing at a time and go by the validation accuracy: the schedule and its first ' +
        'rate, the number of epochs, dropout, mirrored pictures, one more convolution where the maps are small.',
    },
  ],
  mistakes: [
    { name: 'is not trained', answer: () => untrained(8), fails: 'accuracy 0.9', earns: 1 },
    { name: 'has too many parameters', answer: () => untrained(48), fails: 'at most 50,000 parameters' },
    { name: 'has almost no parameters', answer: () => dense(), fails: 'at most 50,000 parameters' },
  ],
};

export const exercises: readonly Exercise[] = [
  outputSize, conv2d, maxPool, receptiveField, surerAndWrong, steps, readSweep, makeNetwork, vary, separableWork,
  quantise, checkpoint, likeTheDataset, neuron, softmax, adamStep, design,
];
