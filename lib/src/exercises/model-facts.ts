import { isDeepStrictEqual } from 'node:util';
import { countText, shapeText } from '../arrays';
import { summary, type ShapeOfAny } from '../model/summary';
import type { tf } from '../tensorflow';
import type { Bounds, ModelProperty } from './definition';

/** A layer by its class and configuration, as TensorFlow.js writes them. */
export interface LayerFacts {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether it is the activation of the layer before it, which has it in its configuration as well. */
  readonly belongsToLayerBefore: boolean;
}

/** What a model is, whoever wrote it and however. */
export interface FactsOfModel {
  readonly inputShapes: readonly ShapeOfAny[];
  readonly outputShapes: readonly ShapeOfAny[];
  readonly parameters: number;
  readonly trainableParameters: number;
  /** For one example; without the layers of {@link notCounted}. */
  readonly multiplyAdds: number;
  /** Layers whose multiply-adds are not known. */
  readonly notCounted: readonly string[];
  /** In the order of the computation, those of models within the model as well. */
  readonly layers: readonly LayerFacts[];
  /** Undefined if it is not compiled. */
  readonly compiled: CompiledFacts | undefined;
}

export interface CompiledFacts {
  readonly loss: string;
  readonly optimizer: string;
  readonly learningRate: number | undefined;
  readonly metrics: readonly string[];
}

/** Whether a model has a property, in words: what is expected and what was found. */
export interface Finding {
  readonly isMet: boolean;
  readonly sentence: string;
}

/**
 * What a model is, for judging it; the model stays as it is.
 *
 * An activation that is a layer of its own counts as that of the layer before it.
 *
 * @throws Error if the model has no layers or no shapes yet
 */
export function modelFacts(model: tf.LayersModel): FactsOfModel {
  if (model.layers.length === 0) {
    throw new Error('the model has no layers yet; expected some: model.add(...) adds one.');
  }
  const { parameters, trainableParameters, multiplyAdds, notCounted } = summary(model);
  return {
    inputShapes: model.inputs.map(({ shape }) => shape),
    outputShapes: model.outputs.map(({ shape }) => shape),
    parameters, trainableParameters, multiplyAdds, notCounted,
    layers: withOwnActivations(layersOf(model)),
    compiled: compiledFacts(model),
  };
}

const layersOf = (model: tf.LayersModel): tf.layers.Layer[] =>
  model.layers.flatMap((layer) =>
    'layers' in layer && Array.isArray(layer.layers) ? layersOf(layer as tf.LayersModel) : [layer],
  );

/** Layers that are nothing but an activation, besides `Activation` itself. */
const ACTIVATIONS: Readonly<Record<string, string>> = { ReLU: 'relu', ELU: 'elu', Softmax: 'softmax' };

/** `dense({ activation: 'relu' })` and `dense()` with a layer `reLU()` behind it are the same. */
function withOwnActivations(layers: readonly tf.layers.Layer[]): LayerFacts[] {
  const facts = new Map<tf.layers.Layer, { -readonly [key in keyof LayerFacts]: LayerFacts[key] }>();
  for (const layer of layers) {
    const className = layer.getClassName();
    const activation = ACTIVATIONS[className];
    facts.set(layer, {
      className,
      config: { ...layer.getConfig(), ...(activation && { activation }) },
      belongsToLayerBefore: false,
    });
  }
  for (const [layer, own] of facts) {
    const next = layer.outboundNodes.map(
      (node) => (node as unknown as { outboundLayer: tf.layers.Layer }).outboundLayer,
    );
    const after = next.length === 1 ? facts.get(next[0]) : undefined;
    if (own.config.activation !== 'linear' || !after || !isActivation(after) || isActivation(own)) continue;
    own.config = { ...own.config, activation: after.config.activation };
    after.belongsToLayerBefore = true;
  }
  return [...facts.values()];
}

const isActivation = ({ className }: LayerFacts): boolean => className === 'Activation' || className in ACTIVATIONS;

// --- how it is compiled

function compiledFacts(model: tf.LayersModel): CompiledFacts | undefined {
  const { loss, metrics, optimizer } = model as unknown as {
    loss?: unknown;
    metrics?: unknown;
    optimizer?: tf.Optimizer;
  };
  if (loss === undefined || loss === null || !optimizer) return undefined;
  const { learningRate } = optimizer as unknown as { learningRate?: unknown };
  return {
    loss: namesOf(loss).join(', '),
    optimizer: optimizer.getClassName(),
    learningRate: typeof learningRate === 'number' ? learningRate : undefined,
    metrics: namesOf(metrics),
  };
}

/** Losses and metrics are given by name or as functions, one, in a list, or by output. */
function namesOf(given: unknown): string[] {
  if (typeof given === 'string') return [given];
  if (typeof given === 'function') return [given.name.replace(/_$/, '')];
  return typeof given === 'object' && given !== null ? Object.values(given).flatMap(namesOf) : [];
}

/** `categoricalCrossentropy` and `categorical_crossentropy` are one name, `acc` and `accuracy` as well. */
function sameName(one: string, other: string): boolean {
  const canonical = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '').replace(/^acc$/, 'accuracy');
  return canonical(one) === canonical(other);
}

// --- requirements

/** Whether a model has a property. */
export function met(property: ModelProperty, facts: FactsOfModel): Finding {
  if ('inputShape' in property) return shapeMet('input', property.inputShape, facts.inputShapes);
  if ('outputShape' in property) return shapeMet('output', property.outputShape, facts.outputShapes);
  if ('parameters' in property) return boundsMet('parameters', property.parameters, facts.parameters);
  if ('trainableParameters' in property) {
    return boundsMet('trainable parameters', property.trainableParameters, facts.trainableParameters);
  }
  if ('multiplyAdds' in property) return multiplyAddsMet(property.multiplyAdds, facts);
  if ('layers' in property) return layersMet(property.layers, facts.layers);
  if ('order' in property) return orderMet(property.order, facts.layers);
  return compiledMet(property.compiled, facts.compiled);
}

