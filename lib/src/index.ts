/**
 * What the notebooks import. One line a room, one name for each thing that a learner calls.
 */

export { tf } from './tensorflow';
export { setRandomSeed } from './tensorflow/random-seed';

export { environment, type Environment } from './environment';
export { Interrupted } from './interrupt';

export { loadCatsAndDogs, loadDataset, loadFashionMnist, loadMnist } from './display/load';
export { loadImageFolder, openImageFolder } from './display/load-folder';
export { writeImageFolder } from './display/write-folder';
export type { FolderBatches, FolderImages, FolderOptions, ImageFolder } from './data/folder/image-folder';
export type { BatchOptions, Batches } from './data/folder/batches';
export { describeDataSource, type DataSource } from './data/locate';
export type { ImageDataset, LabelledImages, LoadOptions } from './data/image-dataset';
export type { PictureDataset, PictureDatasetOptions } from './data/picture-dataset';

export { arrayOf } from './arrays';
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
export { quantiseWeights, restoreWeights, type QuantisedWeight, type QuantisedWeights } from './model/quantise';
export { summary, type LayerSummary, type ModelSummary, type SummaryOptions } from './model/summary';

export { saveModel } from './model-files/save';
export { loadModel, type SavedModel } from './model-files/load';
export type { ModelFacts, Preprocessing } from './model-files/facts';
export { exportForBrowser, type BrowserPageOptions } from './browser-page/export';

export { fit, type FitOptions } from './display/fit';
export { exampleBatches, type ExampleBatchesOptions } from './training/example-batches';
export type { ExampleBatches, Examples } from './training/examples';
export { TrainingInterrupted } from './training/train';
export { confusionMatrix } from './inspection/confusion';
export {
  classificationReport, type ClassificationReport, type ClassMeasures, type ConfusedPair,
} from './inspection/report';
export {
  classifyOne, type Classification, type Classifications, type ClassProbability, type PictureGroup, type PictureSource,
} from './inspection/classify';
export type { ModelWithFacts } from './model-files/model-input';
export { layerActivations, type LayerActivation } from './inspection/activations';
export { layerStatistics, statisticsOf, type LayerStatistics, type Statistics } from './inspection/statistics';
export { receptiveFields, type ReceptiveField } from './inspection/receptive-field';
export { convolutionStep, convolve, type ConvolutionOptions, type ConvolutionStep } from './inspection/convolution';
export { gradCam, saliency, type GradCam, type Saliency } from './inspection/grad-cam';
export { AdamW, adamW, type AdamWOptions } from './training/adamw';
export { trainingLog } from './training/training-log';
export { learningRateSweep } from './training/learning-rate-sweep';
export { evaluate, predict } from './training/evaluate';
export type { History } from './training/history';

export {
  showClassCounts, showConfusion, showFigure, showHistogram, showHistories, showHistory, showImage, showImages,
  showImageSizes, showLearningRates, showMeanImages, showMemory, showModel, showOwnPicture, showWeights,
  type ShowImagesOptions, type Values,
} from './display/figures';
export type { Pictures } from './tensorflow/values';
export {
  showConvolution, showFeatureMaps, showFilters, showGradCam, showLayerStatistics, showReceptiveField, showSaliency,
} from './display/inside';
export { showHardest, showRanked, showReport } from './display/report';
export { classifyMany, showClassification, showClassifications } from './display/classify';
export { LiveFigure, pause } from './display/live-figure';
export { openTensorBoard } from './display/tensorboard';
export { tryModel, type TryModelOptions } from './display/try-model';
export {
  explore, type ExplorableDataset, type ExplorablePart, type ExploreOptions, type StoredPart,
} from './display/explore';
export { check } from './display/check';
export { handIn } from './display/hand-in';
export { setLearner } from './display/learner';
export { progress } from './display/progress';
export { question } from './display/question';
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
export { historiesFigure, type HistoriesFigureOptions } from './plots/histories';
export { historyFigure } from './plots/history';
export { toSvg } from './plots/svg';
export type { Figure } from './plots/figure';
