import type { Exercise } from '@course/lib/exercises';
import { tf } from '@course/lib/tensorflow';

type Mode = 'squash' | 'crop' | 'fill';

/** Where the scaled picture lies in the square; how far from the middle of it `share` says. */
const placedWith = (
  scaleOf: (width: number, height: number, side: number, mode: Mode) => number,
  { round = Math.round, share = 0.5 } = {},
) => (width: number, height: number, side: number, mode: Mode) => {
  const scale = scaleOf(width, height, side, mode);
  const [scaledWidth, scaledHeight] = mode === 'squash' ? [side, side] : [round(width * scale), round(height * scale)];
  return {
    width: scaledWidth,
    height: scaledHeight,
    left: Math.floor((side - scaledWidth) * share),
    top: Math.floor((side - scaledHeight) * share),
  };
};

const scaleFor = (width: number, height: number, side: number, mode: Mode): number =>
  side / (mode === 'crop' ? Math.min(width, height) : Math.max(width, height));

/** A colour whose brightness does not lie in the middle between two whole numbers: rounding is not what is asked. */
const clearColour = (channel: () => number): number[] => {
  for (;;) {
    const [red, green, blue] = [channel(), channel(), channel()];
    const above = (299 * red + 587 * green + 114 * blue) % 1000;
    if (Math.abs(above - 500) > 1) return [red, green, blue];
  }
};

/** Grey by other weights, or rounded in another way. */
const greyWith = (red: number, green: number, blue: number, round = Math.round) =>
  (picture: number[][][]): number[][] =>
    picture.map((row) => row.map(([r, g, b]) => round(red * r + green * g + blue * b)));

/** Side of the grid behind a convolution and pooling, twice. */
const gridBehind = (side: number, behindOne: (side: number) => number): number => behindOne(behindOne(side));

/** The indices of each class, the classes in the order of their numbers. */
const indicesOf = (labels: readonly number[]): number[][] =>
  [...new Set(labels)].sort((a, b) => a - b).map((label) => labels.flatMap((each, i) => (each === label ? [i] : [])));

interface Split {
  train: number[];
  validation: number[];
}

/** How many of a class with `count` pictures go to validation. */
const heldBack = (count: number, part: number): number =>
  (count === 1 ? 0 : Math.min(count - 1, Math.max(1, Math.round(count * part))));

/** The stratified split, with another number of pictures held back. */
const splitWith = (heldBackOf: (count: number, part: number) => number) => (labels: number[], part: number): Split => {
  const validation = indicesOf(labels)
    .flatMap((indices) => indices.slice(0, heldBackOf(indices.length, part)))
    .sort((a, b) => a - b);
  return { train: labels.map((_, i) => i).filter((i) => !validation.includes(i)), validation };
};

/** Top-k accuracy of rows whose order of classes is given, best first. */
const topWith = (
  ranked: (row: number[]) => number[],
  { within = (rank: number, k: number) => rank < k, part = true } = {},
) => (probabilities: number[][], labels: number[], k: number): number => {
  const right = labels.filter((label, i) => within(ranked(probabilities[i]).indexOf(label), k)).length;
  return part ? right / labels.length : right;
};

const classesBy = (order: (a: number, b: number) => number) => (row: number[]): number[] =>
  row.map((_, label) => label).sort((a, b) => order(row[a], row[b]));

/** Predictions of five pictures; in the first there is one that JavaScript writes as 1e-7. */
const FIVE_ROWS = [
  [0.7, 0.0000001, 0.2, 0.1],
  [0.1, 0.2, 0.3, 0.4],
  [0.5, 0.3, 0.15, 0.05],
  [0.2, 0.6, 0.15, 0.05],
  [0.2, 0.1, 0.4, 0.3],
];

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const columnOf = (matrix: readonly (readonly number[])[], column: number): number[] => matrix.map((row) => row[column]);

const counted = (labels: number[], predictions: number[], numClasses: number): number[][] =>
  Array.from({ length: numClasses }, (_, label) => Array.from({ length: numClasses }, (__, prediction) =>
    labels.filter((each, i) => each === label && predictions[i] === prediction).length));

/** The diagonal of a confusion matrix divided by its rows' and columns' sums. */
const measuresWith = (divided: (right: number, all: number) => number | undefined) => (confusion: number[][]) => ({
  precision: confusion.map((row, i) => divided(row[i], sumOf(columnOf(confusion, i)))),
  recall: confusion.map((row, i) => divided(row[i], sumOf(row))),
});

interface LeNet {
  channels?: number;
  pooling?: 'average' | 'max';
  padding?: 'valid' | 'same';
  flatten?: boolean;
  activation?: 'tanh' | 'relu';
  hidden?: number[];
}

