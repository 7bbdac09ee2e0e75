import { tf } from '../tensorflow';
import type { Graph } from '../tensorflow/graph';
import { EXAMPLES, type Examples } from './measures';
import { BATCHES, MEASURED, NUMBERS, SEED, TRAINED, writeTrainingStep, type TrainingStep } from './training-step';
import type { GraphVariable } from './variable-graph';

/** What tfjs's optimizers keep: lists with a variable for each weight, and running products. */
type OptimizerFields = Record<string, { originalName: string; variable: tf.Variable }[] | tf.Variable | number>;

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

  private constructor(
    private readonly model: tf.LayersModel,
    private readonly step: TrainingStep,
    private readonly graph: Graph,
  ) {}

  /**
   * Builds the graph for a compiled model, and hands it the weights and the state of the optimizer.
   *
   * @param examples of the form of those that will come: the same types, and sizes but for their number
   * @param classWeights how much an example of each class counts
   * @throws CannotCompile if the model has something that has no compiled step; nothing has changed then
   */
  static begin(
    model: tf.LayersModel,
    examples: Examples,
    classWeights?: readonly number[],
  ): CompiledTraining {
    const step = writeTrainingStep(model, examples.x, examples.y, classWeights);
    const training = new CompiledTraining(model, step, step.definition.load());
    try {
      training.takeOver();
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

  /**
   * Some steps of training, in one run of the graph.
   *
   * @param batches which of the examples are the batch of each step; all of one length
   * @param seed decides, with the number of the step, what dropout drops
   * @returns for each step the loss and the metrics over its batch, before it
   */
  learn({ x, y }: Examples, batches: readonly Int32Array[], seed: number): number[][] {
    this.sendWritten();
    const { optimizer } = this.model;
    const { iterations } = optimizer;
    const { learningRate } = optimizer as unknown as { learningRate: number };
    const config = optimizer.getConfig() as Readonly<Record<string, number | boolean>>;
    const numbers = batches.map((_, i) => this.step.optimizer.numbers(config, learningRate, iterations + i + 1));
    const feeds = {
      [BATCHES]: tf.tensor2d(joined(batches), [batches.length, batches[0].length], 'int32'),
      [NUMBERS]: tf.tensor2d(numbers.flat(), [numbers.length, numbers[0].length], 'float32'),
      [SEED]: tf.tensor1d(Int32Array.of(seed, iterations), 'int32'),
    };
    try {
      const measures = this.numbersOf(TRAINED, { ...feeds, [EXAMPLES.x]: x, [EXAMPLES.y]: y });
      (optimizer as unknown as OptimizerFields).iterations_ = iterations + batches.length;
      const columns = this.measures.length;
      return batches.map((_, i) => measures.slice(i * columns, (i + 1) * columns));
    } finally {
      // Also after an error: a step that failed may have changed some weights already.
      this.isBehind = true;
      tf.dispose(feeds);
    }
  }

  /** @returns the loss and the metrics over some of the examples, which are not learned from */
  measure({ x, y }: Examples, indices: Int32Array): number[] {
    this.sendWritten();
    const rows = tf.tensor1d(indices, 'int32');
    try {
      return this.numbersOf(MEASURED, { [EXAMPLES.x]: x, [EXAMPLES.y]: y, [EXAMPLES.indices]: rows });
    } finally {
      rows.dispose();
    }
  }

  /** Hands weights and state back to the model and its optimizer, and frees the graph. */
  end(): void {
    try {
      this.bringWeights();
      this.bringState();
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

  private takeOver(): void {
    const { step, model: { optimizer } } = this;
    const fields = optimizer as unknown as OptimizerFields;
    const fresh: tf.Tensor[] = [];
    const known = new Set(this.model.weights.map(({ name }) => name));
    const state = this.slots().map(({ weight, place, count, field, name, variable }) => {
      const list = fields[field] as { originalName: string; variable: tf.Variable }[];
      // tfjs knows the state by its place. Names are right where weights were frozen or freed since; an optimizer that
      // was loaded has other names.
      const isNamed = list.some(({ originalName }) => known.has(originalName.slice(0, originalName.lastIndexOf('/'))));
      const found = isNamed || list.length !== count ? list.find(({ originalName }) => originalName === name) : list[place];
      if (found && `${found.variable.shape}` === `${weight.shape}`) return [variable, found.variable] as const;
      const zeros = tf.zeros(weight.shape as number[]);
      fresh.push(zeros);
      return [variable, zeros] as const;
    });
    this.send([...step.weights.map(({ weight, variable }) => [variable, weight.read()] as const), ...state]);
    tf.dispose(fresh);

    const { read, write } = tf.LayerVariable.prototype;
    for (const { weight } of step.weights) {
      weight.read = () => {
        this.bringWeights();
        return read.call(weight);
      };
      weight.write = (value) => {
        write.call(weight, value);
        this.written.add(weight);
        return weight;
      };
    }
    optimizer.getWeights = () => {
      this.bringState();
      return (Object.getPrototypeOf(optimizer) as tf.Optimizer).getWeights.call(optimizer);
    };
  }

  /** What the optimizer keeps, list by list. */
  private slots(): { weight: tf.LayerVariable; place: number; count: number; field: string; name: string; variable: GraphVariable }[] {
    const { weights, optimizer } = this.step;
    const learned = weights.filter(({ isLearned }) => isLearned);
    return optimizer.slots.flatMap(({ field, name }, slot) =>
      learned.map(({ weight, slots }, place) => ({
        weight, place, count: learned.length, field, name: `${weight.name}/${name}`, variable: slots[slot],
      })),
    );
  }

  private sendWritten(): void {
    const { read } = tf.LayerVariable.prototype;
    const changed = this.step.weights.filter(({ weight }) => this.written.has(weight));
    this.send(changed.map(({ weight, variable }) => [variable, read.call(weight)]));
    this.written.clear();
  }

  private bringWeights(): void {
    if (!this.isBehind) return;
    const { weights } = this.step;
    const values = this.graph.run({}, weights.map(({ variable }) => variable.read));
    this.isBehind = false;
    weights.forEach(({ weight }, i) => {
      // The model keeps what was written to it since the last step; it has not reached the graph yet.
      if (!this.written.has(weight)) tf.LayerVariable.prototype.write.call(weight, values[i]);
    });
    tf.dispose(values);
  }

  /** Brings the optimizer of the model up to date. */
  bringState(): void {
    const { model: { optimizer }, step } = this;
    const fields = optimizer as unknown as OptimizerFields;
    const slots = this.slots();
    const values = slots.length > 0 ? this.graph.run({}, slots.map(({ variable }) => variable.read)) : [];
    slots.forEach(({ field, name, place, count }, i) => {
      const list = fields[field] as { originalName: string; variable: tf.Variable }[];
      if (place === 0 && list.length !== count) tf.dispose(list.splice(0).map(({ variable }) => variable));
      if (list[place] && `${list[place].variable.shape}` === `${values[i].shape}`) {
        list[place].originalName = name;
        list[place].variable.assign(values[i]);
      } else {
        list[place]?.variable.dispose();
        list[place] = { originalName: name, variable: tf.variable(values[i], false) };
      }
    });
    tf.dispose(values);
    const products = step.optimizer.products?.(optimizer.getConfig() as Record<string, number>, optimizer.iterations) ?? {};
    for (const [field, value] of Object.entries(products)) {
      tf.tidy(() => (fields[field] as tf.Variable).assign(tf.scalar(value)));
    }
  }
}

function joined(batches: readonly Int32Array[]): Int32Array {
  if (batches.length === 1) return batches[0];
  const all = new Int32Array(batches.length * batches[0].length);
  batches.forEach((batch, i) => all.set(batch, i * batch.length));
  return all;
}
