import { attribute, type GraphDefinition } from '../tensorflow/graph';
import type { tf } from '../tensorflow';
import { CannotCompile } from './cannot-compile';
import { weightNamed, type Pass } from './layers';
import { EXAMPLES, examplesOf, metricsNames, writeMeasures, type Form } from './measures';
import { frozenLayers, writePenalties } from './network';
import { add } from './operations';
import { optimizerRule, type OptimizerRule } from './optimizers';
import type { Value } from './values';
import { VariableGraph, type GraphVariable } from './variable-graph';

/**
 * What is fed besides the examples: which of them are the batch of each step, the numbers that the optimizer needs in
 * each step, and for dropout the seed and the number of the first step.
 */
export const BATCHES = 'batches';
export const NUMBERS = 'numbers';
export const SEED = 'seed';

/**
 * What is fetched: the loss and the metrics of each batch that was learned from, or those of examples that are only
 * measured.
 */
export const TRAINED = 'trained';
export const MEASURED = 'measured';

/** A weight of the model, or what the optimizer keeps beside it, with its variable of the graph. */
export interface WeightVariable {
  readonly weight: tf.LayerVariable;
  readonly variable: GraphVariable;
  readonly isLearned: boolean;
  /** Empty for a weight that is not learned. */
  readonly slots: readonly GraphVariable[];
}

export interface TrainingStep {
  readonly definition: GraphDefinition;
  /** First those that are learned, in the order in which tfjs gives them to its optimizer. */
  readonly weights: readonly WeightVariable[];
  readonly optimizer: OptimizerRule;
  /** Names of what `trained` and `measured` give: the loss, and each metric. */
  readonly measures: readonly string[];
}

/** Weights that were trainable when the model was compiled; tfjs keeps them to itself. */
function collectedWeights(model: tf.LayersModel): readonly tf.LayerVariable[] {
  interface Collecting {
    readonly collectedTrainableWeights: readonly tf.LayerVariable[];
    /** What a sequential model is made of. */
    readonly model?: Collecting;
  }
  const collecting = model as unknown as Collecting;
  return (collecting.model ?? collecting).collectedTrainableWeights;
}

const float = attribute.type('float32');

/**
 * The network as it learns, or as it is only measured. Weights are variables of the graph: what learns them changes
 * them in place.
 */
class StepPass implements Pass {
  /** What the weights held when the step began. */
  readonly values = new Map<tf.LayerVariable, Value>();
  /** Operations that change weights which are not learned. */
  readonly updates: string[] = [];
  private seeds = 0;
  /** Where weights that move will be, by their variables. */
  private readonly moved = new Map<string, { readonly value: Value; readonly update: string }>();

  /** @param learning which weights are learned, and the two integers of the step; undefined to measure */
  constructor(
    readonly tape: VariableGraph,
    private readonly variables: Map<tf.LayerVariable, GraphVariable>,
    private readonly frozen: ReadonlySet<tf.layers.Layer>,
    private readonly learning?: { readonly weights: ReadonlySet<tf.LayerVariable>; readonly seed: Value },
  ) {}

  get isTraining(): boolean {
    return this.learning !== undefined;
  }

  weight(layer: tf.layers.Layer, name: string): Value | undefined {
    const weight = weightNamed(layer, name);
    if (!weight) return undefined;
    let value = this.values.get(weight);
    if (!value) {
      value = this.tape.read(this.variable(weight));
      if (this.learning?.weights.has(weight)) this.tape.learn(value);
      this.values.set(weight, value);
    }
    return value;
  }

  isFrozen(layer: tf.layers.Layer): boolean {
    return this.frozen.has(layer);
  }

  seed(): Value {
    return this.tape.add(this.learning!.seed, this.tape.integers(SEED_STRIDE * this.seeds++, 0));
  }

  move(layer: tf.layers.Layer, name: string, target: Value, part: number): void {
    const { handle } = this.variable(weightNamed(layer, name)!);
    // A layer that is used twice moves twice, the second time from where the first one has left it.
    const before = this.moved.get(handle.ref);
    const from = before?.value ?? this.weight(layer, name)!;
    const way = this.tape.multiply(this.tape.subtract(from, target), this.tape.number(part));
    const after = before ? [before.update] : [];
    const update = this.tape.operation('AssignSubVariableOp', [handle, way], { shape: [] }, { dtype: float }, after).ref;
    this.moved.set(handle.ref, { value: this.tape.subtract(from, way), update });
    this.updates.push(update);
  }

