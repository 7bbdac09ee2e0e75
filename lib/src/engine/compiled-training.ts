import { tf } from '../tensorflow';
import type { Graph } from '../tensorflow/graph';
import { EXAMPLES } from './measures';
import { MEASURED, NUMBERS, SEED, TRAINED, writeTrainingStep, type GraphVariable, type TrainingStep } from './training-step';

/** Examples that are measured at once: enough to keep all cores busy, few enough for a small memory. */
const MEASURED_AT_ONCE = 500;

interface Examples {
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
}

/** An optimizer's numbers by name, as tfjs hands them out and takes them. */
type OptimizerState = Awaited<ReturnType<tf.Optimizer['getWeights']>>;

/**
 * A training whose steps run as one TensorFlow graph each. Weights and what the optimizer keeps live in the graph's
 * variables from `begin` to `end`.
 *
 * Whoever reads a weight of the model meanwhile (`getWeights`, `predict`, `save`) gets it as it is after the last step:
 * it is fetched at that moment. What is written to a weight goes into the next step.
 */
export class CompiledTraining {
  /** Whether the model's own weights are older than the graph's. */
  private isBehind = false;
  /** Weights that were written from outside since the last step. */
  private readonly written = new Set<tf.LayerVariable>();
  private steps: number;

  private constructor(
    private readonly model: tf.LayersModel,
    private readonly step: TrainingStep,
    private readonly graph: Graph,
  ) {
    this.steps = model.optimizer.iterations;
  }

  /**
   * Builds the graph for a compiled model, and hands it the weights and the state of the optimizer.
   *
   * @param examples of the form of those that will come: the same types, and sizes but for their number
   * @param classWeights how much an example of each class counts
   * @throws CannotCompile if the model has something that has no compiled step; nothing has changed then
   */
  static async begin(
    model: tf.LayersModel,
    examples: Pick<Examples, 'x' | 'y'>,
    classWeights?: readonly number[],
  ): Promise<CompiledTraining> {
    const step = writeTrainingStep(model, examples.x, examples.y, classWeights);
    const training = new CompiledTraining(model, step, step.definition.load());
    try {
      await training.takeOver();
    } catch (error) {
      training.graph.dispose();
      throw error;
    }
    return training;
  }

  /** Names of what `learn` and `measure` give: `loss`, and the metrics. */
  get measures(): readonly string[] {
    return this.step.measures;
  }

  /** Steps of the optimizer so far, those of earlier trainings included. */
  get iterations(): number {
    return this.steps;
  }

  /**
   * One step of training.
   *
   * @param indices which of the examples are the batch
   * @param seed decides, with the number of the step, what dropout drops
   * @returns the loss and the metrics over the batch, before the step
   */
  learn({ x, y }: Examples, indices: Int32Array, seed: number): number[] {
    this.sendWritten();
    const { optimizer } = this.model;
    const { learningRate } = optimizer as unknown as { learningRate: number };
    const config = optimizer.getConfig() as Readonly<Record<string, number | boolean>>;
    const numbers = this.step.optimizer.numbers(config, learningRate, this.steps + 1);
    const feeds = {
      [EXAMPLES.indices]: tf.tensor1d(indices, 'int32'),
      [NUMBERS]: tf.tensor1d(numbers, 'float32'),
      [SEED]: tf.tensor1d([seed, this.steps], 'int32'),
    };
    try {
      const measures = this.numbersOf(TRAINED, { ...feeds, [EXAMPLES.x]: x, [EXAMPLES.y]: y });
      this.steps++;
      return measures;
    } finally {
      // Also after an error: a step that failed may have changed some weights already.
      this.isBehind = true;
      tf.dispose(feeds);
    }
  }

  /** The loss and the metrics over examples that are not learned from: their means. */
  measure({ x, y }: Examples): number[] {
    this.sendWritten();
    const count = x.shape[0];
    const means = this.measures.map(() => 0);
    for (let start = 0; start < count; start += MEASURED_AT_ONCE) {
      const size = Math.min(MEASURED_AT_ONCE, count - start);
      const indices = tf.tensor1d(Int32Array.from({ length: size }, (_, i) => start + i), 'int32');
      try {
        const values = this.numbersOf(MEASURED, { [EXAMPLES.x]: x, [EXAMPLES.y]: y, [EXAMPLES.indices]: indices });
        values.forEach((value, i) => (means[i] += (value * size) / count));
      } finally {
        indices.dispose();
      }
    }
    return means;
  }

