import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText, type Numbers } from '../arrays';
import { classCountsFigure, type Parts } from '../plots/counts';
import { confusionFigure } from '../plots/confusion';
import type { Figure } from '../plots/figure';
import { histogramFigure, type HistogramFigureOptions } from '../plots/histogram';
import { historiesFigure, type HistoriesFigureOptions } from '../plots/histories';
import { historyFigure } from '../plots/history';
import { imageGridHtml, type ImageGridOptions } from '../plots/images';
import { learningRateFigure, type LearningRateSweep } from '../plots/learning-rate';
import { memoryFigure, type NamedAccount } from '../plots/memory';
import { modelPicture } from '../plots/model';
import { imageSizesFigure } from '../plots/sizes';
import { pictureStepsHtml } from '../plots/steps';
import { toSvg } from '../plots/svg';
import { weightsFigure, type WeightsFigureOptions } from '../plots/weights';
import type { MemoryAccount } from '../model/memory';
import { meanImages } from '../preprocessing/mean-images';
import type { OwnPicture } from '../preprocessing/own-picture';
import { tf } from '../tensorflow';
import { asArray, type Pictures } from '../tensorflow/values';
import type { History } from '../training/history';
import { show, type Bundle } from './output';

/** A figure as Plotly for JupyterLab and VS Code, as SVG for everything else. */
export function figureBundle(figure: Figure): Bundle {
  return {
    data: {
      'application/vnd.plotly.v1+json': {
        ...figure, config: { responsive: true, displaylogo: false, showSendToCloud: false },
      },
      'image/svg+xml': toSvg(figure),
      'text/plain': figure.layout.meta.alt,
    },
  };
}

/** Shows any figure below the cell. */
export function showFigure(figure: Figure): void {
  show(figureBundle(figure));
}

/**
 * Shows how loss and accuracy went over the epochs, on the training and on the validation data.
 *
 * ```ts
 * const history = await fit(model, { x, y }, { epochs: 5, validationSplit: 0.2 });
 * showHistory(history);
 * ```
 * Taught in 01_mnist_mlp.
 */
export function showHistory(history: History): void {
  showFigure(historyFigure(history));
}

/**
 * Shows how several trainings went, one curve each: loss on the left, accuracy on the right, of the validation where
 * there is one.
 *
 * @param histories as returned by `fit`, by the names that the legend shows
 *
 * ```ts
 * showHistories({ 'batch 32': small, 'batch 512': large }, { over: 'seconds' });
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function showHistories(
  histories: Readonly<Record<string, History>>, options: HistoriesFigureOptions = {},
): void {
  showFigure(historiesFigure(histories, options));
}

/** Numbers as an array, a list or a tensor. */
export type Values = NdArray<Numbers> | ArrayLike<number> | tf.Tensor;

/**
 * Shows the weights of a layer as a heat map: blue below zero, white at zero, orange above.
 *
 * @param kernel `[inputs, outputs]`, or `[height, width, channels, filters]`; as an array or a tensor, which the caller
 *   keeps
 *
 * ```ts
 * showWeights(model.layers[0].getWeights()[0], { title: 'First layer, before training' });
 * ```
 * Taught in 02_fashion_mnist_mlp.
 */
export function showWeights(kernel: Pictures, options: WeightsFigureOptions = {}): void {
  showFigure(weightsFigure(asArray(kernel), options));
}

/**
 * Shows how often values occur: those of one list, or of several by name, one in front of the other.
 *
 * @param values arrays or tensors of any shape, which the caller keeps
 *
 * ```ts
 * showHistogram({ before, after }, { label: 'weight', marks: { bound: 0.076 } });
 * ```
 * Taught in 02_fashion_mnist_mlp.
 */
export function showHistogram(
  values: Values | Readonly<Record<string, Values>>,
  options: HistogramFigureOptions = {},
): void {
  const lists = isValues(values)
    ? asList1d(values)
    : Object.fromEntries(Object.entries(values).map(([name, part]) => [name, asList1d(part)]));
  showFigure(histogramFigure(lists, options));
}

/**
 * Shows which classes are taken for which.
 *
 * @param matrix as `confusionMatrix` returns it: one row a label, one column a prediction
 *
 * ```ts
 * showConfusion(confusionMatrix(labels, predictions, 10), classNames);
 * ```
 * Taught in 05_digits_from_folders.
 */
export function showConfusion(matrix: readonly (readonly number[])[], classNames: readonly string[]): void {
  showFigure(confusionFigure(matrix, classNames));
}

/**
 * Shows the loss that each learning rate has come to.
 *
 * ```ts
 * showLearningRates(await learningRateSweep(makeModel, { x, y }, [1e-4, 1e-3, 1e-2]));
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function showLearningRates(sweep: LearningRateSweep): void {
  showFigure(learningRateFigure(sweep));
}

/**
 * Shows where the memory of a training step and of a prediction goes.
 *
 * ```ts
 * showMemory(memoryAccount(model, { batchSize: 128 }));
 * ```
 * Taught in 02_fashion_mnist_mlp.
 */
export function showMemory(accounts: MemoryAccount | readonly NamedAccount[]): void {
  showFigure(memoryFigure(accounts));
}

/**
 * Shows the layers of a model as boxes, with output shape and parameters, and what is connected with what.
 *
 * ```ts
 * showModel(model);
 * ```
 * Taught in 02_fashion_mnist_mlp.
 */
export function showModel(model: tf.LayersModel): void {
  const { svg, alt } = modelPicture(model);
  show({ data: { 'image/svg+xml': svg, 'text/plain': alt } });
}

