/**
 * What the notebooks import. One line a room, one name for each thing that a learner calls.
 */

export { tf } from './tensorflow';
export { setRandomSeed } from './tensorflow/random-seed';

export { environment, type Environment } from './environment';
export { Interrupted } from './interrupt';

export { loadCatsAndDogs, loadDataset, loadFashionMnist, loadMnist } from './display/load';
export { loadImageFolder, openImageFolder } from './display/load-folder';
export type { FolderBatches, FolderImages, FolderOptions, ImageFolder } from './data/folder/image-folder';
export type { BatchOptions, Batches } from './data/folder/batches';
export { describeDataSource, type DataSource } from './data/locate';
export type { ImageDataset, LabelledImages, LoadOptions } from './data/image-dataset';
export type { PictureDataset, PictureDatasetOptions } from './data/picture-dataset';

export { channelStatistics, normalise, type ChannelStatistics, type NormaliseOptions } from './preprocessing/normalise';
export { flatten } from './preprocessing/flatten';
export { argMax, oneHot } from './preprocessing/one-hot';
export { augment, type AugmentOptions, type Augmentation } from './preprocessing/augment';
export { batched, shuffled, take } from './preprocessing/examples';
export { grey } from './preprocessing/grey';
export { meanImages } from './preprocessing/mean-images';
export { resize } from './preprocessing/resize';
export { splitExamples, stratifiedSplit, type SplitOptions } from './preprocessing/split';
export { ownPicture, type OwnPictureOptions } from './data/own-picture';
export type { OwnPicture, PictureStep, PictureStyle } from './preprocessing/own-picture';
export { toTensor } from './data/tensors';

export { memoryAccount, type MemoryAccount, type MemoryItem, type MemoryOptions } from './model/memory';
export { summary, type LayerSummary, type ModelSummary, type SummaryOptions } from './model/summary';

export { saveModel } from './model-files/save';
export { loadModel, type SavedModel } from './model-files/load';
export type { ModelFacts, Preprocessing } from './model-files/facts';

export { fit, type FitOptions } from './display/fit';
export type { ExampleBatches, Examples } from './training/examples';
export { TrainingInterrupted } from './training/train';
export { confusionMatrix } from './inspection/confusion';
export { AdamW, adamW, type AdamWOptions } from './training/adamw';
export { trainingLog } from './training/training-log';
export { learningRateSweep } from './training/learning-rate-sweep';
export { evaluate, predict } from './training/evaluate';
export type { History } from './training/history';

export {
  showClassCounts, showConfusion, showFigure, showHistogram, showHistory, showImage, showImages, showImageSizes,
  showLearningRates, showMeanImages, showMemory, showModel, showOwnPicture, showWeights, type Pictures, type ShowImagesOptions,
  type Values,
} from './display/figures';
export { LiveFigure, pause } from './display/live-figure';
export { openTensorBoard } from './display/tensorboard';
export {
  explore, type ExplorableDataset, type ExplorablePart, type ExploreOptions, type StoredPart,
} from './display/explore';
export { classCountsFigure, type Parts } from './plots/counts';
export { confusionFigure } from './plots/confusion';
export { histogramFigure, type HistogramFigureOptions } from './plots/histogram';
export { imageSizesFigure } from './plots/sizes';
export { learningRateFigure, type LearningRateSweep } from './plots/learning-rate';
export { lineFitFigure, type Line } from './plots/line-fit';
export { lossSurfaceFigure, type LossSurfaceOptions } from './plots/loss-surface';
export { memoryFigure, type NamedAccount } from './plots/memory';
export { modelPicture, type ModelPicture } from './plots/model';
export { weightsFigure, type WeightsFigureOptions } from './plots/weights';
export { historyFigure } from './plots/history';
export { toSvg } from './plots/svg';
export type { Figure } from './plots/figure';