const sizesText = (shape: readonly (number | null)[]): string => shapeText(shape.map((size) => size ?? 'null'));

/** A shape may be asked for with the open size of the batch or without it. */
function shapeMet(which: string, expected: readonly (number | null)[], found: readonly ShapeOfAny[]): Finding {
  const [first] = found;
  const isMet =
    found.length === 1 && [first, first.slice(1)].some((shape) => isDeepStrictEqual([...shape], [...expected]));
  const sentence = `expected the ${which} shape ${sizesText(expected)}, found ${found.map(sizesText).join(' and ')}`;
  return { isMet, sentence: first.length > expected.length && !isMet ? `${sentence} (null is the batch)` : sentence };
}

function boundsText({ atLeast, atMost }: Bounds): string {
  if (atLeast !== undefined && atMost !== undefined) {
    return atLeast === atMost ? `exactly ${numberText(atLeast)}` : `${numberText(atLeast)} to ${numberText(atMost)}`;
  }
  if (atLeast !== undefined) return `at least ${numberText(atLeast)}`;
  return atMost === undefined ? 'any number of' : `at most ${numberText(atMost)}`;
}

const numberText = (value: number): string => (Number.isInteger(value) ? countText(value) : String(value));

const isWithin = (value: number, { atLeast = -Infinity, atMost = Infinity }: Bounds): boolean =>
  value >= atLeast && value <= atMost;

const boundsMet = (what: string, bounds: Bounds, found: number): Finding => ({
  isMet: isWithin(found, bounds), sentence: `expected ${boundsText(bounds)} ${what}, found ${numberText(found)}`,
});

function multiplyAddsMet(bounds: Bounds, { multiplyAdds, notCounted }: FactsOfModel): Finding {
  const finding = boundsMet('multiply-adds for one example', bounds, multiplyAdds);
  if (notCounted.length === 0) return finding;
  return {
    isMet: false,
    sentence: `${finding.sentence}; those of ${notCounted.join(', ')} are not known: use other layers`,
  };
}

function layersMet(
  { of, having, ...bounds }: { of?: readonly string[]; having?: Readonly<Record<string, unknown>> } & Bounds,
  layers: readonly LayerFacts[],
): Finding {
  const found = layers.filter(
    ({ className, config, belongsToLayerBefore }) =>
      (of === undefined ? !belongsToLayerBefore : of.includes(className)) &&
      Object.entries(having ?? {}).every(([name, value]) => isConfigured(config[name], value)),
  );
  const noun = (bounds.atMost ?? bounds.atLeast) === 1 ? 'layer' : 'layers';
  const kinds = of === undefined ? noun : `${noun} ${of.join(' or ')}`;
  const wanted = Object.entries(having ?? {}).map(([name, value]) => `${name} ${valueText(value)}`);
  const how = wanted.length > 0 ? ` with ${wanted.join(', ')}` : '';
  return {
    isMet: isWithin(found.length, bounds),
    sentence:
      `expected ${boundsText(bounds)} ${kinds}${how}, found ${found.length} ` +
      `(the layers are ${classesText(layers)})`,
  };
}

/** `kernelSize: 3` is `[3, 3]`. */
const isConfigured = (found: unknown, expected: unknown): boolean =>
  isDeepStrictEqual(found, expected) ||
  (Array.isArray(found) &&
    !Array.isArray(expected) &&
    found.length > 0 &&
    found.every((each) => isDeepStrictEqual(each, expected)));

const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const classesText = (layers: readonly LayerFacts[]): string => layers.map(({ className }) => className).join(', ');

function orderMet(order: readonly string[], layers: readonly LayerFacts[]): Finding {
  let next = 0;
  for (const { className } of layers) if (className === order[next]) next++;
  return { isMet: next === order.length, sentence: `expected ${order.join(', then ')}, found ${classesText(layers)}` };
}

function compiledMet(
  expected: { loss?: string; optimizer?: string; learningRate?: Bounds; metrics?: readonly string[] },
  found: CompiledFacts | undefined,
): Finding {
  const { loss, optimizer, learningRate, metrics } = expected;
  const wanted = [
    ...(loss ? [`the loss ${loss}`] : []),
    ...(optimizer ? [`the optimizer ${optimizer}`] : []),
    ...(learningRate ? [`a learning rate of ${boundsText(learningRate)}`] : []),
    ...(metrics ? [`the metrics ${metrics.join(', ')}`] : []),
  ].join(', ');
  if (!found) {
    return {
      isMet: false,
      sentence: `expected ${wanted}, found a model that is not compiled: model.compile(...) does it`,
    };
  }
  const isMet =
    (loss === undefined || sameName(loss, found.loss)) &&
    (optimizer === undefined || sameName(optimizer, found.optimizer)) &&
    (learningRate === undefined || (found.learningRate !== undefined && isWithin(found.learningRate, learningRate))) &&
    (metrics ?? []).every((metric) => found.metrics.some((each) => sameName(metric, each)));
  const named = [`the loss ${found.loss}`, `the optimizer ${found.optimizer}`];
  const rate = found.learningRate === undefined ? [] : [`the learning rate ${found.learningRate}`];
  const measured = found.metrics.length > 0 ? [`the metrics ${found.metrics.join(', ')}`] : ['no metrics'];
  return {
    isMet,
    sentence: `expected ${wanted}, found ${[...named, ...rate, ...measured].join(', ')}`,
  };
}
