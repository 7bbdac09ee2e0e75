import path from 'node:path';
import { countInBins, extent } from '../bins';
import { connections } from '../model/connections';
import { tf } from '../tensorflow';
import { EventFile, lastStep } from './event-file';
import { brokenOff } from './train';

/** As many as TensorFlow's own logs have. */
const BINS = 30;

/**
 * A callback for `fit` that keeps a log for TensorBoard: after each epoch loss and metrics (in the runs `train` and
 * `validation`, as Keras names them) and histograms of all weights, and at the beginning the graph of the model and the
 * weights that it starts with. An epoch that was interrupted is not logged.
 *
 * @param folder is made if it is not there. A training that goes on, after an interrupt for instance, goes on in the
 *   same folder: its epochs are counted from the last one there. A folder for each keeps other trainings apart
 * @throws Error if `folder` is no name, and (from `fit`) if it cannot be written
 *
 * ```ts
 * const history = await fit(model, { x, y }, { epochs: 20, callbacks: trainingLog('logs/first') });
 * await openTensorBoard('logs');
 * ```
 * Taught in 02_fashion_mnist_mlp.
 */
export function trainingLog(folder: string): tf.Callback {
  if (typeof folder !== 'string' || folder === '') {
    const got = folder === '' ? 'no name' : String(folder);
    throw new Error(`trainingLog: got ${got}; expected a folder, such as 'logs/first'.`);
  }
  return new TrainingLog(folder);
}

class TrainingLog extends tf.Callback {
  private train: EventFile | undefined;
  private validation: EventFile | undefined;
  /** Epochs of earlier trainings in this folder. */
  private before = 0;

  constructor(private readonly folder: string) {
    super();
  }

  /** Each training begins files of its own: appended to those of an earlier one, its steps would go back. */
  override async onTrainBegin(): Promise<void> {
    this.validation = undefined;
    const run = path.join(this.folder, 'train');
    // A training that goes on from a checkpoint counts its epochs from the first.
    const { initialEpoch = 0 } = this.params as { initialEpoch?: number };
    // Histograms count the epochs that are finished.
    this.before = Math.max(0, (lastStep(run) ?? 0) - initialEpoch);
    this.train = new EventFile(run);
    this.train.kerasModel(JSON.stringify(kerasForm(this.network)));
    this.weights(this.before + initialEpoch);
  }

  override async onEpochEnd(epoch: number, logs: tf.Logs = {}): Promise<void> {
    if (brokenOff.has(logs)) return;
    for (const [key, value] of Object.entries(logs as Record<string, tf.Scalar | number>)) {
      const isValidation = key.startsWith('val_');
      const measure = isValidation ? key.slice('val_'.length) : key;
      if (isValidation) this.validation ??= new EventFile(path.join(this.folder, 'validation'));
      const file = isValidation ? this.validation : this.train;
      // Keras counts epochs from 0 as well.
      const name = `epoch_${measure === 'acc' ? 'accuracy' : measure}`;
      file?.scalar(name, typeof value === 'number' ? value : value.dataSync()[0], this.before + epoch);
    }
    this.weights(this.before + epoch + 1);
  }

  private weights(step: number): void {
    for (const layer of this.network.layers) {
      const values = layer.getWeights();
      layer.weights.forEach((weight, i) => {
        const numbers = values[i].dataSync();
        const span = extent(numbers);
        if (!span) return;
        // Equal values, as biases begin with, have one bin around them.
        const bins = span[0] < span[1]
          ? countInBins(numbers, span, BINS)
          : countInBins(numbers, [span[0] - 0.5, span[1] + 0.5], 1);
        this.train?.histogram(weight.originalName, bins, step);
      });
    }
  }

  private get network(): tf.LayersModel {
    return (this as unknown as { model: tf.LayersModel }).model;
  }
}

/**
 * The layers of a model and what they are connected with, in the form of Keras 3. tfjs's own `toJSON` has that of Keras
 * 2, whose connections TensorBoard no longer reads.
 */
function kerasForm(model: tf.LayersModel): object {
  const layers = new Map<tf.layers.Layer, { class_name: string; config: object; inbound_nodes: object[] }>();
  for (const { layer, from } of connections(model)) {
    const { name } = layer;
    const config = { name, dtype: 'float32' };
    const entry = layers.get(layer) ?? { class_name: layer.getClassName(), config, inbound_nodes: [] };
    const args = from.map((before) => ({ config: { keras_history: [before.layer.name, 0, 0] } }));
    if (args.length > 0) entry.inbound_nodes.push({ args, kwargs: {} });
    layers.set(layer, entry);
  }
  return { class_name: 'Functional', config: { name: model.name, layers: [...layers.values()] } };
}
