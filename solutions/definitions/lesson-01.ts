import type { Exercise } from '@course/lib/exercises';
import { tf } from '@course/lib/tensorflow';
import { drawNumbers, drawProbabilities, drawTable, drawWholes } from './draw';

/** A network of dense layers on rows of `inputs` pixels: neurons of each layer, ReLU in the hidden ones. */
function network(
  neurons: readonly number[], { inputShape = [784], hidden = 'relu', last = 'softmax' }: {
    inputShape?: number[]; hidden?: 'relu' | 'linear'; last?: 'softmax' | 'sigmoid';
  } = {},
): tf.Sequential {
  return tf.sequential({
    layers: neurons.map((units, i) => tf.layers.dense({
      units,
      activation: i === neurons.length - 1 ? last : hidden,
      ...(i === 0 ? { inputShape } : {}),
    })),
  });
}

function compiled(model: tf.Sequential, loss = 'categoricalCrossentropy'): tf.Sequential {
  model.compile({ optimizer: 'rmsprop', loss, metrics: ['accuracy'] });
  return model;
}

const parameters = (...sizes: number[]): number =>
  sizes.slice(1).reduce((sum, neurons, i) => sum + (sizes[i] + 1) * neurons, 0);

/** The categorical crossentropy; a probability below 1e-7 counts as 1e-7. */
const loss = (probabilities: number[][], labels: number[]): number =>
  labels.reduce((sum, label, i) => sum - Math.log(Math.max(probabilities[i][label], 1e-7)), 0) / labels.length;

const largest = (row: readonly number[]): number => row.indexOf(Math.max(...row));

/** The pictures whose answer is (or is not) their label, in their order. */
const pictures = (probabilities: number[][], labels: number[], right: boolean): number[] =>
  labels.map((_, i) => i).filter((i) => (largest(probabilities[i]) === labels[i]) === right);

/** Sorts pictures by the largest probability of each, the surest first. */
const surestFirst = (probabilities: number[][]) => (a: number, b: number): number =>
  Math.max(...probabilities[b]) - Math.max(...probabilities[a]);

