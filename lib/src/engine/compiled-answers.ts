import { tf } from '../tensorflow';
import type { Graph } from '../tensorflow/graph';
import { weightNamed, type Pass } from './layers';
import { EXAMPLES, examplesOf, inputsOf, writeMeasures, type Examples, type Form } from './measures';
import { writeNetwork } from './network';
import { Tape } from './tape';
import type { Value } from './values';

/** What is fetched: the output of the last layer, or the loss and the metrics. */
const ANSWERED = 'answered';
const MEASURED = 'measured';

/** The network as it answers: nothing drops, nothing learns. Weights are fed with each run. */
class AnswerPass implements Pass {
  readonly isTraining = false;
  readonly weights = new Map<tf.LayerVariable, Value>();

  constructor(readonly tape: Tape) {}

  weight(layer: tf.layers.Layer, name: string): Value | undefined {
    const weight = weightNamed(layer, name);
    if (!weight) return undefined;
    const known = this.weights.get(weight);
    if (known) return known;
    const fed = this.tape.placeholder(`weight_${this.weights.size}`, 'float32', weight.shape as number[]);
    this.weights.set(weight, fed);
    return fed;
  }

  isFrozen(): boolean {
    return true;
  }

  seed(): never {
    throw new Error('Nothing is dropped outside of training.');
  }

  move(): never {
    throw new Error('Nothing moves outside of training.');
  }
}

/** A model's answers, and how good they are, as one TensorFlow graph. It holds no weights: they are read at each run. */
class CompiledAnswers {
  private constructor(
    private readonly graph: Graph,
    private readonly weights: readonly (readonly [name: string, tf.LayerVariable])[],
  ) {}

  /**
   * @param y form of the targets, to measure; without it the graph only answers
   * @throws CannotCompile if the model has something that is unknown
   */
  static load(model: tf.LayersModel, x: Form, y?: Form): CompiledAnswers {
    const tape = new Tape();
    const pass = new AnswerPass(tape);
    const indices = tape.placeholder(EXAMPLES.indices, 'int32', [-1]);
    if (y) {
      const { loss, metrics } = writeMeasures(pass, model, examplesOf(tape, x, y)(indices));
      tape.fetch(MEASURED, tape.pack([loss, ...metrics]));
    } else {
      tape.fetch(ANSWERED, writeNetwork(pass, model, inputsOf(tape, x)(indices)));
    }
    const weights = [...pass.weights].map(([weight, { ref }]) => [ref, weight] as const);
    return new CompiledAnswers(tape.definition.load(), weights);
  }

  run(fetch: string, examples: Readonly<Record<string, tf.Tensor>>): tf.Tensor {
    const weights = Object.fromEntries(this.weights.map(([name, weight]) => [name, weight.read()]));
    return this.graph.run({ ...weights, ...examples }, [fetch])[0];
  }

  dispose(): void {
    this.graph.dispose();
  }
}

interface Kept {
  readonly model: WeakRef<tf.LayersModel>;
  /** Types, sizes, loss and metrics: with others the graph is another one. */
  readonly form: string;
  readonly answers: CompiledAnswers;
}

/** A graph takes as long to load as it takes to answer for some hundred pictures: the last ones are kept. */
const KEPT = 4;
let kept: Kept[] = [];

function answersOf(model: tf.LayersModel, x: Form, y?: Form): CompiledAnswers {
  const shape = (given?: Form): string => (given ? `${given.dtype} ${given.shape.slice(1)}` : '');
  const { loss, metrics } = model as unknown as { loss: unknown; metrics: unknown };
  const form = `${shape(x)} ${shape(y)} ${y ? `${String(loss)} ${String(metrics)}` : ''}`;
  const place = kept.findIndex((each) => each.model.deref() === model && each.form === form);
  const found = place >= 0 ? kept[place] : { model: new WeakRef(model), form, answers: CompiledAnswers.load(model, x, y) };
  kept = [found, ...kept.filter((each) => each !== found)];
  for (const { answers } of kept.splice(KEPT)) answers.dispose();
  return found.answers;
}

const withRows = <T>(indices: Int32Array, work: (rows: tf.Tensor) => T): T => {
  const rows = tf.tensor1d(indices, 'int32');
  try {
    return work(rows);
  } finally {
    rows.dispose();
  }
};

/**
 * The output of a model for some of the inputs. The caller disposes it.
 *
 * @throws CannotCompile if the model has something that is unknown
 */
export function compiledAnswers(model: tf.LayersModel, x: tf.Tensor, indices: Int32Array): tf.Tensor {
  const answers = answersOf(model, x);
  return withRows(indices, (rows) => answers.run(ANSWERED, { [EXAMPLES.x]: x, [EXAMPLES.indices]: rows }));
}

/**
 * The loss and the metrics of a compiled model over some of the examples, in the order of `metricsNames`.
 *
 * @throws CannotCompile if the model has something that is unknown
 */
export function compiledMeasures(
  model: tf.LayersModel,
  { x, y }: Examples,
  indices: Int32Array,
): number[] {
  const answers = answersOf(model, x, y);
  return withRows(indices, (rows) => {
    const result = answers.run(MEASURED, { [EXAMPLES.x]: x, [EXAMPLES.y]: y, [EXAMPLES.indices]: rows });
    const values = [...result.dataSync()];
    result.dispose();
    return values;
  });
}
