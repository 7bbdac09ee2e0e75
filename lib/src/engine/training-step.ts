import { attribute, type GraphDefinition } from '../tensorflow/graph';
import type { tf } from '../tensorflow';
import { CannotCompile } from './cannot-compile';
import { weightNamed, type Pass } from './layers';
import { metricsNames, writeExamples, writeMeasures, type Form } from './measures';
import { frozenLayers, writePenalties } from './network';
import { add } from './operations';
import { optimizerRule, type OptimizerRule } from './optimizers';
import { Tape } from './tape';
import type { Value } from './values';

/** What is fed besides the examples: the numbers that the optimizer needs anew, and two integers for dropout. */
export const NUMBERS = 'numbers';
export const SEED = 'seed';

/** What is fetched: the loss and the metrics of a batch, learned from or only measured. */
export const TRAINED = 'trained';
export const MEASURED = 'measured';

/** A variable of the graph: the operations that read and set it, the second one from the placeholder. */
export interface GraphVariable {
  readonly read: string;
  readonly set: string;
  readonly placeholder: string;
  readonly shape: readonly number[];
}

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

/** A graph with variables: weights, and what the optimizer keeps. */
class VariableGraph extends Tape {
  private count = 0;
  readonly updates: string[] = [];

  variable(shape: readonly number[]): { handle: Value; value: Value; graphVariable: GraphVariable } {
    const name = `variable_${this.count++}`;
    const handle = this.operation('VarHandleOp', [], { shape: [], type: 'resource' }, {
      dtype: float,
      shape: attribute.shape(shape),
      container: attribute.string(''),
      shared_name: attribute.string(name),
    });
    const given = this.placeholder(`${name}_given`, 'float32', shape);
    const assigned = this.operation('AssignVariableOp', [handle, given], { shape: [] }, {
      dtype: float,
      validate_shape: attribute.bool(true),
    });
    const value = this.operation('ReadVariableOp', [handle], { shape }, { dtype: float });
    const set = this.operation('Identity', [this.number(0)], { shape: [] }, { T: float }, [assigned.ref]);
    return { handle, value, graphVariable: { read: value.ref, set: set.ref, placeholder: given.ref, shape } };
  }
}

/** Weights as variables of the graph: what learns them changes them in place. */
class StepPass implements Pass {
  readonly weights = new Map<tf.LayerVariable, ReturnType<VariableGraph['variable']>>();
  private seeds = 0;
  /** Where weights that move will be, by their variables. */
  private readonly moved = new Map<string, { readonly value: Value; readonly update: string }>();
  private readonly seedFed: Value;
  isTraining = true;

  constructor(
    readonly tape: VariableGraph,
    private readonly learned: ReadonlySet<tf.LayerVariable>,
    private readonly frozen: ReadonlySet<tf.layers.Layer>,
  ) {
    this.seedFed = tape.placeholder(SEED, 'int32', [2]);
  }

  weight(layer: tf.layers.Layer, name: string): Value | undefined {
    const weight = weightNamed(layer, name);
    return weight && this.of(weight).value;
  }

  isFrozen(layer: tf.layers.Layer): boolean {
    return this.frozen.has(layer);
  }

  seed(): Value {
    return this.tape.add(this.seedFed, this.tape.integers(SEED_STRIDE * this.seeds++, 0));
  }

  move(layer: tf.layers.Layer, name: string, target: Value, part: number): void {
    const { handle, value } = this.of(weightNamed(layer, name)!);
    // A layer that is used twice moves twice, the second time from where the first one has left it.
    const before = this.moved.get(handle.ref);
    const from = before?.value ?? value;
    const way = this.tape.multiply(this.tape.subtract(from, target), this.tape.number(part));
    const after = before ? [before.update] : [];
    const update = this.tape.operation('AssignSubVariableOp', [handle, way], { shape: [] }, { dtype: float }, after).ref;
    this.moved.set(handle.ref, { value: this.tape.subtract(from, way), update });
    this.tape.updates.push(update);
  }

  private of(weight: tf.LayerVariable): ReturnType<VariableGraph['variable']> {
    let known = this.weights.get(weight);
    if (!known) {
      if (weight.constraint) throw new CannotCompile(`the constraint of the weight ${weight.originalName}`);
      known = this.tape.variable(weight.shape as number[]);
      if (this.learned.has(weight)) this.tape.learn(known.value);
      this.weights.set(weight, known);
    }
    return known;
  }
}

/** Far from each other, so that no two dropout layers drop alike in any step. */
const SEED_STRIDE = 1_000_003;

/**
 * Writes the graph of one step of training: a batch is gathered from the data, goes through the network and back, and
 * the optimizer changes the weights. The same graph also measures examples that it does not learn from.
 *
 * @param x form of the inputs, `[examples, ...]`
 * @param y form of the targets
 * @param classWeights how much an example of each class counts
 * @throws CannotCompile with what is unknown
 */
export function writeTrainingStep(model: tf.LayersModel, x: Form, y: Form, classWeights?: readonly number[]): TrainingStep {
  const tape = new VariableGraph();
  const learned = new Set(collectedWeights(model).filter(({ trainable }) => trainable));
  const pass = new StepPass(tape, learned, new Set(frozenLayers(model)));
  const optimizer = optimizerRule(model.optimizer);
  const config = model.optimizer.getConfig() as Readonly<Record<string, number | boolean>>;

  const batch = writeExamples(tape, x, y);
  const trained = writeMeasures(pass, model, batch, classWeights);
  const cost = add(tape, [trained.loss, ...writePenalties(pass, model)]);
  const gradients = tape.gradients(cost);

  const numbers = optimizer.numbers(config, 1, 1).length;
  const fed = tape.operation('Unpack', [tape.placeholder(NUMBERS, 'float32', [numbers])], { shape: [] }, {
    T: float,
    num: attribute.int(numbers),
    axis: attribute.int(0),
  });
  const changing = Array.from({ length: numbers }, (_, i) => (i === 0 ? fed : tape.output(fed, i, [])));

  const slots = new Map<tf.LayerVariable, GraphVariable[]>();
  for (const weight of learned) {
    const { handle, value } = pass.weights.get(weight) ?? { handle: undefined, value: undefined };
    const gradient = value && gradients.get(value.ref);
    if (!handle || !gradient) throw new CannotCompile(`a loss that does not depend on the weight ${weight.originalName}`);
    const kept = optimizer.slots.map(() => tape.variable(weight.shape as number[]));
    slots.set(weight, kept.map(({ graphVariable }) => graphVariable));
    const step = { variable: handle, value, gradient, slots: kept.map(({ handle }) => handle) };
    tape.updates.push(optimizer.update(tape, config, step, changing));
  }
  tape.fetch(TRAINED, tape.pack([cost, ...trained.metrics]), tape.updates);

  pass.isTraining = false;
  const measured = writeMeasures(pass, model, batch);
  tape.fetch(MEASURED, tape.pack([measured.loss, ...measured.metrics]));

  return {
    definition: tape.definition,
    weights: [...new Set([...learned, ...pass.weights.keys()])].map((weight) => ({
      weight,
      variable: pass.weights.get(weight)!.graphVariable,
      isLearned: learned.has(weight),
      slots: slots.get(weight) ?? [],
    })),
    optimizer,
    measures: metricsNames(model),
  };
}