  /** Hands weights and state back to the model and its optimizer, and frees the graph. */
  async end(): Promise<void> {
    try {
      this.sendWritten();
      this.bringWeights();
      await this.bringState();
    } finally {
      const { optimizer } = this.model;
      for (const { weight } of this.step.weights) {
        delete (weight as Partial<tf.LayerVariable>).read;
        delete (weight as Partial<tf.LayerVariable>).write;
      }
      delete (optimizer as Partial<tf.Optimizer>).getWeights;
      this.graph.dispose();
    }
  }

  private numbersOf(fetch: string, feeds: Record<string, tf.Tensor>): number[] {
    const [result] = this.graph.run(feeds, [fetch]);
    const values = [...result.dataSync()];
    result.dispose();
    return values;
  }

  /** Gives values to variables of the graph. */
  private send(values: readonly (readonly [GraphVariable, tf.Tensor])[]): void {
    if (values.length === 0) return;
    const feeds = Object.fromEntries(values.map(([{ placeholder }, value]) => [placeholder, value]));
    tf.dispose(this.graph.run(feeds, values.map(([{ set }]) => set)));
  }

  private async takeOver(): Promise<void> {
    const { step, model } = this;
    const { optimizer } = model;
    const [iterations, ...state] = await optimizer.getWeights();
    iterations.tensor.dispose();
    const known = new Map(state.map(({ name, tensor }) => [name, tensor]));
    const learned = step.weights.filter(({ slots }) => slots.length > 0);
    const fresh: tf.Tensor[] = [];
    // tfjs knows the state by its place, which a loaded model keeps and names do not. Where weights were frozen or
    // freed since, the places have changed and names are right.
    const isByPlace = state.length === learned.length * step.optimizer.slots.length;
    const stateOf = (weight: tf.LayerVariable, place: number, slot: number): tf.Tensor => {
      const found = isByPlace
        ? state[slot * learned.length + place].tensor
        : known.get(`${weight.name}/${step.optimizer.slots[slot]}`);
      if (found && `${found.shape}` === `${weight.shape}`) return found;
      const zeros = tf.zeros(weight.shape as number[]);
      fresh.push(zeros);
      return zeros;
    };
    this.send([
      ...step.weights.map(({ weight, variable }) => [variable, weight.read()] as const),
      ...learned.flatMap(({ weight, slots }, place) =>
        slots.map((variable, slot) => [variable, stateOf(weight, place, slot)] as const),
      ),
    ]);
    tf.dispose(fresh);

    const { read, write } = tf.LayerVariable.prototype;
    for (const { weight } of step.weights) {
      weight.read = () => {
        this.bringWeights();
        return read.call(weight);
      };
      weight.write = (value) => {
        this.bringWeights();
        this.written.add(weight);
        return write.call(weight, value);
      };
    }
    optimizer.getWeights = async () => {
      await this.bringState();
      return Object.getPrototypeOf(optimizer).getWeights.call(optimizer);
    };
  }

  private sendWritten(): void {
    const { read } = tf.LayerVariable.prototype;
    const changed = this.step.weights.filter(({ weight }) => this.written.has(weight));
    this.send(changed.map(({ weight, variable }) => [variable, read.call(weight)]));
    this.written.clear();
  }

  private bringWeights(): void {
    if (!this.isBehind) return;
    this.isBehind = false;
    const { weights } = this.step;
    const values = this.graph.run({}, weights.map(({ variable }) => variable.read));
    weights.forEach(({ weight }, i) => {
      // The model keeps what was written to it since the last step; it has not reached the graph yet.
      if (!this.written.has(weight)) tf.LayerVariable.prototype.write.call(weight, values[i]);
    });
    tf.dispose(values);
  }

  private async bringState(): Promise<void> {
    const { model: { optimizer }, step } = this;
    const learned = step.weights.filter(({ slots }) => slots.length > 0);
    const places = step.optimizer.slots.flatMap((name, slot) =>
      learned.map(({ weight, slots }) => ({ name: `${weight.name}/${name}`, read: slots[slot].read })),
    );
    const values = places.length > 0 ? this.graph.run({}, places.map(({ read }) => read)) : [];
    const iterations = tf.scalar(this.steps, 'int32');
    const own = Object.getPrototypeOf(optimizer) as tf.Optimizer;
    const old = await own.getWeights.call(optimizer);
    const state: OptimizerState = [
      { name: 'iter', tensor: iterations },
      ...places.map(({ name }, i) => ({ name, tensor: values[i] })),
    ];
    await own.setWeights.call(optimizer, state);
    // tfjs makes new variables and forgets the old ones.
    tf.dispose([...old.map(({ tensor }) => tensor), ...values, iterations]);
  }
}