/**
 * Shows how many images each class has.
 *
 * @param labels class numbers, shape `[n]`; or those of several parts by name
 *
 * ```ts
 * showClassCounts({ training: train.labels, validation: validation.labels }, classNames);
 * ```
 * Taught in 01_mnist_mlp.
 */
export function showClassCounts(labels: Parts<NdArray<Numbers>>, classNames: readonly string[]): void {
  const values = isArray(labels)
    ? packedValues(labels)
    : Object.fromEntries(Object.entries(labels).map(([name, part]) => [name, packedValues(part)]));
  showFigure(classCountsFigure(values, classNames));
}

const isArray = (labels: Parts<NdArray<Numbers>>): labels is NdArray<Numbers> => Array.isArray(labels.shape);

/**
 * Shows the sizes of images before they are brought to one size.
 *
 * @param sizes `[n, 2]`, width and height of each image; or those of several parts by name
 * @param target the `[height, width]` that they will be brought to
 *
 * ```ts
 * const pets = await loadImageFolder('pets', { validationSplit: 0.2 });
 * showImageSizes({ training: pets.train.originalSizes, validation: pets.validation!.originalSizes }, [32, 32]);
 * ```
 * Taught in 04_cats_and_dogs.
 */
export function showImageSizes(
  sizes: Parts<NdArray<Numbers>>,
  target?: readonly [height: number, width: number],
): void {
  showFigure(imageSizesFigure(sizes, target));
}

/**
 * Shows the mean image of each class, with its name.
 *
 * @param images `[n, height, width]` or `[n, height, width, 3]`, uint8
 * @param labels class numbers, shape `[n]`
 * Taught in 05_digits_from_folders.
 */
export function showMeanImages(
  images: NdArray<Uint8Array>,
  labels: NdArray<Numbers>,
  classNames: readonly string[],
): void {
  const count = classNames.length;
  showImages(meanImages(images, labels, count), { captions: classNames, count, size: 84 });
}

/**
 * Shows one image, enlarged, with an optional caption.
 *
 * @param picture `[height, width]` grey or `[height, width, 3]` colour; uint8 0..255 or float 0..1
 * Taught in 01_mnist_mlp.
 */
export function showImage(picture: Pictures, caption?: string | number): void {
  const image = asArray(picture);
  const channels = image.dimension === 3 ? image.shape[2] : 1;
  if (image.dimension < 2 || image.dimension > 3 || (channels !== 1 && channels !== 3)) {
    throw new Error(
      `showImage: got an array of shape ${shapeText(image.shape)}; expected one image, [height, width] or ` +
        '[height, width, 3]. ' +
        `showImage(images.pick(0)) shows the first of many, showImages(images) all.`,
    );
  }
  const size = 224;
  const captions = caption === undefined ? undefined : [String(caption)];
  showGrid(imageGridHtml(asList(image), { captions, size, columns: 1 }), 1, captions);
}

export interface ShowImagesOptions extends ImageGridOptions {
  /** Class numbers, shape `[n]`: written under the images, as names if `classNames` is given. */
  labels?: NdArray<Numbers>;
  classNames?: readonly string[];
  /** How many to show, from the first on. Default 40. */
  count?: number;
}

/**
 * Shows a grid of images with their labels.
 *
 * @param pictures `[n, height, width]` grey or `[n, height, width, 3]` colour; uint8 0..255 or float 0..1
 *
 * ```ts
 * showImages(mnist.train.images, { labels: mnist.train.labels, count: 40 });
 * ```
 * Taught in 01_mnist_mlp.
 */
export function showImages(pictures: Pictures, options: ShowImagesOptions = {}): void {
  const images = asArray(pictures);
  if (images.dimension < 3) {
    throw new Error(
      `showImages: got an array of shape ${shapeText(images.shape)}; ` +
        'expected [n, height, width] or [n, height, width, 3]. ' +
        `showImage(image) shows a single one.`,
    );
  }
  const count = Math.min(options.count ?? 40, images.shape[0]);
  const captions = captionsOf(options, count);
  showGrid(imageGridHtml(images.hi(count), { ...options, captions }), count, captions);
}

/**
 * Shows what became of a picture of one's own, step by step, from the file to what the model gets.
 *
 * ```ts
 * showOwnPicture(await ownPicture('my-seven.jpg'));
 * ```
 * Taught in 03_fashion_mnist_cnn and 05_digits_from_folders.
 */
export function showOwnPicture({ steps }: OwnPicture): void {
  const text = steps.map(({ name, picture: { shape: [height, width] } }) => `${name} (${width} × ${height})`)
    .join(' → ');
  show({ data: { 'text/html': pictureStepsHtml(steps), 'text/plain': text } });
}

function captionsOf({ captions, labels, classNames }: ShowImagesOptions, count: number): string[] | undefined {
  if (captions) return captions.slice(0, count);
  if (!labels) return undefined;
  return Array.from(packedValues(labels.hi(count)), (label) => classNames?.[label] ?? String(label));
}

function showGrid(html: string, count: number, captions: readonly string[] | undefined): void {
  const what = `${count} ${count === 1 ? 'image' : 'images'}`;
  show({ data: { 'text/html': html, 'text/plain': captions ? `${what}: ${captions.join(', ')}` : what } });
}

/** `[height, width, ...]` as a list of one. Shares the memory. */
function asList(image: NdArray<Numbers>): NdArray<Numbers> {
  return arrayOf(packedValues(image), [1, ...image.shape]);
}

const isValues = (values: Values | Readonly<Record<string, Values>>): values is Values =>
  typeof (values as ArrayLike<number>).length === 'number' || Array.isArray((values as NdArray<Numbers>).shape);

function asList1d(values: Values): ArrayLike<number> {
  if (values instanceof tf.Tensor) return values.dataSync();
  return 'shape' in values ? packedValues(values) : values;
}
