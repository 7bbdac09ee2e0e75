import { arrayOf, shapeText } from '../arrays';
import type { PreparationOptions } from '../data/prepared-picture';
import { pictureOptions, type PictureOptions } from '../data/folder/options';
import { toTensor } from '../data/tensors';
import { normalise } from '../preprocessing/normalise';
import type { tf } from '../tensorflow';
import type { ModelFacts } from './facts';

/** A model with what must be known of it to show it pictures: what `loadModel` returns, or a learner puts together. */
export type ModelWithFacts = { readonly model: tf.LayersModel } & Pick<ModelFacts, 'classNames' | 'preprocessing'>;

/** How pictures become inputs of a model. */
export interface ModelInput {
  readonly options: PreparationOptions;
  /** `[height, width]` or `[height, width, 3]` */
  readonly pictureShape: readonly number[];
  /**
   * Pixels of pictures, one after the other, as the model takes them, `[n, ...]`. The caller disposes it.
   */
  tensor(pixels: Uint8Array): tf.Tensor;
}

/**
 * How pictures have to be prepared for a model, as they were in training: by its `preprocessing`; size and colour that
 * it does not say are those of the model's input.
 *
 * @param caller the function that the learner has called
 * @throws Error if nobody knows how pictures have to be prepared, or what is known does not fit the model
 */
export function modelInput(caller: string, { model, preprocessing }: ModelWithFacts): ModelInput {
  if (preprocessing === undefined) {
    throw new Error(
      `${caller}: got a model without preprocessing, so nobody knows how its pictures were prepared. Give it, such ` +
        `as ${caller}({ ...saved, preprocessing: { normalise: { range: [0, 1] } } }, ...), and to saveModel as well. ` +
        'preprocessing: {} is that of a model that takes pixels from 0 to 255 as they are.',
    );
  }
  const inputShape = model.inputs[0].shape.slice(1);
  const isPicture = inputShape.length === 2 || inputShape.length === 3;
  const { like, normalise: scale, ...given } = preprocessing;
  const form = { ...formOf(inputShape), ...given };
  if (form.size === undefined) {
    throw new Error(
      `${caller}: the preprocessing has no size, and the model takes ${inputText(inputShape)}, which does not say ` +
        "it. Give it, such as preprocessing: { ...saved.preprocessing, size: [28, 28], color: 'grey' }.",
    );
  }
  const options = pictureOptions(form);
  const pictureShape = options.color === 'grey' ? [...options.size] : [...options.size, 3];
  const numbers = pictureShape.reduce((product, size) => product * size, 1);
  // What is open in the model is as large as the picture.
  const oneShape = inputShape.map((side, axis) => side ?? options.size[axis]);
  const fits = isPicture ? oneShape[0] === options.size[0] && oneShape[1] === options.size[1] : true;
  if (!fits || oneShape.reduce((product, side) => product * side, 1) !== numbers) {
    throw new Error(
      `${caller}: the preprocessing makes pictures of shape ${shapeText(pictureShape)}, but the model takes ` +
        `${inputText(inputShape)}. Correct size or color of the preprocessing.`,
    );
  }
  return {
    options: { ...options, like },
    pictureShape,
    tensor: (pixels) => {
      const images = arrayOf(pixels, [pixels.length / numbers, ...pictureShape]);
      const values = scale === undefined ? Float32Array.from(pixels) : normalise(images, scale).data;
      return toTensor(arrayOf(values, [images.shape[0], ...oneShape]));
    },
  };
}

/** Size and colour, as far as the shape of an input says them: a list of 784 numbers is a grey picture of 28 x 28. */
function formOf([height, width, channels = 1]: readonly (number | null)[]): Partial<PictureOptions> {
  if (width === undefined) {
    const side = Math.sqrt(height ?? NaN);
    return Number.isInteger(side) ? { size: [side, side], color: 'grey' } : {};
  }
  const color = channels === 3 ? 'rgb' : 'grey';
  return height === null || width === null ? { color } : { size: [height, width], color };
}

const inputText = (shape: readonly (number | null)[]): string => shapeText(shape.map((size) => size ?? 'any'));