export const exercises: Exercise[] = [
  {
    id: '1.1',
    kind: 'function',
    title: 'Flatten a picture',
    goal: 'You can turn a grid of pixels into the row of numbers that a dense network takes.',
    points: 2,
    difficulty: 'easy',
    minutes: 8,
    section: 'Flatten',
    answer: 'flattenPicture',
    version: 1,
    solution: (picture: number[][]) => picture.flat(),
    criteria: [
      {
        name: 'two small pictures',
        points: 1,
        inputs: () => [[[[10, 20, 30], [40, 50, 60]]], [[[7, 0], [3, 9]]]],
      },
      {
        name: 'pictures of other sizes',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [Array.from({ length: 5 }, () => drawWholes(random, 3, 256))],
          [[drawWholes(random, 6, 256)]],
          [drawWholes(random, 4, 256).map((pixel) => [pixel])],
        ],
      },
    ],
    mistakes: [
      {
        name: 'runs down the columns',
        answer: (picture: number[][]) => picture[0].flatMap((_, column) => picture.map((row) => row[column])),
        hint: 'Your numbers run down the columns. A picture is read like a page: which of the two loops, over the ' +
          'rows or over the columns, has to be the outer one?',
      },
      {
        name: 'takes as many columns as there are rows',
        answer: (picture: number[][]) => picture.flatMap((row) => picture.map((_, column) => row[column])),
        hint: 'It works for square pictures only. How many columns are there? Ask a row for its length, not the ' +
          'picture.',
      },
      {
        name: 'keeps the rows apart',
        answer: (picture: number[][]) => picture.map((row) => [...row]),
        hint: 'Your result is still a grid: a list of rows. Asked for is one list of numbers, so put the pixels of ' +
          'each row into it one by one.',
      },
      {
        name: 'takes only the first row',
        answer: (picture: number[][]) => picture[0],
        hint: 'Only the first row is there. Is there a return inside your loop, or is result replaced in each round ' +
          'instead of added to?',
      },
      {
        name: 'puts the last row first',
        answer: (picture: number[][]) => [...picture].reverse().flat(),
        hint: 'The rows stand in the wrong order: the last one comes first. Add new pixels at the end of the list.',
      },
    ],
  },
  {
    id: '1.2',
    kind: 'function',
    title: 'Normalise pixels',
    goal: 'You can bring pixels from 0 to 255 into the range from 0 to 1.',
    points: 2,
    difficulty: 'easy',
    minutes: 5,
    section: 'Normalise',
    answer: 'scalePixels',
    version: 1,
    solution: (pixels: number[]) => Array.from(pixels, (pixel) => pixel * (1 / 255)),
    criteria: [
      {
        name: 'black, grey and white pixels',
        points: 1,
        inputs: () => [[[0, 51, 204, 255]], [[51, 102, 153]]],
      },
      {
        name: 'other pixels',
        points: 1,
        hidden: true,
        inputs: (random) => [[drawWholes(random, 8, 200)], [[0, 0, 0]], [[255]], [[128, 127, 1]]],
      },
    ],
    mistakes: [
      {
        name: 'divides by 256',
        answer: (pixels: number[]) => pixels.map((pixel) => pixel / 256),
        hint: 'White should become exactly 1. There are 256 different values, but which one is the largest?',
      },
      {
        name: 'makes whole numbers',
        answer: (pixels: number[]) => pixels.map((pixel) => Math.floor(pixel / 255)),
        hint: 'All shades of grey are lost: your values are whole numbers. Leave out the rounding.',
      },
      {
        name: 'stretches each picture between its darkest and its brightest pixel',
        answer: (pixels: number[]) => {
          const low = Math.min(...pixels);
          const high = Math.max(...pixels);
          return pixels.map((pixel) => (pixel - low) / (high - low));
        },
        hint: 'You stretch each picture so that its own darkest pixel becomes 0. Then a dark picture and a bright ' +
          'one look the same. All pictures have to be scaled in the same way.',
      },
      {
        name: 'divides by the brightest pixel of the picture',
        answer: (pixels: number[]) => pixels.map((pixel) => pixel / Math.max(...pixels)),
        hint: 'You divide by the brightest pixel of this picture. A picture without white would become too bright: ' +
          'divide all pictures by the same number.',
      },
      {
        name: 'scales to -1..1',
        answer: (pixels: number[]) => pixels.map((pixel) => pixel / 127.5 - 1),
        hint: 'Black has become -1. That range is used too, but here black should be 0 and white 1.',
      },
      {
        name: 'changes the pixels that it was given',
        answer: (pixels: number[]) => {
          for (let i = 0; i < pixels.length; i++) pixels[i] /= 255;
          return pixels;
        },
        hint: 'The numbers are right, but the list that you were given has changed as well: called twice, your ' +
          'function would divide twice. Make a new list.',
      },
    ],
  },
  {
    id: '1.3',
    kind: 'function',
    title: 'Write labels as one-hot rows',
    goal: 'You can write labels in the form of what a network answers: one number for each class.',
    points: 3,
    difficulty: 'medium',
    minutes: 12,
    section: 'One-hot labels',
    answer: 'oneHotRows',
    version: 1,
    solution: (labels: number[], numClasses: number) =>
      labels.map((label) => Array.from({ length: numClasses }, (_, column) => Number(column === label))),
    criteria: [
      { name: 'three classes', points: 1, inputs: () => [[[0, 2, 1], 3], [[2, 0, 2, 1], 3]] },
      { name: 'classes that no label names', points: 1, inputs: () => [[[1, 0], 4], [[3], 6]] },
      {
        name: 'other labels, other numbers of classes',
        points: 1,
        hidden: true,
        inputs: (random) => [[[...drawWholes(random, 5, 9), 0], 10], [[0, 0], 1], [drawWholes(random, 8, 4), 5]],
      },
    ],
    mistakes: [
      {
        name: 'counts classes from 1',
        answer: (labels: number[], numClasses: number) =>
          labels.map((label) => Array.from({ length: numClasses }, (_, column) => Number(column + 1 === label))),
        hint: 'The 1 stands one place too far to the left. Classes are counted from 0: label 0 belongs to the first ' +
          'column.',
      },
      {
        name: 'makes no more columns than the labels need',
        answer: (labels: number[]) => labels.map((label) =>
          Array.from({ length: Math.max(...labels) + 1 }, (_, column) => Number(column === label))),
        hint: 'The rows are too short where the last classes do not occur. The number of columns is numClasses, ' +
          'whatever labels come.',
        earns: 1,
      },
      {
        name: 'puts the same row in everywhere',
        answer: (labels: number[], numClasses: number) => {
          const row = new Array<number>(numClasses).fill(0);
          return labels.map((label) => {
            row[label] = 1;
            return row;
          });
        },
        hint: 'All your rows are one and the same list, so a 1 that is set in one of them stands in all. Make a new ' +
          'row for each label.',
      },
      {
        name: 'writes the label instead of a 1',
        answer: (labels: number[], numClasses: number) =>
          labels.map((label) => Array.from({ length: numClasses }, (_, column) => (column === label ? label : 0))),
        hint: 'The label stands in its column. It should be a 1 there: the row says that it is this class, not how ' +
          'large its number is.',
      },
      {
        name: 'makes ten columns always',
        answer: (labels: number[]) =>
          labels.map((label) => Array.from({ length: 10 }, (_, column) => Number(column === label))),
        hint: 'Your rows have ten columns whatever numClasses is. MNIST has ten classes, other datasets have not.',
      },
      {
        name: 'swaps rows and columns',
        answer: (labels: number[], numClasses: number) =>
          Array.from({ length: numClasses }, (_, row) => labels.map((label) => Number(label === row))),
        hint: 'Rows and columns are swapped: there should be one row for each label and one column for each class.',
      },
    ],
  },
  {
    id: '1.4',
    kind: 'function',
    title: 'Compute a dense layer by hand',
    goal: 'You can compute what the neurons of a dense layer with ReLU put out.',
    points: 4,
    difficulty: 'medium',
    minutes: 20,
    section: 'Build the model',
    answer: 'denseLayer',
    version: 1,
    // Input by input, where the notebook goes neuron by neuron.
    solution: (inputs: number[], weights: number[][], biases: number[]) => {
      const sums = [...biases];
      inputs.forEach((input, i) => weights[i].forEach((weight, neuron) => { sums[neuron] += input * weight; }));
      return sums.map((sum) => (sum > 0 ? sum : 0));
    },
    criteria: [
      { name: 'two inputs, two neurons', points: 1, inputs: () => [[[1, 2], [[0.5, -1], [1, 2]], [0.5, -1]]] },
      {
        name: 'negative sums become 0',
        points: 1,
        inputs: () => [[[2, 1], [[-1, 3], [0.5, -2]], [0.5, 0]], [[1, -1], [[2, 1], [1, 3]], [-2, 1]]],
      },
      {
        name: 'more inputs than neurons',
        points: 1,
        inputs: () => [[[1, 1, 2], [[1, 2], [3, -1], [0.5, 1]], [0, -1]]],
      },
      {
        name: 'layers of other sizes',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [drawNumbers(random, 5, 0, 1), drawTable(random, 5, 4, -2, 2), drawNumbers(random, 4, 0.1, 1)],
          [[2], [[1.5, -1, 0.5]], drawNumbers(random, 3, 0.1, 0.9)],
          [drawNumbers(random, 4, 0, 1), [[-1], [-2], [-1], [-0.5]], [-0.5]],
        ],
      },
    ],
    mistakes: [
      {
        name: 'forgets the biases',
        answer: (inputs: number[], weights: number[][], biases: number[]) =>
          biases.map((_, j) => Math.max(0, inputs.reduce((sum, input, i) => sum + input * weights[i][j], 0))),
        hint: 'The weighted sums are right; something is missing that each neuron adds once: its bias.',
      },
      {
        name: 'forgets the ReLU',
        answer: (inputs: number[], weights: number[][], biases: number[]) =>
          biases.map((bias, j) => inputs.reduce((sum, input, i) => sum + input * weights[i][j], bias)),
        hint: 'The sums are right. What does ReLU make of those that are negative?',
        earns: 2,
      },
      {
        name: 'swaps the axes of the weights',
        answer: (inputs: number[], weights: number[][], biases: number[]) =>
          biases.map((bias, j) => Math.max(0, inputs.reduce((sum, input, i) => sum + input * weights[j][i], bias))),
        hint: 'You read a row of weights for each neuron. But weights[i] are the weights of input i: those of ' +
          'neuron j stand below each other, in column j.',
      },
      {
        name: 'adds the bias before each product',
        answer: (inputs: number[], weights: number[][], biases: number[]) =>
          biases.map((bias, j) => Math.max(0, inputs.reduce((sum, input, i) => sum + input * weights[i][j] + bias, 0))),
        hint: 'The bias is added once for every input. Each neuron has one bias, to be added once.',
        earns: 1,
      },
      {
        name: 'applies ReLU before the bias',
        answer: (inputs: number[], weights: number[][], biases: number[]) => biases.map((bias, j) =>
          Math.max(0, inputs.reduce((sum, input, i) => sum + input * weights[i][j], 0)) + bias),
        hint: 'ReLU comes last: first the whole sum with its bias, then ReLU. Otherwise a negative bias could put ' +
          'out a negative number.',
        earns: 2,
      },
      {
        name: 'applies ReLU to each product',
        answer: (inputs: number[], weights: number[][], biases: number[]) => biases.map((bias, j) =>
          inputs.reduce((sum, input, i) => sum + Math.max(0, input * weights[i][j]), bias)),
        hint: 'You drop negative products before they are added. ReLU looks at the sum only: negative products may ' +
          'make it smaller.',
      },
    ],
  },
  {
    id: '1.5',
    kind: 'number',
    title: 'Count the parameters of a network',
    goal: 'You can count the parameters of a network of dense layers before you build it.',
    points: 2,
    difficulty: 'easy',
    minutes: 8,
    section: 'Summary',
    answer: 'parameterCount',
    version: 1,
    given: (random) => ({
      side: [16, 20, 24, 32][random.below(4)],
      first: 100 + 10 * random.below(9),
      second: 40 + 10 * random.below(5),
      classes: 5 + random.below(8),
    }),
    solution: ({ side, first, second, classes }) => parameters(side * side, first, second, classes),
    unit: 'parameters',
    mistakes: [
      {
        name: 'forgets the biases',
        answer: ({ side, first, second, classes }) => side * side * first + first * second + second * classes,
        hint: 'Those are the weights. Each neuron has one parameter more.',
      },
      {
        name: 'does not flatten',
        answer: ({ side, first, second, classes }) => parameters(side, first, second, classes),
        hint: 'A neuron of the first layer has a weight for every pixel. How many pixels has a square of ' +
          'side × side?',
      },
      {
        name: 'leaves the last layer out',
        answer: ({ side, first, second }) => parameters(side * side, first, second),
        hint: 'A layer is missing: the last one, which puts out a number for each class, has weights and biases too.',
      },
      {
        name: 'counts one bias a layer',
        answer: ({ side, first, second, classes }) => side * side * first + first * second + second * classes + 3,
        hint: 'You have counted one bias for each layer. There is one for each neuron.',
      },
      {
        name: 'counts a bias for each input',
        answer: ({ side, first, second, classes }) =>
          side * side * (first + 1) + first * (second + 1) + second * (classes + 1),
        hint: 'The + 1 stands at the wrong place: not each input has a bias, but each neuron.',
      },
    ],
  },
  {
    id: '1.6',
    kind: 'model',
    title: 'Halve the network',
    goal: 'You can build and compile a dense network with a given number of parameters.',
    points: 6,
    difficulty: 'medium',
    minutes: 15,
    section: 'Build the model',
    answer: 'buildHalf',
    version: 1,
    solution: () => compiled(network([256, 256, 10])),
    requirements: [
      {
        name: 'a row of 784 pixels goes in',
        points: 1,
        inputShape: [null, 784],
        hint: 'The first layer needs an inputShape. A picture arrives flattened: how long is its row?',
      },
      {
        name: 'ten numbers come out',
        points: 1,
        outputShape: [null, 10],
        hint: 'The last layer needs one neuron for each digit.',
      },
      {
        name: 'they are probabilities',
        points: 1,
        layers: { of: ['Dense'], having: { activation: 'softmax' }, atLeast: 1, atMost: 1 },
        hint: 'Look at the activation functions: one turns the ten sums of the last layer into probabilities that ' +
          'add up to 1, and it is used only there.',
      },
      {
        name: 'two hidden layers with ReLU',
        points: 1,
        layers: { of: ['Dense'], having: { activation: 'relu' }, atLeast: 2, atMost: 2 },
        hint: 'Two hidden layers are asked for, each with the activation function that lets positive sums pass and ' +
          'makes 0 of negative ones.',
      },
      {
        name: 'at most half of 669,706 parameters, at least 100,000',
        points: 1,
        parameters: { atLeast: 100_000, atMost: 334_853 },
        hint: 'Count with (n + 1) · m for each layer. Nearly all parameters are in the first layer: the number of ' +
          'its neurons decides.',
      },
      {
        name: 'compiled for classification',
        points: 1,
        compiled: { loss: 'categoricalCrossentropy', optimizer: 'rmsprop', metrics: ['accuracy'] },
        hint: 'model.compile takes three choices: the optimizer, the loss and the metrics. The lesson names all ' +
          'three; the labels are one-hot rows.',
      },
    ],
    mistakes: [
      {
        name: 'keeps 512 neurons',
        answer: () => compiled(network([512, 512, 10])),
        fails: 'at most half of 669,706 parameters, at least 100,000',
        earns: 5,
      },
      {
        name: 'makes it far too small',
        answer: () => compiled(network([32, 32, 10])),
        fails: 'at most half of 669,706 parameters, at least 100,000',
        earns: 5,
      },
      {
        name: 'ends with sigmoid',
        answer: () => compiled(network([256, 256, 10], { last: 'sigmoid' })),
        fails: 'they are probabilities',
        earns: 5,
      },
      {
        name: 'forgets the ReLUs',
        answer: () => compiled(network([256, 256, 10], { hidden: 'linear' })),
        fails: 'two hidden layers with ReLU',
        earns: 5,
      },
      {
        name: 'has one hidden layer',
        answer: () => compiled(network([256, 10])),
        fails: 'two hidden layers with ReLU',
        earns: 5,
      },
      {
        name: 'does not compile it',
        answer: () => network([256, 256, 10]),
        fails: 'compiled for classification',
        earns: 5,
      },
      {
        name: 'compiles it for labels that are numbers',
        answer: () => compiled(network([256, 256, 10]), 'sparseCategoricalCrossentropy'),
        fails: 'compiled for classification',
        earns: 5,
      },
      {
        name: 'has nine classes',
        answer: () => compiled(network([256, 256, 9])),
        fails: 'ten numbers come out',
        earns: 5,
      },
      {
        name: 'takes pictures that are not flattened',
        answer: () => compiled(network([256, 256, 10], { inputShape: [28, 28] })),
        fails: 'a row of 784 pixels goes in',
        earns: 3,
      },
    ],
  },
  {
    id: '1.7',
    kind: 'function',
    title: 'Compute the loss',
    goal: 'You can compute the categorical crossentropy of what a network answers.',
    points: 4,
    difficulty: 'medium',
    minutes: 15,
    section: 'Train',
    answer: 'crossentropy',
    version: 1,
    tolerance: 1e-5,
    solution: loss,
    criteria: [
      { name: 'one picture', points: 1, inputs: () => [[[[0.1, 0.7, 0.2]], [1]], [[[0.1, 0.7, 0.2]], [2]]] },
      {
        name: 'several pictures',
        points: 1,
        inputs: () => [[[[0.1, 0.7, 0.2], [0.5, 0.25, 0.25], [0.2, 0.4, 0.4]], [2, 0, 1]]],
      },
      {
        name: 'a probability of 0',
        points: 1,
        inputs: () => [[[[0, 0.5, 0.5], [0.25, 0.25, 0.5]], [0, 1]]],
      },
      {
        name: 'other answers, up to ten classes',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [drawProbabilities(random, 6, 4), drawWholes(random, 6, 4)],
          [[new Array<number>(10).fill(0.1), new Array<number>(10).fill(0.1)], drawWholes(random, 2, 10)],
        ],
      },
    ],
    mistakes: [
      {
        name: 'adds up instead of averaging',
        answer: (probabilities: number[][], labels: number[]) =>
          loss(probabilities, labels) * labels.length,
        hint: 'You add up the losses of all pictures, so that a larger batch has a larger loss. Take their mean.',
        earns: 1,
      },
      {
        name: 'forgets the minus',
        answer: (probabilities: number[][], labels: number[]) =>
          -loss(probabilities, labels),
        hint: 'Your loss is negative. The logarithm of a number below 1 is: what has to stand before it?',
      },
      {
        name: 'takes the logarithm to base 10',
        answer: (probabilities: number[][], labels: number[]) =>
          loss(probabilities, labels) / Math.LN10,
        hint: 'All your values are 2.3 times too small. Which logarithm is meant, and which one does Math.log10 ' +
          'compute?',
      },
      {
        name: 'takes the logarithm to base 2',
        answer: (probabilities: number[][], labels: number[]) =>
          loss(probabilities, labels) / Math.LN2,
        hint: 'All your values are 1.44 times too large. Which logarithm is meant, and which one does Math.log2 ' +
          'compute?',
      },
      {
        name: 'takes the largest probability instead of the label\'s',
        answer: (probabilities: number[][]) =>
          probabilities.reduce((sum, row) => sum - Math.log(Math.max(...row)), 0) / probabilities.length,
        hint: 'You take the largest probability of each row, whatever the label says. The loss asks for the ' +
          'probability of the right class.',
      },
      {
        name: 'does not mind a probability of 0',
        answer: (probabilities: number[][], labels: number[]) =>
          labels.reduce((sum, label, i) => sum - Math.log(probabilities[i][label]), 0) / labels.length,
        hint: 'The logarithm of 0 is minus infinity, and with one such picture the whole mean is lost. What does ' +
          'the task say about a probability below 1e-7?',
        earns: 3,
      },
      {
        name: 'takes how far the probability is from 1',
        answer: (probabilities: number[][], labels: number[]) =>
          labels.reduce((sum, label, i) => sum + 1 - probabilities[i][label], 0) / labels.length,
        hint: 'You measure how far the probability is from 1. Crossentropy takes its logarithm: being sure of ' +
          'something wrong costs far more.',
      },
    ],
  },
  {
    id: '1.8',
    kind: 'trained',
    title: 'Train a network that reads digits',
    goal: 'You can train a dense network that reads at least 97 of 100 new digits.',
    points: 5,
    difficulty: 'medium',
    minutes: 15,
    section: 'Train',
    answer: 'digits',
    version: 1,
    pictures: { dataset: 'mnist', shape: [784], scale: 1 / 255 },
    requirements: [
      {
        name: 'ten numbers come out',
        points: 1,
        outputShape: [null, 10],
        hint: 'The last layer needs one neuron for each digit.',
      },
    ],
    levels: [
      {
        accuracy: 0.9,
        points: 2,
        hint: 'It reads too few. Has fit been run on this very model, with all of xTrain and yTrain, did the loss ' +
          'fall, and was there more than one epoch?',
      },
      {
        accuracy: 0.97,
        points: 2,
        hint: 'It reads most digits. What has the lesson\'s network that yours has not: hidden layers, their ' +
          'neurons, ReLU, five epochs?',
      },
    ],
    mistakes: [
      { name: 'never trains it', answer: () => compiled(network([512, 512, 10])), fails: 'accuracy 0.9', earns: 1 },
      { name: 'has one output', answer: () => compiled(network([64, 1])), fails: 'ten numbers come out' },
      { name: 'forgets the zero', answer: () => compiled(network([64, 9])), fails: 'ten numbers come out' },
    ],
  },
  {
    id: '1.9',
    kind: 'function',
    title: 'Find the surest mistakes',
    goal: 'You can find the pictures that a network reads wrongly, those that it is most sure of first.',
    points: 5,
    difficulty: 'hard',
    minutes: 25,
    section: 'What does it get wrong?',
    answer: 'surestMistakes',
    version: 1,
    solution: (probabilities: number[][], labels: number[], count: number) =>
      pictures(probabilities, labels, false).sort(surestFirst(probabilities)).slice(0, count),
    criteria: [
      {
        name: 'which one is wrong',
        points: 1,
        inputs: () => [
          [[[0.8, 0.1, 0.1], [0.2, 0.3, 0.5], [0.1, 0.6, 0.3], [0.3, 0.4, 0.3]], [0, 2, 0, 1], 3],
        ],
      },
      {
        name: 'the surest first',
        points: 2,
        inputs: () => [
          [[[0.5, 0.3, 0.2], [0.1, 0.9, 0], [0.05, 0.05, 0.9], [0.7, 0.2, 0.1], [0.2, 0.2, 0.6]], [1, 1, 1, 1, 0], 4],
        ],
      },
      {
        name: 'no more than asked for',
        points: 1,
        inputs: () => [
          [[[0.55, 0.45], [0.15, 0.85], [0.2, 0.8], [0.9, 0.1], [0.3, 0.7]], [1, 1, 0, 1, 0], 2],
        ],
      },
      {
        name: 'more pictures, more classes',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [[...drawProbabilities(random, 12, 4), [0.9, 0.1, 0, 0], [0.2, 0.65, 0.1, 0.05], [0, 0, 0.05, 0.95]],
            [...drawWholes(random, 12, 4), 1, 1, 2], 4],
          [[[0.6, 0.4], [0.1, 0.9]], [0, 1], 3],
        ],
      },
    ],
    mistakes: [
      {
        name: 'finds those that are right',
        answer: (probabilities: number[][], labels: number[], count: number) =>
          pictures(probabilities, labels, true).sort(surestFirst(probabilities)).slice(0, count),
        hint: 'These are the pictures that are read correctly. Wanted are those where the answer and the label differ.',
      },
      {
        name: 'puts the least sure first',
        answer: (probabilities: number[][], labels: number[], count: number) =>
          pictures(probabilities, labels, false).sort((a, b) => surestFirst(probabilities)(b, a)).slice(0, count),
        hint: 'The pictures are in the opposite order: the least sure comes first. In which order does sort put a ' +
          'and b when its function returns a negative number?',
        earns: 1,
      },
      {
        name: 'leaves them in the order of the pictures',
        answer: (probabilities: number[][], labels: number[], count: number) =>
          pictures(probabilities, labels, false).slice(0, count),
        hint: 'You have found the mistakes; they still stand in the order of the pictures. Sort them by how sure ' +
          'the network was.',
        earns: 1,
      },
      {
        name: 'sorts by the probability of the label',
        answer: (probabilities: number[][], labels: number[], count: number) =>
          pictures(probabilities, labels, false)
            .sort((a, b) => probabilities[b][labels[b]] - probabilities[a][labels[a]]).slice(0, count),
        hint: 'You sort by the probability of the label. How sure the network was of its answer is the probability ' +
          'of the class that it answered.',
        earns: 1,
      },
      {
        name: 'returns all of them',
        answer: (probabilities: number[][], labels: number[]) =>
          pictures(probabilities, labels, false).sort(surestFirst(probabilities)),
        hint: 'The order is right, but there are more than count.',
        earns: 3,
      },
      {
        name: 'cuts off before it looks for mistakes',
        answer: (probabilities: number[][], labels: number[], count: number) =>
          labels.map((_, i) => i).sort(surestFirst(probabilities)).slice(0, count)
            .filter((i) => largest(probabilities[i]) !== labels[i]),
        hint: 'Some mistakes are missing: you take the first few of all pictures and then look for mistakes among ' +
          'those. First find all mistakes, cut off last.',
        earns: 1,
      },
      {
        name: 'returns the labels',
        answer: (probabilities: number[][], labels: number[], count: number) =>
          pictures(probabilities, labels, false).sort(surestFirst(probabilities)).slice(0, count)
            .map((i) => labels[i]),
        hint: 'These are labels. Wanted are the numbers of the pictures: their places in the list, counted from 0.',
      },
    ],
  },
  {
    id: '1.10',
    kind: 'text',
    title: 'Read the curves of a training',
    goal: 'You can see over-fitting in the curves of a training and say what follows from it.',
    points: 3,
    difficulty: 'medium',
    minutes: 10,
    section: 'Over-fitting',
    answer: 'e1-10',
    version: 1,
    rubric: [
      {
        points: 1,
        looksFor: 'The network over-fits from epoch 4 on: the validation loss rises while the training loss goes on ' +
          'falling.',
      },
      {
        points: 1,
        looksFor: 'It explains why: the network learns details of its training pictures that do not help with others.',
      },
      {
        points: 1,
        looksFor: 'It would stop after epoch 3, and says that the 0.979 of epoch 3 is a little too kind, because ' +
          'the epoch was chosen by this number: pictures that nobody has looked at are needed.',
      },
    ],
  },
];
