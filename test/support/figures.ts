import {
  classCountsFigure, confusionFigure, confusionMatrix, histogramFigure, historiesFigure, historyFigure,
  imageSizesFigure, learningRateFigure, lineFitFigure, lossSurfaceFigure, memoryAccount, memoryFigure, tf, weightsFigure, type Figure, type History,
} from '@course/lib';
import { arrayOf } from '../../lib/src/arrays';
import { Random } from '../../lib/src/random';

/** Every kind of figure with data as the lessons have it, by name. */
export function exampleFigures(): Record<string, Figure> {
  const random = new Random(5);
  const epochs = Array.from({ length: 20 }, (_, i) => i);
  const at = Array.from({ length: 400 }, (_, i) => (i + 1) / 20);
  const history: History = {
    epoch: epochs,
    history: {
      loss: epochs.map((epoch) => 1 / (1 + epoch)), acc: epochs.map((epoch) => 1 - 0.3 / (1 + epoch)),
      val_loss: epochs.map((epoch) => 0.8 / (1 + epoch) + 0.02 * epoch),
      val_acc: epochs.map((epoch) => 0.9 - 0.2 / (1 + epoch)),
    },
    seconds: epochs.map(() => 1),
    within: { at, measures: { loss: at.map((x) => 1 / (1 + x)), acc: at.map((x) => 1 - 0.3 / (1 + x)) } },
  };
  const weights = Float32Array.from({ length: 784 * 256 }, () => (random.fraction() - 0.5) * 0.15);
  const classNames = ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag',
    'Ankle boot'];
  const labels = Uint8Array.from({ length: 10_000 }, (_, i) => i % 10);
  const predictions = labels.map((label) => (random.fraction() < 0.9 ? label : Math.floor(random.fraction() * 10)));
  const [x, y] = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [10, 20, 25, 30, 40, 45, 40, 50, 60, 55]];
  const loss = (m: number, b: number): number =>
    x.reduce((sum, value, i) => sum + (m * value + b - y[i]) ** 2, 0) / x.length;
  const points = Array.from({ length: 200 }, (_, i): [number, number] => [-2 + 7 * (i / 199), 40 - 25 * (i / 199)]);
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 256, activation: 'relu', inputShape: [784] }), tf.layers.dropout({ rate: 0.3 }),
      tf.layers.dense({ units: 128, activation: 'relu' }), tf.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
  const accounts = [32, 512].map((batchSize) =>
    ({ name: `batch ${batchSize}`, account: memoryAccount(model, { batchSize }) }));
  model.dispose();
  const slower: History = { ...history, seconds: epochs.map(() => 1.7) };
  return {
    history: historyFigure(history),
    histories: historiesFigure({ 'batch 32': slower, 'batch 512': history }, { over: 'seconds' }),
    weights: weightsFigure(arrayOf(weights, [784, 256]), { title: 'First layer' }),
    histogram: histogramFigure({ before: weights, after: weights.map((weight) => weight * 1.5) },
      { marks: { 'Glorot bound': 0.0759 }, label: 'weight' }),
    confusion: confusionFigure(confusionMatrix(labels, predictions, 10), classNames),
    learningRates: learningRateFigure({ rates: [1e-4, 3e-4, 1e-3, 3e-3, 1e-2], losses: [1.2, 0.8, 0.5, 0.6, 2] }),
    lossSurface: lossSurfaceFigure(loss, { m: [-4, 12], b: [-10, 50], paths: [{ name: 'learning rate 0.01', points }],
      best: [5.1, 14.5] }),
    lineFit: lineFitFigure({ x, y }, [{ m: -2, b: 40, name: 'start' }, { m: 5.1, b: 14.5, name: 'least squares' }]),
    memory: memoryFigure(accounts),
    classCounts: classCountsFigure({ training: labels, validation: labels.subarray(0, 2000) }, classNames),
    imageSizes: imageSizesFigure(arrayOf(Int32Array.from({ length: 600 }, () => 100 +
      Math.floor(random.fraction() * 400)), [300, 2]), [32, 32]),
  };
}