/** LeNet as of 1998, or one that differs from it. */
const leNet = ({
  channels = 1, pooling = 'average', padding = 'valid', flatten = true, activation = 'tanh', hidden = [120, 84],
}: LeNet = {}): tf.LayersModel => {
  const pool = () => (pooling === 'average'
    ? tf.layers.averagePooling2d({ poolSize: 2 }) : tf.layers.maxPooling2d({ poolSize: 2 }));
  return tf.sequential({ layers: [
    tf.layers.inputLayer({ inputShape: [32, 32, channels] }),
    tf.layers.conv2d({ filters: 6, kernelSize: 5, padding, activation }),
    pool(),
    tf.layers.conv2d({ filters: 16, kernelSize: 5, padding, activation }),
    pool(),
    ...(flatten ? [tf.layers.flatten()] : []),
    ...hidden.map((units) => tf.layers.dense({ units, activation })),
    tf.layers.dense({ units: 10, activation: 'softmax' }),
  ] });
};

/** A network for pictures of 28 x 28 that is not trained. */
const reader = (filters: number[], units: number): tf.LayersModel => tf.sequential({ layers: [
  tf.layers.inputLayer({ inputShape: [28, 28, 1] }),
  ...filters.flatMap((each) => [
    tf.layers.conv2d({ filters: each, kernelSize: 5, activation: 'relu' }), tf.layers.maxPooling2d({ poolSize: 2 }),
  ]),
  tf.layers.flatten(),
  tf.layers.dense({ units, activation: 'relu' }),
  tf.layers.dense({ units: 10, activation: 'softmax' }),
] });

