import type { tf } from '../tensorflow';
import { plus, times, type Formula } from './formula';

/** A shape without the size of the batch. */
export type Shape = readonly number[];

/** What is known of one kind of layer. */
interface Kind {
  /** A weight that every layer of this kind has; a layer without it only bears the name. */
  readonly weight?: string;
  /** How the number of parameters comes about, from the shapes of the weights by their names. */
  readonly parameters?: (weights: ReadonlyMap<string, Shape>, layer: tf.layers.Layer) => Formula | undefined;
  /** Multiplications whose products are summed, for one example. Left out: none. */
  readonly multiplyAdds?: (call: Call) => Formula | undefined;
  /** The part of these whose gradient goes back through time, and so is always needed where the layer is trained. Left out: none. */
  readonly throughTime?: (call: Call) => Formula | undefined;
  /** Numbers that TensorFlow.js keeps for the backward pass besides the output, for one example; undefined if not known. Left out: none. */
  readonly intermediates?: (call: Call) => number | undefined;
  /** Numbers that are there besides input and output while the layer is used, for one example. Left out: none. */
  readonly workspace?: (call: Call) => number;
}

/** One use of a layer. */
export interface Call {
  readonly layer: tf.layers.Layer;
  readonly input: Shape;
  readonly output: Shape;
  readonly weights: ReadonlyMap<string, Shape>;
}

const none: Kind = {};
const unknownMemory: Kind = { intermediates: () => undefined };
const get = (weights: ReadonlyMap<string, Shape>, name: string): Shape => weights.get(name) ?? [];
/** 1 if the layer has a bias: one more parameter for each output. */
const bias = (weights: ReadonlyMap<string, Shape>): number => Number(weights.has('bias'));
const units = (shape: Shape): number => shape[shape.length - 1];

/** All places of the output in all its dimensions but the channels: `[24, 24, 64]` has 24 × 24. */
const places = (shape: Shape): number[] => [...shape.slice(0, -1)];

const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/**
 * What TensorFlow.js 4.22 keeps before the output of a layer with an activation function. A linear layer adds its bias in the same operation, any
 * other in one of its own, which keeps the sums of products; ReLU keeps what it was given, most others only what they put out.
 */
function beforeActivation({ layer, output, weights }: Call, isFused = true): number | undefined {
  const { activation } = layer as unknown as { activation?: { getClassName(): string } };
  const name = activation?.getClassName() ?? 'linear';
  // The others are made of several operations, each of which keeps something.
  if (!['linear', 'relu', 'relu6', 'elu', 'selu', 'sigmoid', 'tanh', 'softmax'].includes(name)) return undefined;
  const sums = name === 'linear' && isFused ? 0 : bias(weights);
  const given = ['relu', 'relu6', 'selu'].includes(name) ? 1 : 0;
  // Without a fused form of the function, the operation that sums the products keeps its own result.
  const unfused = isFused && !['linear', 'relu', 'elu'].includes(name) ? 1 : 0;
  return Math.max(sums + given, unfused) * sizeOf(output);
}

/** The sums of products, and these with the bias added, are arrays of their own until the activation function has been applied. */
function arraysOnTheWay({ layer, output, weights }: Call): number {
  const { activation } = layer as unknown as { activation?: { getClassName(): string } };
  const hasActivation = (activation?.getClassName() ?? 'linear') !== 'linear';
  return (bias(weights) + Number(hasActivation)) * sizeOf(output);
}

/** A weight for each input that an output sees, and a bias: dense, and convolutions in 1, 2 and 3 dimensions. */
const weighted: Kind = {
  weight: 'kernel',
  parameters: (weights) => {
    const kernel = get(weights, 'kernel');
    return times(plus(times(...kernel.slice(0, -1)), bias(weights)), units(kernel));
  },
  multiplyAdds: ({ output, weights }) => times(...places(output), ...get(weights, 'kernel')),
  intermediates: (call) => beforeActivation(call),
  workspace: arraysOnTheWay,
};

/** Each place of the input is spread over the places of the output that its kernel covers. Its kernel ends with outputs, inputs. */
const transposed: Kind = {
  weight: 'kernel',
  parameters: (weights) => {
    const kernel = get(weights, 'kernel');
    const [outputs, inputs] = kernel.slice(-2);
    return times(plus(times(...kernel.slice(0, -2), inputs), bias(weights)), outputs);
  },
  multiplyAdds: ({ input, weights }) => times(...places(input), ...get(weights, 'kernel')),
  intermediates: (call) => beforeActivation(call, false),
  workspace: arraysOnTheWay,
};

const depthwise: Kind = {
  weight: 'depthwise_kernel',
  parameters: (weights) => {
    const [height, width, inputs, multiplier] = get(weights, 'depthwise_kernel');
    return times(plus(times(height, width), bias(weights)), inputs, multiplier);
  },
  multiplyAdds: ({ output, weights }) => times(...places(output), ...get(weights, 'depthwise_kernel')),
  intermediates: (call) => beforeActivation(call, false),
  workspace: arraysOnTheWay,
};