  private variable(weight: tf.LayerVariable): GraphVariable {
    let known = this.variables.get(weight);
    if (!known) {
      if (weight.constraint) throw new CannotCompile(`the constraint of the weight ${weight.originalName}`);
      known = this.tape.variable(weight.shape as number[]);
      this.variables.set(weight, known);
    }
    return known;
  }
}

/** Far from each other, so that no two dropout layers drop alike in any step. */
const SEED_STRIDE = 1_000_003;

/**
 * Writes the graph of some steps of training. In each of them a batch is gathered from the data, goes through the
 * network and back, and the optimizer changes the weights. The same graph also measures examples that it does not learn
 * from.
 *
 * @param x form of the inputs, `[examples, ...]`
 * @param y form of the targets
 * @param classWeights how much an example of each class counts
 * @throws CannotCompile with what is unknown
 */
export function writeTrainingStep(model: tf.LayersModel, x: Form, y: Form, classWeights?: readonly number[]): TrainingStep {
  const tape = new VariableGraph();
  const variables = new Map<tf.LayerVariable, GraphVariable>();
  const learned = new Set(collectedWeights(model).filter(({ trainable }) => trainable));
  const frozen = new Set(frozenLayers(model));
  const optimizer = optimizerRule(model.optimizer);
  const config = model.optimizer.getConfig() as Readonly<Record<string, number | boolean>>;
  const measures = metricsNames(model);

  const examples = examplesOf(tape, x, y);
  const batches = tape.placeholder(BATCHES, 'int32', [-1, -1]);
  const count = optimizer.numbers(config, 1, 1).length;
  const numbers = tape.placeholder(NUMBERS, 'float32', [-1, count]);
  const seed = tape.placeholder(SEED, 'int32', [2]);
  const slots = new Map<tf.LayerVariable, GraphVariable[]>();

  const steps = tape.gather(tape.shapeOf(batches), tape.integer(0));
  const trained = tape.repeat(steps, measures.length, (step) => {
    const seedOfStep = tape.add(seed, tape.multiply(step, tape.integers(0, 1)));
    const pass = new StepPass(tape, variables, frozen, { weights: learned, seed: seedOfStep });
    const { loss, metrics } = writeMeasures(pass, model, examples(tape.gather(batches, step)), classWeights);
    const cost = add(tape, [loss, ...writePenalties(pass, model)]);
    const gradients = tape.gradients(cost);

    const unpacked = { T: float, num: attribute.int(count), axis: attribute.int(0) };
    const first = tape.operation('Unpack', [tape.gather(numbers, step)], { shape: [] }, unpacked);
    const changing = Array.from({ length: count }, (_, i) => (i === 0 ? first : tape.output(first, i, [])));
    const updates = [...learned].map((weight) => {
      const value = pass.values.get(weight);
      const gradient = value && gradients.get(value.ref);
      if (!gradient) throw new CannotCompile(`a loss that does not depend on the weight ${weight.originalName}`);
      const kept = optimizer.slots.map(() => tape.variable(weight.shape as number[]));
      slots.set(weight, kept);
      const { handle } = variables.get(weight)!;
      const each = { variable: handle, value, gradient, slots: kept.map(({ handle }) => handle) };
      return optimizer.update(tape, config, each, changing);
    });
    return { row: tape.pack([cost, ...metrics]), after: [...pass.updates, ...updates] };
  });
  tape.fetch(TRAINED, trained);

  const indices = tape.placeholder(EXAMPLES.indices, 'int32', [-1]);
  const measured = writeMeasures(new StepPass(tape, variables, frozen), model, examples(indices));
  tape.fetch(MEASURED, tape.pack([measured.loss, ...measured.metrics]));

  return {
    definition: tape.definition,
    weights: [...new Set([...learned, ...variables.keys()])].map((weight) => ({
      weight,
      variable: variables.get(weight)!,
      isLearned: learned.has(weight),
      slots: slots.get(weight) ?? [],
    })),
    optimizer,
    measures,
  };
}