export const exercises: Exercise[] = [
  {
    kind: 'function',
    id: '5.1',
    title: 'Classes from folders',
    goal: 'You can read the class of each picture off its path.',
    points: 2,
    difficulty: 'medium',
    minutes: 10,
    section: 'Data: a folder',
    answer: 'classesOf',
    version: 1,
    solution: (paths: string[]) => {
      const names = paths.map((path) => /([^/]+)\/[^/]+$/.exec(path)![1]);
      const classNames = names.filter((name, i) => names.indexOf(name) === i).sort();
      return { classNames, labels: names.map((name) => classNames.indexOf(name)) };
    },
    criteria: [
      {
        name: 'the folder that a file lies in',
        points: 1,
        inputs: () => [
          [['pets/dog/1.jpg', 'pets/cat/1.jpg', 'pets/dog/2.jpg']],
          [['digits/train/7/0.png', 'digits/train/1/0.png', 'digits/train/7/1.png', 'digits/train/4/0.png']],
        ],
      },
      {
        name: 'other folders',
        points: 1,
        hidden: true,
        inputs: (random) => {
          const names = ['oak', 'maple', 'birch', 'elm', 'beech'];
          const paths = Array.from(random.permutation(15), (i) => `my/own/leaves/${names[i % 5]}/IMG.${1000 + i}.jpg`);
          return [[paths], [['coins/euro/a.b.png']], [['b/z/x.png', 'a/y/x.png', 'c/z/y.png']]];
        },
      },
    ],
    mistakes: [
      {
        name: 'takes the first folder',
        answer: (paths: string[]) => {
          const names = paths.map((path) => path.split('/')[0]);
          const classNames = [...new Set(names)].sort();
          return { classNames, labels: names.map((name) => classNames.indexOf(name)) };
        },
        hint: 'You have taken the folder that stands first in the path. The class is the folder in which the file ' +
          'itself lies.',
      },
      {
        name: 'takes the second folder',
        answer: (paths: string[]) => {
          const names = paths.map((path) => path.split('/')[1]);
          const classNames = [...new Set(names)].sort();
          return { classNames, labels: names.map((name) => classNames.indexOf(name)) };
        },
        hint: 'Right where two folders stand before the file. Others lie deeper: count from the end of the path, ' +
          'not from its beginning.',
      },
      {
        name: 'takes the name of the file',
        answer: (paths: string[]) => {
          const names = paths.map((path) => path.split('/').pop()!);
          const classNames = [...new Set(names)].sort();
          return { classNames, labels: names.map((name) => classNames.indexOf(name)) };
        },
        hint: 'That is the file itself. The class is the name of the folder around it.',
      },
      {
        name: 'does not sort the names',
        answer: (paths: string[]) => {
          const names = paths.map((path) => path.split('/').at(-2)!);
          const classNames = [...new Set(names)];
          return { classNames, labels: names.map((name) => classNames.indexOf(name)) };
        },
        hint: 'The names stand in the order in which they came. Sort them: otherwise another order of the files ' +
          'would give other labels, and a trained network would mean other classes.',
      },
      {
        name: 'keeps a name for each picture',
        answer: (paths: string[]) => {
          const classNames = paths.map((path) => path.split('/').at(-2)!).sort();
          return { classNames, labels: paths.map((path) => classNames.indexOf(path.split('/').at(-2)!)) };
        },
        hint: 'Each class stands in your list as often as it has pictures. A list of classes has each name once.',
      },
      {
        name: 'numbers classes from 1',
        answer: (paths: string[]) => {
          const names = paths.map((path) => path.split('/').at(-2)!);
          const classNames = [...new Set(names)].sort();
          return { classNames, labels: names.map((name) => classNames.indexOf(name) + 1) };
        },
        hint: 'Labels count from 0, so that `classNames[label]` is the name.',
      },
    ],
  },
  {
    kind: 'function',
    id: '5.2',
    title: 'Squash, crop or fill',
    goal: 'You can bring a picture of any proportions into a square, in three ways.',
    points: 3,
    difficulty: 'medium',
    minutes: 20,
    section: 'What can be in a folder',
    answer: 'placed',
    version: 1,
    solution: (width: number, height: number, side: number, mode: Mode) => {
      if (mode === 'squash') return { width: side, height: side, left: 0, top: 0 };
      const [across, down] = [width / side, height / side];
      const times = mode === 'crop' ? Math.min(across, down) : Math.max(across, down);
      const scaled = [Math.round(width / times), Math.round(height / times)];
      const [left, top] = scaled.map((length) => Math.floor((side - length) / 2));
      return { width: scaled[0], height: scaled[1], left, top };
    },
    criteria: [
      {
        name: 'squash and fill',
        points: 1,
        inputs: () => [[40, 20, 32, 'squash'], [40, 20, 32, 'fill'], [30, 80, 32, 'fill'], [30, 21, 32, 'fill']],
      },
      { name: 'crop', points: 1, inputs: () => [[40, 20, 32, 'crop'], [24, 60, 32, 'crop'], [30, 21, 32, 'crop']] },
      {
        name: 'other sizes',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [100 + random.below(50), 31, 28, 'fill'],
          [37, 100 + random.below(50), 28, 'crop'],
          [37, 100 + random.below(50), 24, 'fill'],
          [100 + random.below(50), 31, 24, 'crop'],
          [10 + random.below(5), 17, 64, 'squash'],
          [37, 50, 28, 'crop'],
          [19, 19, 32, 'crop'],
        ],
      },
    ],
    mistakes: [
      {
        name: 'crops where it should fill',
        answer: placedWith((width, height, side, mode) =>
          scaleFor(width, height, side, mode === 'crop' ? 'fill' : 'crop')),
        hint: 'Crop and fill are exchanged. With crop nothing of the square stays empty, so it is the shorter ' +
          'side that gets the length of the square.',
      },
      {
        name: 'thinks of wide pictures only',
        answer: placedWith((width, height, side, mode) => side / (mode === 'crop' ? height : width)),
        hint: 'Right for wide pictures. What if the picture is higher than wide? Which side is then the longer one?',
      },
      {
        name: 'lays the picture into the corner',
        answer: placedWith(scaleFor, { share: 0 }),
        hint: 'Width and height are right. The picture lies in the upper left corner; it belongs in the middle.',
      },
      {
        name: 'puts the whole margin on one side',
        answer: placedWith(scaleFor, { share: 1 }),
        hint: 'Width and height are right. What is left over lies all on one side: how much of it belongs on the ' +
          'left?',
      },
      {
        name: 'does not round',
        answer: placedWith(scaleFor, { round: (value: number) => value }),
        hint: 'Some sizes are no whole numbers. There is no half pixel: round to the nearest.',
      },
      {
        name: 'rounds down',
        answer: placedWith(scaleFor, { round: Math.floor }),
        earns: 1,
        hint: 'A size is one pixel too small: it was cut off where it should go to the nearest whole number.',
      },
    ],
  },
  {
    kind: 'function',
    id: '5.3',
    title: 'Grey from colour',
    goal: 'You can turn a colour picture into a grey one as bright as the eye sees it.',
    points: 2,
    difficulty: 'easy',
    minutes: 5,
    section: 'The folder becomes a dataset',
    answer: 'grey',
    version: 1,
    // In thousandths and thus exact, where the notebook's has fractions.
    solution: (picture: number[][][]) => picture.map((row) =>
      row.map(([red, green, blue]) => Math.floor((299 * red + 587 * green + 114 * blue + 500) / 1000))),
    criteria: [
      {
        name: 'a picture of four pixels',
        points: 1,
        inputs: () => [[[[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [200, 200, 200]]]]],
      },
      {
        name: 'other pictures',
        points: 1,
        hidden: true,
        inputs: (random) => [[4, 3], [1, 5], [1, 1]].map(([height, width]) => [
          Array.from({ length: height }, () =>
            Array.from({ length: width }, () => clearColour(() => 20 + random.below(236)))),
        ]),
      },
    ],
    mistakes: [
      {
        name: 'takes the mean of the channels',
        answer: greyWith(1 / 3, 1 / 3, 1 / 3),
        hint: 'Red, green and blue have become equally bright. The eye sees green as much brighter than blue: ' +
          'each channel has a weight of its own.',
      },
      {
        name: 'reads blue, green, red',
        answer: greyWith(0.114, 0.587, 0.299),
        hint: 'Green is right, red and blue are exchanged: in which order do the three numbers of a pixel stand?',
      },
      {
        name: 'does not round',
        answer: greyWith(0.299, 0.587, 0.114, (value) => value),
        hint: 'The brightness is right, but a pixel is a whole number.',
      },
      {
        name: 'rounds down',
        answer: greyWith(0.299, 0.587, 0.114, (value) => Math.floor(value + 1e-9)),
        hint: 'One of the pixels is 1 too dark: it was cut off where it should go to the nearest whole number.',
      },
      {
        name: 'takes one channel',
        answer: (picture: number[][][]) => picture.map((row) => row.map(([red]) => red)),
        hint: 'You have kept the red channel alone. The grey of a pixel depends on all three.',
      },
    ],
  },
  {
    kind: 'function',
    id: '5.4',
    title: 'How many of each class?',
    goal: 'You can count the pictures of each class before you train.',
    points: 2,
    difficulty: 'easy',
    minutes: 5,
    section: 'The folder becomes a dataset',
    answer: 'classCounts',
    version: 1,
    solution: (labels: number[], numClasses: number) =>
      Array.from({ length: numClasses }, (_, label) => labels.filter((each) => each === label).length),
    criteria: [
      { name: 'five classes, two of them empty', points: 1, inputs: () => [[[0, 3, 3, 1, 3], 5]] },
      {
        name: 'other labels',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [[...Array.from({ length: 20 }, () => 1 + random.below(6)), 2], 9],
          [[0], 1],
          [[], 3],
        ],
      },
    ],
    mistakes: [
      {
        name: 'leaves out empty classes',
        answer: (labels: number[]) =>
          [...new Set(labels)].sort((a, b) => a - b).map((label) => labels.filter((each) => each === label).length),
        hint: 'Classes without a picture are missing, so the others have moved to wrong places. Begin with a 0 ' +
          'for each class.',
      },
      {
        name: 'ends at the largest label',
        answer: (labels: number[]) => Array.from(
          { length: Math.max(-1, ...labels) + 1 }, (_, label) => labels.filter((each) => each === label).length),
        hint: 'The list is too short: it ends at the largest label that occurs. How many classes are there?',
      },
      {
        name: 'gives the share of each class',
        answer: (labels: number[], numClasses: number) => Array.from(
          { length: numClasses }, (_, label) => labels.filter((each) => each === label).length / labels.length),
        hint: 'These are parts of all pictures. Asked for is how many there are.',
      },
      {
        name: 'counts only whether a class occurs',
        answer: (labels: number[], numClasses: number) =>
          Array.from({ length: numClasses }, (_, label) => Number(labels.includes(label))),
        hint: 'There is a 1 for each class that occurs at all. A count grows with each picture.',
      },
    ],
  },
  {
    kind: 'function',
    id: '5.5',
    title: 'A fair split',
    goal: 'You can set validation pictures aside of each class alike.',
    points: 4,
    difficulty: 'hard',
    minutes: 25,
    section: 'The folder becomes a dataset',
    answer: 'fairSplit',
    version: 1,
    solution: splitWith(heldBack),
    criteria: [
      {
        name: 'each class alike',
        points: 2,
        inputs: () => [
          [[0, 0, 0, 0, 1, 1, 1, 1], 0.25],
          [[1, 1, 0, 0, 1, 0, 0, 1], 0.25],
          [[0, 0, 1, 0, 1, 0, 1, 0], 0.35],
        ],
      },
      { name: 'classes with few pictures', points: 1, inputs: () => [[[0, 0, 0, 0, 2, 1, 1], 0.2]] },
      {
        name: 'other datasets',
        points: 1,
        hidden: true,
        inputs: (random) => {
          const labels = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3];
          const shuffled = Array.from(random.permutation(labels.length), (i) => labels[i]);
          // The last and the first class once more, so that their order is not that of the classes.
          return [[[2, ...shuffled, 0, 0], 0.2], [[4, 4, 4, 1, 1], 0.9]];
        },
      },
    ],
    mistakes: [
      {
        name: 'takes the first of the whole list',
        answer: (labels: number[], part: number): Split => {
          const indices = labels.map((_, i) => i);
          const count = Math.round(labels.length * part);
          return { train: indices.slice(count), validation: indices.slice(0, count) };
        },
        hint: 'You have taken the first pictures of the whole list: where the list is sorted, they are all of one ' +
          'class. Go through the classes one by one.',
      },
      {
        name: 'rounds down',
        answer: splitWith((count, part) =>
          (count === 1 ? 0 : Math.min(count - 1, Math.max(1, Math.floor(count * part + 1e-9))))),
        earns: 1,
        hint: 'One class has a picture too few in validation: it asks for the nearest whole number, and you have ' +
          'rounded down.',
      },
      {
        name: 'can leave a class without validation',
        answer: splitWith((count, part) => Math.min(count - 1, Math.round(count * part))),
        earns: 2,
        hint: 'A small class has no picture in validation now. What does the task say about classes with two ' +
          'pictures or more?',
      },
      {
        name: 'holds a single picture back',
        answer: splitWith((count, part) => Math.max(1, Math.min(count - 1, Math.round(count * part)))),
        earns: 2,
        hint: 'There is a class with one picture only, and it went to validation: the network cannot learn that ' +
          'class any more.',
      },
      {
        name: 'puts one class after the other',
        answer: (labels: number[], part: number): Split => {
          const classes = indicesOf(labels);
          const isHeldBack = (indices: number[]) => heldBack(indices.length, part);
          return {
            train: classes.flatMap((indices) => indices.slice(isHeldBack(indices))),
            validation: classes.flatMap((indices) => indices.slice(0, isHeldBack(indices))),
          };
        },
        hint: 'The right pictures are in both lists, but class by class. Both lists shall be in ascending order.',
      },
      {
        name: 'learns from the validation pictures too',
        answer: (labels: number[], part: number): Split =>
          ({ train: labels.map((_, i) => i), validation: splitWith(heldBack)(labels, part).validation }),
        hint: 'The validation pictures are in `train` as well. Then the network has met them, and they tell nothing.',
      },
    ],
  },
  {
    kind: 'number',
    id: '5.6',
    title: 'What reaches the dense layer?',
    goal: 'You can follow the size of a picture through convolutions and pooling.',
    points: 1,
    difficulty: 'medium',
    minutes: 5,
    section: 'Build the model',
    answer: 'numbers',
    version: 1,
    given: (random) => ({
      side: 24 + 2 * random.below(14),
      window: 3 + 2 * random.below(2),
      filters1: 6 + random.below(10),
      filters2: 20 + random.below(20),
    }),
    solution: ({ side, window, filters2 }) =>
      filters2 * gridBehind(side, (each) => Math.floor((each - window + 1) / 2)) ** 2,
    unit: 'numbers',
    mistakes: [
      {
        name: 'forgets the channels',
        answer: ({ side, window }) => gridBehind(side, (each) => Math.floor((each - window + 1) / 2)) ** 2,
        hint: 'These are the places of the grid. How many numbers are at each place, behind the second convolution?',
      },
      {
        name: 'multiplies the filters of both convolutions',
        answer: ({ side, window, filters1, filters2 }) =>
          filters1 * filters2 * gridBehind(side, (each) => Math.floor((each - window + 1) / 2)) ** 2,
        hint: 'The grid is right. A convolution adds up over all channels that come in, so what comes out has as ' +
          'many channels as it has filters itself.',
      },
      {
        name: 'lets the convolution keep the size',
        answer: ({ side, filters2 }) => filters2 * gridBehind(side, (each) => Math.floor(each / 2)) ** 2,
        hint: 'You have halved twice, but the convolutions take something too: a window does not fit at every ' +
          'place of a row.',
      },
      {
        name: 'forgets the pooling',
        answer: ({ side, window, filters2 }) => filters2 * gridBehind(side, (each) => each - window + 1) ** 2,
        hint: 'The convolutions are right. What does a pooling of 2 do to the side of the grid?',
      },
      {
        name: 'loses one place too many',
        answer: ({ side, window, filters2 }) =>
          filters2 * gridBehind(side, (each) => Math.floor((each - window) / 2)) ** 2,
        hint: 'One place too few in each row. In a row of 5, how many places has a window of 5?',
      },
      {
        name: 'forgets that pictures have two sides',
        answer: ({ side, window, filters2 }) =>
          filters2 * gridBehind(side, (each) => Math.floor((each - window + 1) / 2)),
        hint: 'That is one row of the grid. How many rows are there?',
      },
    ],
  },
  {
    kind: 'model',
    id: '5.7',
    title: 'LeNet as it was in 1998',
    goal: 'You can build a network from its description and prove it by its parameters.',
    points: 5,
    difficulty: 'medium',
    minutes: 15,
    section: 'Build the model',
    answer: 'leNet1998',
    version: 1,
    solution: () => leNet(),
    requirements: [
      {
        name: 'takes grey pictures of 32 × 32',
        points: 1,
        inputShape: [null, 32, 32, 1],
        hint: 'The `inputShape` of one picture: height, width, and its channels. Grey pictures have one.',
      },
      {
        name: 'two convolutions, each with average pooling behind it, then three dense layers',
        points: 1,
        order: ['Conv2D', 'AveragePooling2D', 'Conv2D', 'AveragePooling2D', 'Flatten', 'Dense', 'Dense', 'Dense'],
        hint: 'Compare your layers, one by one, with the list in the task. Mind the kind of pooling, and what has ' +
          'to stand between a grid and a dense layer.',
      },
      {
        name: 'tanh in the four layers before the last',
        points: 1,
        layers: { of: ['Conv2D', 'Dense'], having: { activation: 'tanh' }, atLeast: 4, atMost: 4 },
        hint: 'In 1998 nobody used ReLU. Both convolutions and both hidden dense layers have `tanh`.',
      },
      {
        name: 'ten probabilities by softmax',
        points: 1,
        layers: { of: ['Dense'], having: { activation: 'softmax', units: 10 }, atLeast: 1, atMost: 1 },
        hint: 'The last layer has a neuron for each digit, and its probabilities add up to 1.',
      },
      {
        name: '61,706 parameters',
        points: 1,
        parameters: { atLeast: 61_706, atMost: 61_706 },
        hint: 'Look at your network with `summary`, and count each layer by hand as the lesson does. Which one ' +
          'has another number? If it is the first dense layer, the grid that reaches it has another size: 5 × 5 × ' +
          '16 is right.',
      },
    ],
    mistakes: [
      {
        name: 'max pooling',
        answer: () => leNet({ pooling: 'max' }),
        fails: 'two convolutions, each with average pooling behind it, then three dense layers',
        earns: 4,
      },
      {
        name: 'forgets to flatten',
        answer: () => leNet({ flatten: false }),
        fails: 'two convolutions, each with average pooling behind it, then three dense layers',
        earns: 3,
      },
      {
        name: 'ReLU',
        answer: () => leNet({ activation: 'relu' }),
        fails: 'tanh in the four layers before the last',
        earns: 4,
      },
      {
        name: 'pads the pictures',
        answer: () => leNet({ padding: 'same' }),
        fails: '61,706 parameters',
        earns: 4,
      },
      {
        name: 'takes colour pictures',
        answer: () => leNet({ channels: 3 }),
        fails: 'takes grey pictures of 32 × 32',
        earns: 3,
      },
      {
        name: 'forgets a dense layer',
        answer: () => leNet({ hidden: [120] }),
        fails: 'two convolutions, each with average pooling behind it, then three dense layers',
        earns: 2,
      },
    ],
  },
  {
    kind: 'trained',
    id: '5.8',
    title: 'A tenth of LeNet',
    goal: 'You can design and train a small network that reads digits nearly as well as a large one.',
    points: 5,
    difficulty: 'hard',
    minutes: 25,
    section: 'Train',
    answer: 'digitReader',
    version: 1,
    pictures: { dataset: 'mnist', shape: [28, 28, 1], scale: 1 / 255 },
    requirements: [
      {
        name: 'at most 65,000 parameters',
        points: 1,
        parameters: { atMost: 65_000 },
        hint: 'Too many parameters. `summary` says where they are: mostly between the grid and the first dense ' +
          'layer. Fewer neurons there, or a smaller grid in front of it.',
      },
    ],
    levels: [
      {
        accuracy: 0.96,
        points: 2,
        hint: 'A dense network without any convolution reaches this. Is yours compiled and trained, on normalised ' +
          'pixels? Look at the curves: is the loss still falling?',
      },
      {
        accuracy: 0.985,
        points: 2,
        hint: 'Nearly. Convolutions with pooling behind them get you further than more neurons; and let the ' +
          'learning rate become smaller in the last epochs, as in the lesson.',
      },
    ],
    mistakes: [
      { name: 'not trained', answer: () => reader([8, 16], 100), fails: 'accuracy 0.96', earns: 1 },
      { name: 'the size of LeNet', answer: () => reader([20, 50], 500), fails: 'at most 65,000 parameters' },
      { name: 'no convolution', answer: () => reader([], 100), fails: 'at most 65,000 parameters' },
    ],
  },
  {
    kind: 'function',
    id: '5.9',
    title: 'Right within the first k',
    goal: 'You can measure how often the right class is among the most probable ones.',
    points: 3,
    difficulty: 'medium',
    minutes: 10,
    section: 'Classify many',
    answer: 'topAccuracy',
    version: 1,
    solution: (probabilities: number[][], labels: number[], k: number) => {
      const before = (row: number[], label: number): number => row.filter((value) => value > row[label]).length;
      return labels.filter((label, i) => before(probabilities[i], label) < k).length / labels.length;
    },
    criteria: [
      {
        name: 'the first answer',
        points: 1,
        inputs: () => [[FIVE_ROWS, [1, 3, 1, 1, 3], 1]],
      },
      {
        name: 'the first two',
        points: 1,
        inputs: () => [[FIVE_ROWS, [1, 3, 1, 1, 3], 2]],
      },
      {
        name: 'other predictions',
        points: 1,
        hidden: true,
        inputs: (random) => {
          // Each row is a permutation, so that no two probabilities are equal; the list says where the labels rank.
          const weights = [0.4, 0.25, 0.15, 0.1, 0.0999995, 0.0000005];
          const rows = Array.from({ length: 8 }, () => [...random.permutation(6)]);
          const labels = [0, 0, 1, 2, 2, 3, 4, 5].map((rank, i) => rows[i].indexOf(rank));
          const probabilities = rows.map((row) => row.map((rank) => weights[rank]));
          return [...[1, 3, 5].map((k) => [probabilities, labels, k]), [[[0.4, 0.6]], [0], 2]];
        },
      },
    ],
    mistakes: [
      {
        name: 'takes the least probable',
        answer: topWith(classesBy((a, b) => a - b)),
        hint: 'You have looked at the least probable classes. Which way does your sort go?',
      },
      {
        name: 'sorts numbers as text',
        answer: topWith(classesBy((a, b) => (String(a) < String(b) ? 1 : -1))),
        hint: 'One number has taken a wrong place: 0.0000001 is written as 1e-7, and as a text that comes after ' +
          '0.7. Without a function that compares numbers, `sort` compares texts.',
      },
      {
        name: 'sorts the rows that it was given',
        answer: (probabilities: number[][], labels: number[], k: number) => {
          const right = labels.filter((label, i) => {
            const value = probabilities[i][label];
            return probabilities[i].sort((a, b) => b - a).indexOf(value) < k;
          });
          return right.length / labels.length;
        },
        hint: 'The result is right, but `sort` has changed the predictions themselves; whoever uses them next ' +
          'gets nonsense. Sort a copy.',
      },
      {
        name: 'takes one too many',
        answer: topWith(classesBy((a, b) => b - a), { within: (rank, k) => rank <= k }),
        earns: 1,
        hint: 'One class too many counts as right. The most probable one is at place 0: which places are the ' +
          'first k?',
      },
      {
        name: 'counts instead of a part',
        answer: topWith(classesBy((a, b) => b - a), { part: false }),
        hint: 'That is how many are right. An accuracy is a part of all, from 0 to 1.',
      },
      {
        name: 'looks at the first answer only',
        answer: (probabilities: number[][], labels: number[]) =>
          topWith(classesBy((a, b) => b - a))(probabilities, labels, 1),
        earns: 1,
        hint: 'Right for k = 1. For other k the second, third ... answer counts as well.',
      },
    ],
  },
  {
    kind: 'function',
    id: '5.10',
    title: 'Which is taken for which?',
    goal: 'You can count a confusion matrix.',
    points: 2,
    difficulty: 'easy',
    minutes: 10,
    section: 'Classify many',
    answer: 'confusionMatrix',
    version: 1,
    solution: counted,
    criteria: [
      {
        name: 'four classes, one of them empty',
        points: 1,
        inputs: () => [[[0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2], 4]],
      },
      {
        name: 'other answers',
        points: 1,
        hidden: true,
        inputs: (random) => {
          const labels = Array.from({ length: 25 }, () => random.below(5));
          const predictions = labels.map((label) => (random.below(3) > 0 ? label : random.below(5)));
          return [[[0, 0, 0, ...labels], [4, 4, 4, ...predictions], 7], [[1], [0], 2]];
        },
      },
    ],
    mistakes: [
      {
        name: 'exchanges rows and columns',
        answer: (labels: number[], predictions: number[], numClasses: number) =>
          counted(predictions, labels, numClasses),
        hint: 'Rows and columns are exchanged: the row is what the picture is, the column what the network says.',
      },
      {
        name: 'uses one row for all classes',
        answer: (labels: number[], predictions: number[], numClasses: number) => {
          const matrix = new Array<number[]>(numClasses).fill(new Array<number>(numClasses).fill(0));
          labels.forEach((label, i) => { matrix[label][predictions[i]] += 1; });
          return matrix;
        },
        hint: 'All rows are equal, because they are one and the same list: `fill` puts the very same row ' +
          'everywhere. Make a new one for each class.',
      },
      {
        name: 'counts what is right only',
        answer: (labels: number[], predictions: number[], numClasses: number) =>
          counted(labels, predictions, numClasses).map((row, i) => row.map((count, j) => (i === j ? count : 0))),
        hint: 'The diagonal is right. The mistakes count too: each belongs into the column of what the network said.',
      },
      {
        name: 'leaves out classes that do not occur',
        answer: (labels: number[], predictions: number[]) =>
          counted(labels, predictions, Math.max(...labels, ...predictions) + 1),
        hint: 'The matrix is too small: a class without a picture has a row and a column as well.',
      },
      {
        name: 'only marks who was confused',
        answer: (labels: number[], predictions: number[], numClasses: number) =>
          counted(labels, predictions, numClasses).map((row) => row.map((count) => Math.min(count, 1))),
        hint: 'There are only zeros and ones. If something happens twice, the number there has to be 2.',
      },
    ],
  },
  {
    kind: 'function',
    id: '5.11',
    title: 'Precision and recall',
    goal: 'You can say how well each single class is recognised.',
    points: 3,
    difficulty: 'medium',
    minutes: 15,
    section: 'Classify many',
    answer: 'measures',
    version: 1,
    solution: measuresWith((right, all) => (all === 0 ? undefined : right / all)),
    criteria: [
      {
        name: 'two and three classes',
        points: 1,
        inputs: () => [[[[9, 1], [3, 7]]], [[[4, 1, 0], [1, 3, 0], [0, 1, 4]]]],
      },
      {
        name: 'nothing to divide by',
        points: 1,
        inputs: () => [[[[3, 1, 0], [1, 3, 0], [0, 4, 0]]], [[[3, 1], [0, 0]]]],
      },
      {
        name: 'other networks',
        points: 1,
        hidden: true,
        inputs: (random) => {
          const matrix = Array.from({ length: 5 }, (_, i) =>
            Array.from({ length: 5 }, (__, j) => (i === j ? 20 : j > i ? 1 : 3) + random.below(2)));
          const rare = matrix.map((row, i) => row.map((count, j) => (i === 2 || j === 4 ? 0 : count)));
          return [[matrix], [rare], [[[5]]]];
        },
      },
    ],
    mistakes: [
      {
        name: 'exchanges precision and recall',
        answer: (confusion: number[][]) => {
          const { precision, recall } = measuresWith((right, all) => (all === 0 ? undefined : right / all))(confusion);
          return { precision: recall, recall: precision };
        },
        hint: 'The two are exchanged. Recall asks: of the pictures *of* this class (a row), how many were found? ' +
          'Precision: of those *taken for* it (a column), how many are of it?',
      },
      {
        name: 'divides by all pictures',
        answer: (confusion: number[][]) => {
          const all = sumOf(confusion.flat());
          const shares = confusion.map((row, i) => row[i] / all);
          return { precision: shares, recall: shares };
        },
        hint: 'You have divided by the number of all pictures. For one class only its own row, or its own column, ' +
          'counts.',
      },
      {
        name: 'divides 0 by 0',
        answer: measuresWith((right, all) => right / all),
        earns: 1,
        hint: 'NaN is what comes out when 0 is divided by 0: nothing was taken for that class, or there is no ' +
          'picture of it. Ask before you divide.',
      },
      {
        name: 'says 0 for what cannot be measured',
        answer: measuresWith((right, all) => (all === 0 ? 0 : right / all)),
        earns: 1,
        hint: '0 would say: all of them were wrong. Where there is nothing to measure, the answer is `undefined`.',
      },
      {
        name: 'leaves the right ones out of the sums',
        answer: (confusion: number[][]) => {
          const divided = (right: number, all: number) => (all === right ? undefined : right / (all - right));
          return measuresWith(divided)(confusion);
        },
        hint: 'You have divided by the wrong ones alone, so some results are larger than 1. The whole row or ' +
          'column counts, with the diagonal.',
      },
    ],
  },
  {
    kind: 'text',
    id: '5.12',
    title: 'A folder of your own',
    goal: 'You can judge a result on a dataset whose classes differ in size.',
    points: 3,
    difficulty: 'medium',
    minutes: 10,
    section: 'Classify many',
    answer: 'e5-12',
    version: 1,
    rubric: [
      {
        points: 1,
        looksFor: 'Says why 0.97 tells little: a network that never answers "coin" would have 2000 of 2050, about ' +
          '0.976. Each class counts by its number of pictures.',
      },
      {
        points: 1,
        looksFor: 'Names what should be told instead: recall (and precision) of each class, or the confusion ' +
          'matrix; here the recall of coins, 10 of 50 = 0.2.',
      },
      {
        points: 1,
        looksFor: 'Two sensible measures with a reason each: more pictures of coins, augmentation of them, class ' +
          'weights, drawing them more often; a stratified split so that coins are in validation at all. Not: more ' +
          'epochs alone.',
      },
    ],
  },
];