const separable: Kind = {
  weight: 'depthwise_kernel',
  parameters: (weights) => {
    const pointwise = get(weights, 'pointwise_kernel');
    return plus(times(...get(weights, 'depthwise_kernel')), times(plus(times(...pointwise.slice(0, -1)), bias(weights)), units(pointwise)));
  },
  multiplyAdds: ({ output, weights }) =>
    times(...places(output), plus(times(...get(weights, 'depthwise_kernel')), times(...get(weights, 'pointwise_kernel')))),
  // The result of the first of its two convolutions as well.
  intermediates: (call) => {
    const kept = beforeActivation(call, false);
    return kept === undefined ? undefined : kept + sizeOf(places(call.output)) * sizeOf(get(call.weights, 'depthwise_kernel').slice(2));
  },
  workspace: arraysOnTheWay,
};

/**
 * Scale and shift of each channel, and for batch normalisation the moving mean and variance: one multiply-add a number. The distances
 * from the mean and their squares are kept, and more for layer normalisation.
 */
const normalising = (kept: number): Kind => ({
  parameters: (weights) => times(weights.size, ...([...weights.values()][0] ?? [])),
  multiplyAdds: ({ output }) => times(...output),
  intermediates: ({ output }) => kept * sizeOf(output),
});

/** Each gate sees the input and the state of the step before, and has a bias. */
const recurrent = (gates: number): Kind => ({
  weight: 'recurrent_kernel',
  parameters: (weights) => {
    const [inputs] = get(weights, 'kernel');
    const [state] = get(weights, 'recurrent_kernel');
    return times(gates, plus(inputs, state, bias(weights)), state);
  },
  multiplyAdds: ({ input, weights }) => {
    const [inputs] = get(weights, 'kernel');
    const [state] = get(weights, 'recurrent_kernel');
    return times(input[0], gates, plus(inputs, state), state);
  },
  throughTime: ({ input, weights }) => {
    const [state] = get(weights, 'recurrent_kernel');
    return times(input[0], gates, state, state);
  },
  intermediates: () => undefined,
});

/** The four gates of an LSTM, with convolutions of the input and of the state instead of products of matrices. */
const recurrentConvolution: Kind = {
  weight: 'recurrent_kernel',
  parameters: (weights) => {
    const [height, width, inputs] = get(weights, 'kernel');
    const [, , state] = get(weights, 'recurrent_kernel');
    return times(4, plus(times(height, width, plus(inputs, state)), bias(weights)), state);
  },
  multiplyAdds: (call) => recurrentProducts(call, plus(get(call.weights, 'kernel')[2], get(call.weights, 'recurrent_kernel')[2])),
  throughTime: (call) => recurrentProducts(call, get(call.weights, 'recurrent_kernel')[2]),
  intermediates: () => undefined,
};

/** With returnSequences the output has the steps in front. */
function recurrentProducts({ input, output, weights }: Call, channels: number | Formula): Formula {
  const [height, width] = get(weights, 'kernel');
  const [, , state] = get(weights, 'recurrent_kernel');
  return times(input[0], ...places(output).slice(-2), 4, height, width, channels, state);
}

/** The layer inside a wrapper; its weights are the wrapper's. */
function wrapped(layer: tf.layers.Layer): tf.layers.Layer {
  const wrapper = layer as unknown as { layer?: tf.layers.Layer; forwardLayer?: tf.layers.Layer };
  return (wrapper.forwardLayer ?? wrapper.layer) as tf.layers.Layer;
}

const repeated = (count: number, formula: Formula | undefined): Formula | undefined => formula && times(count, formula);

/**
 * The kinds of layer that are counted. What is not here is listed as not counted.
 *
 * A multiply-add is one product that is added to a sum: those of kernels with inputs, also where a kernel stands over padding, and those of
 * scaling layers. Activations, pooling, biases and the merging of branches have none.
 */
