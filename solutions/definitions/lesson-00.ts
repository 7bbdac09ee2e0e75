import { array, tensor, type Exercise } from '@course/lib/exercises';
import { tf } from '@course/lib/tensorflow';
import type { NdArray } from 'ndarray';
import { drawNumbers, drawWholes } from './draw';

interface Size { width: number; height: number }

const rowsOf = (picture: NdArray): number[] => Array.from({ length: picture.shape[0] }, (_, row) => row);

export const exercises: Exercise[] = [
  {
    id: '0.1',
    kind: 'choice',
    title: 'Run cells in another order',
    goal: 'You can say what a notebook remembers when its cells run in another order than on the page.',
    points: 1,
    difficulty: 'easy',
    minutes: 4,
    section: 'Cells remember',
    answer: 'cellOrder',
    version: 1,
    options: 'abcd',
    solution: 'c',
    mistakes: [
      {
        name: 'forgets what ran before',
        answer: 'a',
        hint: 'That would be so if the cell began with 1 again each time. But cells remember: count keeps what the ' +
          'cell before has left.',
      },
      {
        name: 'reads from top to bottom',
        answer: 'b',
        hint: 'That is the order on the page. Follow the order in which the cells were run; one of them ran twice.',
      },
      {
        name: 'leaves a cell out',
        answer: 'd',
        hint: 'The addition is missing. Write down what count is after each of the four runs.',
      },
    ],
  },
  {
    id: '0.2',
    kind: 'function',
    title: 'Count the pixels of many pictures',
    goal: 'You can go through a list of objects and add up what you compute for each.',
    points: 2,
    difficulty: 'easy',
    minutes: 8,
    section: 'As much TypeScript as you need',
    answer: 'totalPixels',
    version: 1,
    solution: (pictures: Size[]) => {
      let total = 0;
      for (const { width, height } of pictures) total += width * height;
      return total;
    },
    criteria: [
      {
        name: 'two pictures',
        points: 1,
        inputs: () => [
          [[{ width: 4, height: 3 }, { width: 2, height: 5 }]],
          [[{ width: 10, height: 1 }, { width: 3, height: 3 }]],
        ],
      },
      {
        name: 'other lists of pictures',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [drawWholes(random, 5, 30).map((width) => ({ width: width + 1, height: 2 + random.below(20) }))],
          [[{ width: 28, height: 28 }]],
          [[]],
        ],
      },
    ],
    mistakes: [
      {
        name: 'adds width and height',
        answer: (pictures: Size[]) => pictures.reduce((total, { width, height }) => total + width + height, 0),
        hint: 'You add width and height. How many pixels has a picture of 4 columns and 3 rows? Draw it.',
      },
      {
        name: 'multiplies the sums',
        answer: (pictures: Size[]) =>
          pictures.reduce((sum, { width }) => sum + width, 0) * pictures.reduce((sum, { height }) => sum + height, 0),
        hint: 'You add up the widths and the heights first and multiply then. Multiply for each picture, and add up ' +
          'the products.',
      },
      {
        name: 'counts only the last picture',
        answer: (pictures: Size[]) => pictures.reduce((_, { width, height }) => width * height, 0),
        hint: 'Only the last picture is counted: each one replaces what was there. Add it to the total.',
      },
      {
        name: 'counts only the first picture',
        answer: (pictures: Size[]) => pictures[0].width * pictures[0].height,
        hint: 'Only the first picture is counted. Is there a return inside your loop?',
      },
      {
        name: 'returns one number for each picture',
        answer: (pictures: Size[]) => pictures.map(({ width, height }) => width * height),
        hint: 'You return a list: the pixels of each picture. One number is wanted, their sum.',
      },
      {
        name: 'begins without a number',
        answer: (pictures: unknown[]) =>
          pictures.reduce((total, picture) => `${String(total)}${(picture as Size).width * (picture as Size).height}`),
        hint: 'Your total is a text: without a value to begin with, reduce begins with the first picture. Give it 0 ' +
          'as its second argument.',
      },
    ],
  },
  {
    id: '0.3',
    kind: 'function',
    title: 'Read one column of a picture',
    goal: 'You can read single pixels of a picture, and say which index is the row and which the column.',
    points: 3,
    difficulty: 'easy',
    minutes: 10,
    section: 'A picture is a grid of numbers',
    answer: 'columnOf',
    version: 1,
    solution: (picture: NdArray, column: number) => {
      const [height, width] = picture.shape;
      return Array.from(picture.data as Uint8Array).filter((_, i) => i < height * width && i % width === column);
    },
    criteria: [
      {
        name: 'a picture of 3 rows and 4 columns',
        points: 1,
        inputs: () => [
          [array([3, 4], [11, 12, 13, 14, 21, 22, 23, 24, 31, 32, 33, 34]), 1],
          [array([3, 4], [11, 12, 13, 14, 21, 22, 23, 24, 31, 32, 33, 34]), 2],
        ],
      },
      {
        name: 'a picture of 4 rows and 2 columns',
        points: 1,
        inputs: () => [
          [array([4, 2], [5, 6, 7, 8, 9, 10, 11, 12]), 0],
          [array([4, 2], [5, 6, 7, 8, 9, 10, 11, 12]), 1],
        ],
      },
      {
        name: 'other pictures',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [array([5, 5], drawWholes(random, 25, 256)), 3],
          [array([1, 6], drawWholes(random, 6, 256)), random.below(6)],
          [array([6, 1], drawWholes(random, 6, 256)), 0],
        ],
      },
    ],
    mistakes: [
      {
        name: 'reads a row',
        answer: (picture: NdArray, column: number) =>
          Array.from({ length: picture.shape[1] }, (_, i) => Number(picture.get(column, i))),
        hint: 'You have read a row. get(row, column) takes the row first: which of the two stays the same in a ' +
          'column, which one runs?',
      },
      {
        name: 'takes as many rows as there are columns',
        answer: (picture: NdArray, column: number) =>
          Array.from({ length: picture.shape[1] }, (_, row) => picture.get(row, column)),
        hint: 'The length is not right. shape is [rows, columns]: how many pixels lie below each other?',
      },
      {
        name: 'counts columns from 1',
        answer: (picture: NdArray, column: number) => rowsOf(picture).map((row) => picture.get(row, column - 1)),
        hint: 'You have read the column to the left. Columns are counted from 0, in get as well as in the task.',
      },
      {
        name: 'leaves the last row out',
        answer: (picture: NdArray, column: number) =>
          rowsOf(picture).slice(0, -1).map((row) => picture.get(row, column)),
        hint: 'The last pixel is missing. Rows are counted from 0 to height - 1: when does your loop end?',
      },
      {
        name: 'begins with row 1',
        answer: (picture: NdArray, column: number) => rowsOf(picture).slice(1).map((row) => picture.get(row, column)),
        hint: 'The first pixel is missing. The uppermost row is row 0.',
      },
    ],
  },
  {
    id: '0.4',
    kind: 'number',
    title: 'Count the bytes of a tensor',
    goal: 'You can say how much memory pictures take as a tensor before you make it.',
    points: 2,
    difficulty: 'easy',
    minutes: 6,
    section: 'Tensors must be given back',
    answer: 'bytes',
    version: 1,
    given: (random) => ({ pictures: 1000 * (2 + random.below(40)), side: [16, 20, 24, 32][random.below(4)] }),
    solution: ({ pictures, side }) => pictures * side * side * 4,
    unit: 'bytes',
    mistakes: [
      {
        name: 'counts a byte a pixel',
        answer: ({ pictures, side }) => pictures * side ** 2,
        hint: 'Those are the numbers, and also the bytes of the array of uint8. A float32 takes more than one byte: ' +
          '32 bits.',
      },
      {
        name: 'counts bits',
        answer: ({ pictures, side }) => pictures * side ** 2 * 32,
        hint: 'Those are bits. How many bits has a byte?',
      },
      {
        name: 'counts eight bytes a number',
        answer: ({ pictures, side }) => pictures * side ** 2 * 8,
        hint: 'You have taken eight bytes for each number, as JavaScript does for its own. float32 means 32 bits.',
      },
      {
        name: 'counts one side',
        answer: ({ pictures, side }) => pictures * side * 4,
        hint: 'A picture has rows and columns. How many pixels are there in a square of side × side?',
      },
      {
        name: 'counts one picture',
        answer: ({ side }) => side ** 2 * 4,
        hint: 'That is one picture. The tensor holds all of them.',
      },
    ],
  },
  {
    id: '0.5',
    kind: 'choice',
    title: 'Tell which shapes fit',
    goal: 'You can tell from the shapes alone whether an operation on tensors will run.',
    points: 2,
    difficulty: 'medium',
    minutes: 8,
    section: 'Tensors in five minutes',
    answer: 'fittingShapes',
    version: 1,
    options: 'abcde',
    solution: 'ace',
    mistakes: [
      {
        name: 'does not count on broadcasting a row',
        answer: 'ae',
        hint: 'One more of them runs. The lesson added a row of three numbers to a table of three columns: what is ' +
          'the shape of the product?',
      },
      {
        name: 'takes the order of factors for free',
        answer: 'abce',
        hint: 'One of them does not run. In a matrix product the columns of the first factor must be as many as the ' +
          'rows of the second: write the two shapes side by side and compare the inner numbers.',
      },
      {
        name: 'broadcasts down the columns',
        answer: 'acde',
        hint: 'One of them does not run. Broadcasting compares shapes from their end: a tensor of shape [4] is a ' +
          'row of four numbers. Has x rows of four?',
      },
      {
        name: 'takes only matrix products',
        answer: 'ac',
        hint: 'One more of them runs: what did the lesson do with a single number?',
      },
      {
        name: 'takes all',
        answer: 'abcde',
        hint: 'Two of them stop with an error. Write the shape of each tensor below its name before you decide.',
      },
      {
        name: 'takes those that do not run',
        answer: 'bd',
        hint: 'Those are the two that stop with an error. Asked for are the others.',
      },
    ],
  },
  {
    id: '0.6',
    kind: 'function',
    title: 'A layer in one line',
    goal: 'You can compute what a layer does with a matrix product and a row that is added to every row.',
    points: 3,
    difficulty: 'medium',
    minutes: 10,
    section: 'Tensors in five minutes',
    answer: 'weighted',
    version: 1,
    tensors: true,
    // Number by number, where the notebook uses the matrix product.
    solution: (x: tf.Tensor2D, weights: tf.Tensor2D, biases: tf.Tensor1D) => {
      const [table, columns, row] = [x.arraySync(), weights.arraySync(), biases.arraySync()];
      return tf.tensor2d(table.map((inputs) =>
        row.map((bias, j) => inputs.reduce((sum, input, i) => sum + input * columns[i][j], bias))));
    },
    criteria: [
      {
        name: 'one row',
        points: 1,
        inputs: () => [[tensor([1, 3], [1, 2, 3]), tensor([3, 2], [0.5, 1, 0, -1, 1, 2]), tensor([2], [10, 20])]],
      },
      {
        name: 'several rows',
        points: 1,
        inputs: () => [
          [tensor([2, 2], [1, 2, 3, 4]), tensor([2, 2], [1, 0.5, -1, 2]), tensor([2], [1, -1])],
          [tensor([3, 2], [1, 0, 0, 1, 2, 2]), tensor([2, 1], [3, 5]), tensor([1], [-4])],
        ],
      },
      {
        name: 'other shapes',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [
            tensor([5, 4], drawNumbers(random, 20, -2, 2)), tensor([4, 3], drawNumbers(random, 12, -2, 2)),
            tensor([3], drawNumbers(random, 3, 1, 5)),
          ],
          [tensor([1, 1], [3]), tensor([1, 1], [-2]), tensor([1], drawNumbers(random, 1, 1, 5))],
        ],
      },
    ],
    mistakes: [
      {
        name: 'forgets the biases',
        answer: (x: tf.Tensor2D, weights: tf.Tensor2D) => x.matMul(weights),
        hint: 'The product is right; the biases are not added yet.',
      },
      {
        name: 'multiplies element by element',
        answer: (x: tf.Tensor2D, weights: tf.Tensor2D, biases: tf.Tensor1D) =>
          tf.tidy(() => x.mul(weights).add(biases)),
        hint: 'mul multiplies each element with its partner, so that both tensors need the same shape. Which ' +
          'function makes a matrix product?',
      },
      {
        name: 'swaps the factors',
        answer: (x: tf.Tensor2D, weights: tf.Tensor2D, biases: tf.Tensor1D) =>
          tf.tidy(() => weights.matMul(x).add(biases)),
        hint: 'The factors stand in the wrong order. [n, inputs] times [inputs, neurons] gives [n, neurons]: which ' +
          'of the two tensors is which?',
      },
      {
        name: 'turns the weights round',
        answer: (x: tf.Tensor2D, weights: tf.Tensor2D, biases: tf.Tensor1D) =>
          tf.tidy(() => x.matMul(weights, false, true).add(biases)),
        hint: 'The weights are transposed, but they need not be: they have a row for each input already.',
      },
      {
        name: 'multiplies with the biases',
        answer: (x: tf.Tensor2D, weights: tf.Tensor2D, biases: tf.Tensor1D) =>
          tf.tidy(() => x.matMul(weights).mul(biases)),
        hint: 'You multiply the product with the biases. They are added.',
      },
      {
        name: 'adds the biases first',
        answer: (x: tf.Tensor2D, weights: tf.Tensor2D, biases: tf.Tensor1D) =>
          tf.tidy(() => x.matMul(weights.add(biases))),
        hint: 'The biases are added too early, to the weights. First the product, then the biases.',
      },
    ],
  },
  {
    id: '0.7',
    kind: 'function',
    title: 'Centre the columns, leave no tensors behind',
    goal: 'You can compute with tensors along one axis and give back all that you made on the way.',
    points: 4,
    difficulty: 'medium',
    minutes: 15,
    section: 'Tensors must be given back',
    answer: 'centred',
    version: 1,
    tensors: true,
    tidy: true,
    solution: (x: tf.Tensor2D) => {
      const rows = x.arraySync();
      const means = rows[0].map((_, column) => rows.reduce((sum, row) => sum + row[column], 0) / rows.length);
      return tf.tensor2d(rows.map((row) => row.map((value, column) => value - means[column])));
    },
    criteria: [
      {
        name: 'a table of 2 rows and 3 columns',
        points: 1,
        inputs: () => [[tensor([2, 3], [1, 10, 4, 3, 30, 8])]],
      },
      {
        name: 'a table of 3 rows and 3 columns',
        points: 2,
        inputs: () => [[tensor([3, 3], [1, 2, 6, 4, 5, 9, 7, 2, 0])]],
      },
      {
        name: 'other tables',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [tensor([6, 2], drawNumbers(random, 12, -9, 9))],
          [tensor([4, 1], drawNumbers(random, 4, 1, 9))],
        ],
      },
    ],
    mistakes: [
      {
        name: 'leaves the means behind',
        answer: (x: tf.Tensor2D) => x.sub(x.mean(0)),
        hint: 'The numbers are right. A tensor is left behind each time: the row of means. What does the lesson ' +
          'wrap round such a computation?',
      },
      {
        name: 'subtracts the mean of everything',
        answer: (x: tf.Tensor2D) => tf.tidy(() => x.sub(x.mean())),
        hint: 'You subtract the same number everywhere: the mean of all elements. Each column has a mean of its ' +
          'own. Which axis runs down the rows?',
      },
      {
        name: 'subtracts the mean of each row',
        answer: (x: tf.Tensor2D) => tf.tidy(() => x.sub(x.mean(1, true))),
        hint: 'You subtract the mean of each row. Axis 0 runs down the rows, axis 1 along the columns: which one ' +
          'has to disappear?',
      },
      {
        name: 'takes axis 1 and the shape as it comes',
        answer: (x: tf.Tensor2D) => tf.tidy(() => x.sub(x.mean(1))),
        hint: 'mean(1) gives one number for each row. You need one number for each column.',
      },
      {
        name: 'forgets to return the result',
        answer: (x: tf.Tensor2D) => { tf.tidy(() => { x.sub(x.mean(0)); }); },
        hint: 'Nothing comes back. A function with { } around its body needs return; that holds for the one inside ' +
          'tf.tidy as well.',
      },
      {
        name: 'returns the means',
        answer: (x: tf.Tensor2D) => x.mean(0),
        hint: 'Those are the means. Subtract them from x.',
      },
    ],
  },
];
