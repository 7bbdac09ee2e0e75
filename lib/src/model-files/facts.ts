import { createHash } from 'node:crypto';
import type { PictureOptions } from '../data/folder/options';
import type { NormaliseOptions } from '../preprocessing/normalise';
import type { PictureStyle } from '../preprocessing/own-picture';
import type { tf } from '../tensorflow';
import type { History } from '../training/history';

/** How a picture becomes an input of the model, so that a new picture can be treated like those it learned from. */
export interface Preprocessing extends Partial<PictureOptions> {
  /**
   * The dataset whose pictures a photo or a drawing is made like first, as `ownPicture` does; left out where a picture
   * is brought to its size as `loadImageFolder` does.
   */
  readonly like?: PictureStyle;
  /** As for `normalise`; left out for pixels from 0 to 255 as they are. */
  readonly normalise?: NormaliseOptions;
}

/** What belongs to a model and is kept with it. */
export interface ModelFacts {
  readonly history?: History | undefined;
  /** The name of each class, in the order of the labels. */
  readonly classNames?: readonly string[] | undefined;
  readonly preprocessing?: Preprocessing | undefined;
}

/** Ours in the `userDefinedMetadata` of TensorFlow.js, under {@link KEY}. */
export interface StoredFacts extends ModelFacts {
  readonly version: number;
  /** The SHA-256 of each other file of the folder: files of two models must not be mixed. */
  readonly files: Readonly<Record<string, string>>;
  /** What `model.compile` was given besides the optimizer; left out for a model that is not compiled. */
  readonly compiled?: { readonly loss: Names; readonly metrics: Names } | undefined;
}

export type Names = string | string[] | { [output: string]: string };

export const hashOf = (parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

export const KEY = 'imageClassificationCourse';
export const VERSION = 1;

/** What TensorFlow.js saves and loads. Its package has no name for the type. */
export type ModelArtifacts = Parameters<Parameters<typeof tf.io.withSaveHandler>[0]>[0];
