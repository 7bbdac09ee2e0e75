import { tensor, type Exercise, type Plain } from '@course/lib/exercises';
import { tf } from '@course/lib/tensorflow';
import { drawNumbers } from './draw';

interface Line { m: number; b: number }

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const errorsOf = (x: number[], y: number[], m: number, b: number): number[] => x.map((xi, i) => m * xi + b - y[i]);

/** The gradient of the mean squared error, from the sums of x, y and their products. */
function slopeOf(x: number[], y: number[], { m, b }: Line): Line {
  const [meanX, meanY] = [mean(x), mean(y)];
  return {
    m: 2 * (m * mean(x.map((xi) => xi * xi)) + b * meanX - mean(x.map((xi, i) => xi * y[i]))),
    b: 2 * (m * meanX + b - meanY),
  };
}

const moved = ({ m, b }: Line, slope: Line, learningRate: number): Line =>
  ({ m: m - learningRate * slope.m, b: b - learningRate * slope.b });

/** The places of gradient descent, given how to go on from one. */
function places(start: Line, steps: number, next: (place: Line) => Line): number[][] {
  const path = [start];
  for (let step = 0; step < steps; step++) path.push(next(path[step]));
  return path.map(({ m, b }) => [m, b]);
}

/** The ten points of the lesson. */
const lessonX = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const lessonY = [10, 20, 25, 30, 40, 45, 40, 50, 60, 55];

/** The gradients of a loss of a line's errors, by TensorFlow.js. */
const lineGradients = (
  of: (errors: tf.Tensor) => tf.Tensor, x: tf.Tensor1D, y: tf.Tensor1D, m: tf.Scalar, b: tf.Scalar,
): tf.Tensor[] => tf.grads((slope, height) => of(x.mul(slope).add(height).sub(y)))([m, b]);

