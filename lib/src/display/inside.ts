import { arrayOf, packedValues } from '../arrays';
import { layerActivations } from '../inspection/activations';
import type { ConvolutionOptions } from '../inspection/convolution';
import { gradCam, saliency, type GradCamOptions, type SaliencyOptions } from '../inspection/grad-cam';
import { receptiveFields } from '../inspection/receptive-field';
import { layerStatistics } from '../inspection/statistics';
import { convolutionPicture, type DescribedSvg } from '../plots/convolution';
import { featureMapsHtml, type FeatureMapsOptions } from '../plots/feature-maps';
import { filtersHtml } from '../plots/filters';
import { shortNumber } from '../plots/layer-pictures';
import { layerStatisticsTable } from '../plots/layer-statistics';
import { overlayHtml } from '../plots/overlay';
import { receptiveFieldPicture } from '../plots/receptive-field';
import type { tf } from '../tensorflow';
import { asArray, type Pictures } from '../tensorflow/values';
import { show } from './output';

/**
 * Shows the filters of a convolution: what each looks for.
 *
 * @param filters a layer with a convolution, or its kernel `[height, width, channels, filters]` as an array or a
 *   tensor, which the caller keeps
 * @throws Error if the layer has no such kernel
 *
 * ```ts
 * showFilters(model.getLayer('conv2d_1'));
 * ```
 * Taught in 03_fashion_mnist_cnn and 04_cats_and_dogs.
 */
export function showFilters(filters: tf.layers.Layer | Pictures): void {
  const [kernel, title] = 'getWeights' in filters ? [kernelOf(filters), `Filters of ${filters.name}`]
    : [asArray(filters), 'Filters'];
  const [height, width, channels, count] = kernel.shape;
  const html = filtersHtml(kernel, title);
  show({ data: { 'text/html': html, 'text/plain': `${title}: ${count} of ${height} × ${width} × ${channels}` } });
}

function kernelOf(layer: tf.layers.Layer): ReturnType<typeof asArray> {
  const weight = layer.weights.find(({ originalName }) => /(^|\/)(depthwise_)?kernel$/.test(originalName));
  if (!weight || weight.shape.length !== 4) {
    throw new Error(
      `showFilters: the layer ${layer.name} (${layer.getClassName()}) has no filters; expected a convolution. ` +
        'showWeights shows the weights of a dense layer.',
    );
  }
  const kernel = asArray(weight.read());
  const [height, width, channels, multiplier] = kernel.shape;
  // A depthwise kernel sees one channel at a time: each is a filter of its own.
  if (!weight.originalName.endsWith('depthwise_kernel')) return kernel;
  return arrayOf(packedValues(kernel), [height, width, 1, channels * multiplier]);
}

/**
 * Shows what each layer makes of a picture, from the picture to the probabilities: feature maps, shape, mean and
 * standard deviation.
 *
 * @param picture one picture as the model takes it (normalised), with or without a leading 1; array or tensor, which
 *   the caller keeps
 *
 * ```ts
 * showFeatureMaps(model, xTest.slice([0], [1]), { classNames });
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function showFeatureMaps(model: tf.LayersModel, picture: Pictures, options: FeatureMapsOptions = {}): void {
  const layers = layerActivations(model, picture);
  const lines = layers.map(({ name, type, shape, statistics: { mean, standardDeviation } }) =>
    `${name} (${type}) ${shape.join(' × ')}: mean ${shortNumber(mean)}, ` +
      `standard deviation ${shortNumber(standardDeviation)}`);
  show({ data: { 'text/html': featureMapsHtml(asArray(picture), layers, options), 'text/plain': lines.join('\n') } });
}

/**
 * Shows one step of a convolution: the window in the picture, times the kernel, added up, and where the sum stands in
 * the feature map.
 *
 * @param picture `[height, width]` or `[height, width, channels]`; real pixels or the output of a layer
 * @param kernel one filter, `[height, width]` or `[height, width, channels]`
 * @param at row and column in the feature map
 *
 * ```ts
 * const edges = ndarray(Float32Array.of(-1, 0, 1, -1, 0, 1, -1, 0, 1), [3, 3]);
 * showConvolution(mnist.train.images.pick(0), edges, [10, 12]);
 * ```
 * Taught in 03_fashion_mnist_cnn and 04_cats_and_dogs.
 */