const kinds: Readonly<Record<string, Kind>> = {
  Dense: weighted, Conv1D: weighted, Conv2D: weighted, Conv3D: weighted,
  Conv2DTranspose: transposed, Conv3DTranspose: transposed,
  DepthwiseConv2D: depthwise, SeparableConv2D: separable,
  BatchNormalization: normalising(2), LayerNormalization: normalising(5),
  Embedding: { parameters: (weights) => times(...get(weights, 'embeddings')) },
  SimpleRNN: recurrent(1), GRU: recurrent(3), LSTM: recurrent(4), ConvLSTM2D: recurrentConvolution,
  Bidirectional: {
    parameters: (weights, layer) => repeated(2, kindOf(wrapped(layer))?.parameters?.(weights, wrapped(layer))),
    multiplyAdds: (call) => repeated(2, multiplyAddsOf({ ...call, layer: wrapped(call.layer) })),
    throughTime: (call) => repeated(2, kindOf(wrapped(call.layer))?.throughTime?.({ ...call, layer: wrapped(call.layer) })),
    intermediates: () => undefined,
  },
  TimeDistributed: {
    parameters: (weights, layer) => kindOf(wrapped(layer))?.parameters?.(weights, wrapped(layer)),
    multiplyAdds: ({ layer, input, output, weights }) =>
      repeated(input[0], multiplyAddsOf({ layer: wrapped(layer), input: input.slice(1), output: output.slice(1), weights })),
    intermediates: () => undefined,
  },
  PReLU: { parameters: (weights) => times(...get(weights, 'alpha')), multiplyAdds: ({ output }) => times(...output) },
  Rescaling: { multiplyAdds: ({ output }) => times(...output), intermediates: ({ output }) => sizeOf(output), workspace: ({ output }) => sizeOf(output) },
  InputLayer: none, Flatten: none, Reshape: none, Permute: none, RepeatVector: none, Masking: none,
  Activation: none, ReLU: none, LeakyReLU: none, ELU: none, ThresholdedReLU: none, Softmax: none,
  // The random numbers, their whole parts, and the mask that these become.
  Dropout: { intermediates: ({ layer, output }) => (dropsNothing(layer) ? 0 : 3 * sizeOf(output)) },
  SpatialDropout1D: unknownMemory, GaussianNoise: unknownMemory, GaussianDropout: unknownMemory, AlphaDropout: unknownMemory,
  MaxPooling1D: none, MaxPooling2D: none, MaxPooling3D: none, AveragePooling1D: none, AveragePooling2D: none, AveragePooling3D: none,
  GlobalMaxPooling1D: none, GlobalMaxPooling2D: none, GlobalAveragePooling1D: none, GlobalAveragePooling2D: none,
  ZeroPadding2D: none, Cropping2D: none, CenterCrop: none, UpSampling2D: none,
  Add: none, Average: none, Maximum: none, Minimum: none, Concatenate: none,
};

function kindOf(layer: tf.layers.Layer): Kind | undefined {
  const kind = kinds[layer.getClassName()];
  // A layer within a wrapper is never built itself: its weights are the wrapper's.
  const isOther = kind?.weight !== undefined && layer.built && !weightShapes(layer).has(kind.weight);
  return isOther ? undefined : kind;
}

const dropsNothing = (layer: tf.layers.Layer): boolean => layer.getClassName() === 'Dropout' && (layer as unknown as { rate: number }).rate === 0;

/** Layers whose output is the memory of their input under another shape, so that nothing is kept for them. */
const views = new Set(['InputLayer', 'Flatten', 'Reshape', 'Masking']);

export const isView = (layer: tf.layers.Layer): boolean => views.has(layer.getClassName()) || dropsNothing(layer);

/** The shapes of a layer's weights by their names: `kernel`, `bias`, ... */
export function weightShapes(layer: tf.layers.Layer): Map<string, Shape> {
  return new Map(layer.weights.map(({ originalName, shape }) => [originalName.split('/').pop() as string, shape as number[]]));
}

/**
 * How the number of a layer's parameters comes about; undefined where there are none, or the layer is not known, or the formula does not
 * give what the layer itself counts.
 */
export function parameterFormula(layer: tf.layers.Layer): Formula | undefined {
  const count = layer.countParams();
  if (count === 0) return undefined;
  const formula = kindOf(layer)?.parameters?.(weightShapes(layer), layer);
  return formula?.value === count ? formula : undefined;
}

/** Multiply-adds of one use of a layer for one example; undefined if the layer is not known. */
export function multiplyAddsOf(call: Call): Formula | undefined {
  const kind = kindOf(call.layer);
  return kind && (kind.multiplyAdds ? kind.multiplyAdds(channelsLast(call)) : times(0));
}

/** The part of them whose gradient goes back through time. */
export function throughTimeOf(call: Call): number {
  return kindOf(call.layer)?.throughTime?.(channelsLast(call))?.value ?? 0;
}

/** Numbers that TensorFlow.js keeps of one use for one example besides its output; undefined if that is not known. */
export function intermediatesOf(call: Call): number | undefined {
  const kind = kindOf(call.layer);
  return kind && (kind.intermediates ? kind.intermediates(channelsLast(call)) : 0);
}

/** Numbers that are there besides input and output while the layer is used, for one example. */
export function workspaceOf(call: Call): number {
  return kindOf(call.layer)?.workspace?.(channelsLast(call)) ?? 0;
}

/** Kernels are written with the channels last in any case; a layer may be told that its pictures have them first. */
function channelsLast(call: Call): Call {
  if ((call.layer as unknown as { dataFormat?: string }).dataFormat !== 'channelsFirst') return call;
  // A convolution over time has its steps in front of the channels.
  const steps = call.layer.getClassName() === 'ConvLSTM2D' ? 1 : 0;
  const move = (shape: Shape, before: number): Shape => [...shape.slice(0, before), ...shape.slice(before + 1), shape[before]];
  return { ...call, input: move(call.input, steps), output: move(call.output, Math.max(0, call.output.length - 3)) };
}
