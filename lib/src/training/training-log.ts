import path from 'node:path';
import { countInBins, extent } from '../bins';
import { connections } from '../model/connections';
import { tf } from '../tensorflow';
import { EventFile } from './event-file';

/** As many as TensorFlow's own logs have. */
const BINS = 30;

/**
 * A callback for `fit` that keeps a log for TensorBoard: after each epoch loss and metrics (in the runs `train` and `validation`, as
 * Keras names them) and histograms of all weights, and at the beginning the graph of the model and the weights that it starts with.
 *
 * @param folder is made if it is not there; a folder for each training keeps them apart in TensorBoard
 * @throws Error (from `fit`) if the folder cannot be written
 *
 * ```ts
 * const history = await fit(model, { x, y }, { epochs: 20, callbacks: trainingLog('logs/first') });
 * await openTensorBoard('logs');
 * ```
 * Taught in 02_fashion_mnist_mlp.
 */
export function trainingLog(folder: string): tf.Callback {
  return new TrainingLog(folder);
}

class TrainingLog extends tf.Callback {
  private train: EventFile | undefined;
  private validation: EventFile | undefined;

  constructor(private readonly folder: string) {
    super();
  }

  /** Each training begins files of its own: appended to those of an earlier one, its steps would go back. */
  override async onTrainBegin(): Promise<void> {
    this.validation = undefined;
    this.train = new EventFile(path.join(this.folder, 'train'));
    this.train.kerasModel(JSON.stringify(kerasForm(this.network)));
    this.weights(0);
  }

  override async onEpochEnd(epoch: number, logs: tf.Logs = {}): Promise<void> {
    for (const [name, value] of Object.entries(logs as Record<string, tf.Scalar | number>)) {
      const isValidation = name.startsWith('val_');
      const measure = isValidation ? name.slice('val_'.length) : name;
      const file = isValidation ? (this.validation ??= new EventFile(path.join(this.folder, 'validation'))) : this.train;
      // Keras counts epochs from 0 as well.
      file?.scalar(`epoch_${measure === 'acc' ? 'accuracy' : measure}`, typeof value === 'number' ? value : value.dataSync()[0], epoch);
    }
    this.weights(epoch + 1);
  }

  private weights(step: number): void {
    for (const layer of this.network.layers) {
      const values = layer.getWeights();
      layer.weights.forEach((weight, i) => {
        const numbers = values[i].dataSync();
        const span = extent(numbers);
        if (!span) return;
        // Equal values, as biases begin with, have one bin around them.
        const [low, high] = span[0] < span[1] ? span : [span[0] - 0.5, span[1] + 0.5];
        this.train?.histogram(weight.originalName, countInBins(numbers, [low, high], span[0] < span[1] ? BINS : 1), step);
      });
    }
  }

  private get network(): tf.LayersModel {
    return (this as unknown as { model: tf.LayersModel }).model;
  }
}

/**
 * The layers of a model and what they are connected with, in the form of Keras 3. tfjs's own `toJSON` has that of Keras 2, whose connections
 * TensorBoard no longer reads.
 */
function kerasForm(model: tf.LayersModel): object {
  const layers = new Map<tf.layers.Layer, { class_name: string; config: object; inbound_nodes: object[] }>();
  for (const { layer, from } of connections(model)) {
    const { name } = layer;
    const entry = layers.get(layer) ?? { class_name: layer.getClassName(), config: { name, dtype: 'float32' }, inbound_nodes: [] };
    const args = from.map((before) => ({ class_name: '__keras_tensor__', config: { keras_history: [before.layer.name, 0, 0] } }));
    if (args.length > 0) entry.inbound_nodes.push({ args, kwargs: {} });
    layers.set(layer, entry);
  }
  return { class_name: 'Functional', config: { name: model.name, layers: [...layers.values()] } };
}