export function showConvolution(
  picture: Pictures, kernel: Pictures, at: readonly [row: number, column: number], options: ConvolutionOptions = {},
): void {
  showDescribed(convolutionPicture(asArray(picture), asArray(kernel), at, options));
}

/**
 * Shows which pixels one place of a layer sees, and how that grew from layer to layer.
 *
 * @param picture one picture as the model takes it, with or without a leading 1
 * @param layer its name
 * @param at row and column in the layer's feature maps
 *
 * ```ts
 * showReceptiveField(model, picture, 'max_pooling2d_1', [5, 5]);
 * ```
 * Taught in 03_fashion_mnist_cnn and 04_cats_and_dogs.
 */
export function showReceptiveField(
  model: tf.LayersModel, picture: Pictures, layer: string, at: readonly [row: number, column: number],
): void {
  showDescribed(receptiveFieldPicture(asArray(picture), receptiveFields(model), layer, at));
}

/** How the classes are called, besides what is computed. */
export interface NamedClasses {
  classNames?: readonly string[];
}

/**
 * Shows where in a picture the model has found what speaks for a class (Grad-CAM).
 *
 * @param picture one picture as the model takes it (normalised), with or without a leading 1
 *
 * ```ts
 * showGradCam(model, picture, { classNames });
 * showGradCam(model, picture, { classNames, classIndex: 1 });   // where is what looks like a dog?
 * ```
 * Taught in 04_cats_and_dogs.
 */
export function showGradCam(
  model: tf.LayersModel, picture: Pictures, options: GradCamOptions & NamedClasses = {},
): void {
  const { map, classIndex, probability, layer } = gradCam(model, picture, options);
  const name = className(classIndex, options);
  showMap(picture, map, `What speaks for ${name} (${probability.toFixed(2)}), seen by ${layer}`);
}

/**
 * Shows which pixels the model's score of a class hangs on.
 *
 * @param picture one picture as the model takes it (normalised), with or without a leading 1
 *
 * ```ts
 * showSaliency(model, picture, { classNames });
 * ```
 * Taught in 04_cats_and_dogs.
 */
export function showSaliency(
  model: tf.LayersModel, picture: Pictures, options: SaliencyOptions & NamedClasses = {},
): void {
  const { map, classIndex, probability } = saliency(model, picture, options);
  showMap(picture, map, `Which pixels count for ${className(classIndex, options)} (${probability.toFixed(2)})`);
}

const className = (classIndex: number, { classNames }: NamedClasses): string =>
  classNames?.[classIndex] ?? `class ${classIndex}`;

function showMap(picture: Pictures, map: ReturnType<typeof saliency>['map'], title: string): void {
  const { html, alt } = overlayHtml(asArray(picture), map, title);
  show({ data: { 'text/html': html, 'text/plain': alt } });
}

/**
 * Shows how large the activations of each layer are over many examples, which units are dead, and where NaN begins.
 *
 * @param x inputs as the model takes them, shape `[n, ...]`; some hundred, the caller keeps them
 *
 * ```ts
 * showLayerStatistics(model, xTest.slice([0], [500]));
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function showLayerStatistics(model: tf.LayersModel, x: tf.Tensor): void {
  const { html, text } = layerStatisticsTable(layerStatistics(model, x));
  show({ data: { 'text/html': html, 'text/plain': text } });
}

function showDescribed({ svg, alt }: DescribedSvg): void {
  show({ data: { 'image/svg+xml': svg, 'text/plain': alt } });
}