export const exercises: Exercise[] = [
  {
    id: 'B.1',
    kind: 'function',
    title: 'Compute the mean squared error',
    goal: 'You can say in one number how bad a line is.',
    points: 3,
    difficulty: 'easy',
    minutes: 8,
    section: 'Loss',
    answer: 'squaredError',
    version: 1,
    solution: (x: number[], y: number[], m: number, b: number) => {
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += (y[i] - b - m * x[i]) * (y[i] - b - m * x[i]);
      return sum / x.length;
    },
    criteria: [
      { name: 'one point', points: 1, inputs: () => [[[3], [7], 1, 2]] },
      {
        name: 'several points',
        points: 1,
        inputs: () => [[[0, 1, 2], [1, 2, 6], 2, 0], [lessonX, lessonY, -2, 40]],
      },
      {
        name: 'other points and lines',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [drawNumbers(random, 6, -5, 5), drawNumbers(random, 6, -9, 9), ...drawNumbers(random, 2, -3, 3)],
          [[0, 0, 4], drawNumbers(random, 3, 5, 9), 0, 1],
        ],
      },
    ],
    mistakes: [
      {
        name: 'adds up instead of averaging',
        answer: (x: number[], y: number[], m: number, b: number) =>
          errorsOf(x, y, m, b).reduce((sum, error) => sum + error ** 2, 0),
        hint: 'You add up the squared errors. Take their mean, so that the loss does not grow with the number of ' +
          'points.',
        earns: 1,
      },
      {
        name: 'takes absolute errors',
        answer: (x: number[], y: number[], m: number, b: number) => mean(errorsOf(x, y, m, b).map(Math.abs)),
        hint: 'You average the absolute errors. Here each error is squared, so that large ones count more.',
      },
      {
        name: 'takes the root',
        answer: (x: number[], y: number[], m: number, b: number) =>
          Math.sqrt(mean(errorsOf(x, y, m, b).map((error) => error ** 2))),
        hint: 'You take the square root at the end. That is a usual measure too, but the mean squared error has no ' +
          'root.',
      },
      {
        name: 'does not square',
        answer: (x: number[], y: number[], m: number, b: number) => mean(errorsOf(x, y, m, b)),
        hint: 'Your errors are not squared: those above and below the line cancel out, and the loss may even be ' +
          'negative.',
      },
      {
        name: 'swaps slope and height',
        answer: (x: number[], y: number[], m: number, b: number) =>
          mean(errorsOf(x, y, b, m).map((error) => error ** 2)),
        hint: 'Slope and height are swapped: m is what x is multiplied with, b is added.',
      },
    ],
  },
  {
    id: 'B.2',
    kind: 'function',
    title: 'Write the gradient by hand',
    goal: 'You can compute how the mean squared error changes with the slope and with the height of a line.',
    points: 4,
    difficulty: 'medium',
    minutes: 15,
    section: 'The gradient, by hand',
    answer: 'lossGradient',
    version: 1,
    solution: (x: number[], y: number[], m: number, b: number) => slopeOf(x, y, { m, b }),
    criteria: [
      { name: 'one point', points: 1, inputs: () => [[[3], [7], 1, 2]] },
      { name: 'several points', points: 2, inputs: () => [[[0, 1, 2, 4], [1, 2, 6, 5], 2, 1], [[1, 2], [3, 3], 0, 0]] },
      {
        name: 'other points and lines',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [drawNumbers(random, 6, -5, 5), drawNumbers(random, 6, -9, 9), ...drawNumbers(random, 2, -3, 3)],
          [drawNumbers(random, 3, 1, 5), [0, 0, 0], 1.5, -1],
        ],
      },
    ],
    mistakes: [
      {
        name: 'forgets the factor 2',
        answer: (x: number[], y: number[], m: number, b: number) => {
          const slope = slopeOf(x, y, { m, b });
          return { m: slope.m / 2, b: slope.b / 2 };
        },
        hint: 'Both numbers are half as large as they should be. What is the derivative of a square?',
      },
      {
        name: 'forgets the x',
        answer: (x: number[], y: number[], m: number, b: number) => {
          const slope = slopeOf(x, y, { m, b });
          return { m: slope.b, b: slope.b };
        },
        hint: 'Your two numbers are equal. When m grows a little, the line moves more where x is large: by what is ' +
          'each error multiplied?',
      },
      {
        name: 'turns the sign round',
        answer: (x: number[], y: number[], m: number, b: number) => {
          const slope = slopeOf(x, y, { m, b });
          return { m: -slope.m, b: -slope.b };
        },
        hint: 'Both signs are wrong. The error is what the line predicts minus y, not the other way round.',
      },
      {
        name: 'adds up instead of averaging',
        answer: (x: number[], y: number[], m: number, b: number) => {
          const slope = slopeOf(x, y, { m, b });
          return { m: slope.m * x.length, b: slope.b * x.length };
        },
        hint: 'You add up over the points. The loss is a mean, so its gradient is one too.',
        earns: 1,
      },
      {
        name: 'swaps the two',
        answer: (x: number[], y: number[], m: number, b: number) => {
          const slope = slopeOf(x, y, { m, b });
          return { m: slope.b, b: slope.m };
        },
        hint: 'The two are swapped. The one with the x belongs to the slope m.',
      },
      {
        name: 'multiplies the mean error with the mean of x',
        answer: (x: number[], y: number[], m: number, b: number) => {
          const slope = slopeOf(x, y, { m, b });
          return { m: slope.b * mean(x), b: slope.b };
        },
        hint: 'b is right. For m, multiply each error with its own x before you average: the mean of products is ' +
          'not the product of the means.',
        earns: 1,
      },
    ],
  },
  {
    id: 'B.3',
    kind: 'function',
    title: 'Let TensorFlow.js find a gradient',
    goal: 'You can get the gradient of a loss of your own without writing down a derivative.',
    points: 4,
    difficulty: 'hard',
    minutes: 20,
    section: 'The gradient, by TensorFlow.js',
    answer: 'absoluteGradients',
    version: 1,
    tensors: true,
    // The derivative of |error| is the sign of the error; no point of the cases lies on its line.
    solution: (x: tf.Tensor1D, y: tf.Tensor1D, m: tf.Scalar, b: tf.Scalar) => {
      const [inputs, targets] = [x.arraySync(), y.arraySync()];
      const signs = errorsOf(inputs, targets, m.arraySync(), b.arraySync()).map(Math.sign);
      return [tf.scalar(mean(signs.map((sign, i) => sign * inputs[i]))), tf.scalar(mean(signs))];
    },
    criteria: [
      {
        name: 'one point',
        points: 1,
        inputs: () => [[tensor([1], [3]), tensor([1], [8]), tensor([], [1]), tensor([], [2])]],
      },
      {
        name: 'points above and below the line',
        points: 2,
        inputs: () => [
          [tensor([4], [1, 2, 3, 4]), tensor([4], [3, 4, 6, 6]), tensor([], [2]), tensor([], [0.5])],
          [tensor([3], [0, 2, 5]), tensor([3], [4, 1, 2]), tensor([], [1]), tensor([], [-2])],
        ],
      },
      {
        name: 'other points and lines',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [
            tensor([8], drawNumbers(random, 8, -5, 5)), tensor([8], drawNumbers(random, 8, -9, 9)),
            tensor([], [1.37]), tensor([], [0.123]),
          ],
          [tensor([2], drawNumbers(random, 2, 1, 4)), tensor([2], [-20, -30]), tensor([], [0.5]), tensor([], [1.25])],
        ],
      },
    ],
    mistakes: [
      {
        name: 'squares the errors',
        answer: (x: tf.Tensor1D, y: tf.Tensor1D, m: tf.Scalar, b: tf.Scalar) =>
          lineGradients((errors) => errors.square().mean(), x, y, m, b),
        hint: 'This is the gradient of the mean squared error. Here the loss is the mean of the absolute errors.',
      },
      {
        name: 'adds up instead of averaging',
        answer: (x: tf.Tensor1D, y: tf.Tensor1D, m: tf.Scalar, b: tf.Scalar) =>
          lineGradients((errors) => errors.abs().sum(), x, y, m, b),
        hint: 'Your loss adds up the errors of all points. Take their mean.',
        earns: 1,
      },
      {
        name: 'takes no absolute value',
        answer: (x: tf.Tensor1D, y: tf.Tensor1D, m: tf.Scalar, b: tf.Scalar) =>
          lineGradients((errors) => errors.mean(), x, y, m, b),
        hint: 'Your gradient does not depend on where the points lie: the errors lost their absolute value, so ' +
          'those above and below cancel out.',
      },
      {
        name: 'swaps m and b',
        answer: (x: tf.Tensor1D, y: tf.Tensor1D, m: tf.Scalar, b: tf.Scalar) =>
          lineGradients((errors) => errors.abs().mean(), x, y, m, b).reverse(),
        hint: 'The two are swapped. tf.grads returns the gradients in the order of the arguments: first m, then b.',
      },
      {
        name: 'returns one tensor',
        answer: (x: tf.Tensor1D, y: tf.Tensor1D, m: tf.Scalar, b: tf.Scalar) =>
          tf.tidy(() => lineGradients((errors) => errors.abs().mean(), x, y, m, b)[0]),
        hint: 'One gradient is missing. tf.grads (with an s) takes several arguments and returns a list with a ' +
          'gradient for each.',
      },
      {
        name: 'returns the loss',
        answer: (x: tf.Tensor1D, y: tf.Tensor1D, m: tf.Scalar, b: tf.Scalar) =>
          tf.tidy(() => x.mul(m).add(b).sub(y).abs().mean()),
        hint: 'That is the loss itself. Give the function that computes it to tf.grads, and call what you get with ' +
          '[m, b].',
      },
    ],
  },
  {
    id: 'B.4',
    kind: 'function',
    title: 'Take one step',
    goal: 'You can move the parameters of a model by one step of gradient descent.',
    points: 2,
    difficulty: 'easy',
    minutes: 6,
    section: 'Gradient descent',
    answer: 'oneStep',
    version: 1,
    solution: (line: Line, slope: Line, learningRate: number) => ({
      m: line.m - slope.m * learningRate,
      b: line.b - slope.b * learningRate,
    }),
    criteria: [
      {
        name: 'one step',
        points: 1,
        inputs: () => [[{ m: -2, b: 40 }, { m: -10, b: 5 }, 0.1], [{ m: 1, b: 0 }, { m: 4, b: 2 }, 0.25]],
      },
      {
        name: 'other steps',
        points: 1,
        hidden: true,
        inputs: (random) => Array.from({ length: 3 }, () => {
          const [m, b, down, up] = drawNumbers(random, 4, 1, 9);
          return [{ m, b: -b }, { m: down, b: -up }, 0.02];
        }),
      },
    ],
    mistakes: [
      {
        name: 'walks uphill',
        answer: (line: Line, slope: Line, learningRate: number) => moved(line, slope, -learningRate),
        hint: 'You walk uphill. The gradient says in which direction the loss grows; you want it to fall.',
      },
      {
        name: 'forgets the learning rate',
        answer: (line: Line, slope: Line) => moved(line, slope, 1),
        hint: 'The step is as large as the gradient. By what is it multiplied first?',
      },
      {
        name: 'moves both by the gradient of m',
        answer: (line: Line, slope: Line, learningRate: number) =>
          moved(line, { m: slope.m, b: slope.m }, learningRate),
        hint: 'm is right, b is not: it moves by its own part of the gradient.',
      },
      {
        name: 'returns only how far it goes',
        answer: (_line: Line, slope: Line, learningRate: number) => moved({ m: 0, b: 0 }, slope, learningRate),
        hint: 'That is the step. Asked for is the place where it ends: begin at line.m and line.b.',
      },
      {
        name: 'changes the line that it was given',
        answer: (line: Line, slope: Line, learningRate: number) => {
          line.m -= learningRate * slope.m;
          line.b -= learningRate * slope.b;
          return line;
        },
        hint: 'The numbers are right, but the line that you were given has moved too; whoever called you may still ' +
          'need it. Return a new object.',
      },
    ],
  },
  {
    id: 'B.5',
    kind: 'function',
    title: 'Walk down the valley',
    goal: 'You can write gradient descent: look around, take a step, and again.',
    points: 5,
    difficulty: 'hard',
    minutes: 25,
    section: 'Gradient descent',
    answer: 'walk',
    version: 1,
    solution: (x: number[], y: number[], start: Line, learningRate: number, steps: number) =>
      places(start, steps, (place) => moved(place, slopeOf(x, y, place), learningRate)),
    criteria: [
      { name: 'one step', points: 1, inputs: () => [[[0, 2], [1, 5], { m: 0, b: 0 }, 0.1, 1]] },
      {
        name: 'three steps',
        points: 2,
        inputs: () => [
          [[0, 2], [1, 5], { m: 0, b: 0 }, 0.1, 3],
          [[1, 2, 3], [2, 2, 5], { m: 1, b: 0.5 }, 0.05, 3],
        ],
      },
      { name: 'no step at all', points: 1, inputs: () => [[[1, 2], [3, 4], { m: -2, b: 40 }, 0.02, 0]] },
      {
        name: 'other points, more steps',
        points: 1,
        hidden: true,
        inputs: (random): Plain[][] => {
          const [m, b] = drawNumbers(random, 2, -2, 2);
          return [
            [drawNumbers(random, 5, 0, 4), drawNumbers(random, 5, 0, 9), { m, b }, 0.02, 6],
            [lessonX, lessonY, { m, b }, 0.01, 4],
          ];
        },
      },
    ],
    mistakes: [
      {
        name: 'takes one step too few',
        answer: (x: number[], y: number[], start: Line, learningRate: number, steps: number) =>
          places(start, steps - 1, (place) => moved(place, slopeOf(x, y, place), learningRate)),
        hint: 'One place is missing: with the start there are steps + 1 of them.',
        earns: 1,
      },
      {
        name: 'takes one step too many',
        answer: (x: number[], y: number[], start: Line, learningRate: number, steps: number) =>
          places(start, steps + 1, (place) => moved(place, slopeOf(x, y, place), learningRate)),
        hint: 'You take one step too many. With 0 steps only the start should be there.',
      },
      {
        name: 'leaves the start out',
        answer: (x: number[], y: number[], start: Line, learningRate: number, steps: number) =>
          places(start, steps, (place) => moved(place, slopeOf(x, y, place), learningRate)).slice(1),
        hint: 'The start is missing: it is the first place of the path.',
      },
      {
        name: 'looks around only at the start',
        answer: (x: number[], y: number[], start: Line, learningRate: number, steps: number) => {
          const slope = slopeOf(x, y, start);
          return places(start, steps, (place) => moved(place, slope, learningRate));
        },
        hint: 'All your steps are the same. The gradient changes from place to place: compute it again before each ' +
          'step.',
        earns: 2,
      },
      {
        name: 'moves b after m has moved',
        answer: (x: number[], y: number[], start: Line, learningRate: number, steps: number) =>
          places(start, steps, (place) => {
            const m = place.m - learningRate * slopeOf(x, y, place).m;
            return { m, b: place.b - learningRate * slopeOf(x, y, { m, b: place.b }).b };
          }),
        hint: 'm is right after one step, b is not: you compute its gradient after m has moved. Compute both parts ' +
          'of the gradient first, then move.',
        earns: 1,
      },
      {
        name: 'returns only the last place',
        answer: (x: number[], y: number[], start: Line, learningRate: number, steps: number) =>
          places(start, steps, (place) => moved(place, slopeOf(x, y, place), learningRate)).at(-1),
        hint: 'That is the place where the walk ends. Asked for is the whole path: a list of [m, b], the start first.',
      },
    ],
  },
  {
    id: 'B.6',
    kind: 'number',
    title: 'Find the largest learning rate',
    goal: 'You can say from the curvature of a loss how large a learning rate may be.',
    points: 3,
    difficulty: 'hard',
    minutes: 15,
    section: 'The learning rate',
    answer: 'largestRate',
    version: 1,
    given: (random) => ({ x1: 1 + random.below(3), x2: 4 + random.below(3), x3: 7 + random.below(3) }),
    solution: ({ x1, x2, x3 }) => 3000 / (x1 * x1 + x2 * x2 + x3 * x3),
    decimals: 1,
    unit: 'thousandths',
    mistakes: [
      {
        name: 'divides 1 by the curvature',
        answer: ({ x1, x2, x3 }) => 1500 / (x1 ** 2 + x2 ** 2 + x3 ** 2),
        hint: 'With this learning rate one step leads to the lowest place. It may be larger: each step may land on ' +
          'the other side, as long as it lands lower. How much larger, says the lesson.',
      },
      {
        name: 'adds up instead of averaging',
        answer: ({ x1, x2, x3 }) => 1000 / (x1 ** 2 + x2 ** 2 + x3 ** 2),
        hint: 'The loss is the mean over three points; your curvature is that of their sum.',
      },
      {
        name: 'forgets the factor 2 of the curvature',
        answer: ({ x1, x2, x3 }) => 6000 / (x1 ** 2 + x2 ** 2 + x3 ** 2),
        hint: 'It is twice as large as it may be. Take the derivative of the squared error twice: which factor ' +
          'remains?',
      },
      {
        name: 'squares the mean of x',
        answer: ({ x1, x2, x3 }) => 9000 / (x1 + x2 + x3) ** 2,
        hint: 'You square the mean of x. Take the mean of the squares: that is larger.',
      },
      {
        name: 'does not convert it',
        answer: ({ x1, x2, x3 }) => 3 / (x1 ** 2 + x2 ** 2 + x3 ** 2),
        hint: 'It is asked for in thousandths: multiply by 1000, and do not round before.',
      },
      {
        name: 'gives the curvature',
        answer: ({ x1, x2, x3 }) => 2 * (x1 ** 2 + x2 ** 2 + x3 ** 2) / 3,
        hint: 'That is the curvature. The largest learning rate is 2 divided by it.',
      },
    ],
  },
  {
    id: 'B.7',
    kind: 'function',
    title: 'Find the best line at once',
    goal: 'You can compute the line of least squares without taking a single step.',
    points: 4,
    difficulty: 'medium',
    minutes: 20,
    section: 'The best line',
    answer: 'leastSquares',
    version: 1,
    // The place where both parts of the gradient are 0, as two equations.
    solution: (x: number[], y: number[]) => {
      const n = x.length;
      const [sumX, sumY] = [mean(x) * n, mean(y) * n];
      const [sumXX, sumXY] = [x.reduce((sum, xi) => sum + xi * xi, 0), x.reduce((sum, xi, i) => sum + xi * y[i], 0)];
      const m = (n * sumXY - sumX * sumY) / (n * sumXX - sumX * sumX);
      return { m, b: (sumY - m * sumX) / n };
    },
    criteria: [
      { name: 'points on a line', points: 1, inputs: () => [[[1, 2, 3], [5, 7, 9]], [[-1, 0, 2], [4, 3, 1]]] },
      { name: 'points near a line', points: 2, inputs: () => [[[0, 1, 2, 3], [1, 3, 2, 5]], [lessonX, lessonY]] },
      {
        name: 'other points',
        points: 1,
        hidden: true,
        inputs: (random) => [
          [[-4, -1, 0.5, 3, 5.5, 7], drawNumbers(random, 6, -9, 9)],
          [[10, 11, 13], drawNumbers(random, 3, 20, 90)],
        ],
      },
    ],
    mistakes: [
      {
        name: 'forces the line through the origin',
        answer: (x: number[], y: number[]) =>
          ({ m: mean(x.map((xi, i) => xi * y[i])) / mean(x.map((xi) => xi * xi)), b: 0 }),
        hint: 'Your line goes through the point (0, 0). Subtract the means from x and y before you multiply, and ' +
          'find b afterwards.',
      },
      {
        name: 'subtracts no means',
        answer: (x: number[], y: number[]) => {
          const m = mean(x.map((xi, i) => xi * y[i])) / mean(x.map((xi) => xi * xi));
          return { m, b: mean(y) - m * mean(x) };
        },
        hint: 'The slope is not right: how x and y vary is measured from their means, so subtract those first.',
      },
      {
        name: 'takes the mean of y for b',
        answer: (x: number[], y: number[]) => {
          const [meanX, meanY] = [mean(x), mean(y)];
          const m = mean(x.map((xi, i) => (xi - meanX) * (y[i] - meanY))) / mean(x.map((xi) => (xi - meanX) ** 2));
          return { m, b: meanY };
        },
        hint: 'm is right. The line has the height of the mean of y at the mean of x; b is its height at x = 0.',
      },
      {
        name: 'swaps x and y',
        answer: (x: number[], y: number[]) => {
          const [meanX, meanY] = [mean(x), mean(y)];
          const m = mean(x.map((xi, i) => (xi - meanX) * (y[i] - meanY))) / mean(y.map((yi) => (yi - meanY) ** 2));
          return { m, b: meanX - m * meanY };
        },
        hint: 'You predict x from y. By what do you divide: by how x varies alone, or by how y does?',
      },
      {
        name: 'joins the first point and the last',
        answer: (x: number[], y: number[]) => {
          const m = (y[y.length - 1] - y[0]) / (x[x.length - 1] - x[0]);
          return { m, b: y[0] - m * x[0] };
        },
        hint: 'Your line joins the first point and the last, and the others have no say. All of them should count.',
        earns: 1,
      },
    ],
  },
  {
    id: 'B.8',
    kind: 'text',
    title: 'Say why the walk is long',
    goal: 'You can explain why one learning rate does not suit all directions, and what helps.',
    points: 3,
    difficulty: 'medium',
    minutes: 10,
    section: 'Gradient descent',
    answer: 'eB-8',
    version: 1,
    rubric: [
      {
        points: 1,
        looksFor: 'The valley is narrow: steep in one direction, nearly flat in the other; in the flat one the ' +
          'gradient is small, so are the steps.',
      },
      {
        points: 1,
        looksFor: 'A larger learning rate would overshoot on the steep side: the loss would grow without end.',
      },
      {
        points: 1,
        looksFor: 'Something that helps, with a reason: subtracting the mean of x (the valley becomes round), ' +
          'scaling x, a learning rate of its own for each parameter (RMSProp, Adam), momentum.',
      },
    ],
  },
];
