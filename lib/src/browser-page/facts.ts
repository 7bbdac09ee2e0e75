import type { ModelArtifacts } from '../model-files/facts';
import type { PictureStyle } from '../preprocessing/own-picture';
import type { PagePreprocessing } from './in-page/prepare';

/** What a page knows of its model, besides the numbers of the weights; as JSON inside it. */
export interface PageFacts {
  /** Whether there is paper to draw on. */
  readonly kind: 'draw' | 'photo';
  readonly classNames: readonly string[];
  readonly preprocessing: PagePreprocessing;
  /** What a drawing is made like, and what a picture that is opened, unless one chooses otherwise. */
  readonly drawnLike: PictureStyle;
  readonly openedLike: PictureStyle | undefined;
  /** The shape of one input, without the batch. */
  readonly inputShape: readonly number[];
  /** The probabilities of `testPicture` where the page was made. */
  readonly expected: readonly number[];
  /** Version of TensorFlow.js. */
  readonly tensorFlowJs: string;
  readonly modelTopology: ModelArtifacts['modelTopology'];
  readonly weightSpecs: ModelArtifacts['weightSpecs'];
}
