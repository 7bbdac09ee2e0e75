import { countText } from '../arrays';
import type { tf } from '../tensorflow';
import { historyFigure, nameOf } from '../plots/history';
import { escapeXml } from '../plots/svg';
import type { ExampleBatches, Examples } from '../training/examples';
import { train, TrainingInterrupted } from '../training/train';
import type { TrainOptions } from '../training/train-options';
import type { History, TrainingProgress } from '../training/history';
import { figureBundle } from './figures';
import { inNotebook, LiveOutput, type Bundle } from './output';
import { durationText } from './text';

export interface FitOptions extends TrainOptions {
  /**
   * Progress bar and live graph in a notebook, one line an epoch elsewhere. Default true. With `false`, notices go to
   * `onNotice`, or else to `console.warn`.
   */
  display?: boolean;
}

/**
 * Trains a compiled model on examples, with a progress bar and a graph that grows while it learns: the options of
 * `model.fit`, faster. What the learner should know besides stands above the progress.
 *
 * The stop button (or Ctrl+C) ends the training after the present batch; the model keeps what it has learned, and `fit`
 * goes on from there. With `checkpoint` it also goes on after the kernel was restarted, by the same line.
 *
 * The caller keeps (and disposes) the tensors in `data`: x is `[examples, ...]` as the model takes it, y is
 * `[examples, classes]` (see `oneHot`), or `[examples]` for a sparse loss. Pictures that do not fit into memory come as
 * batches: see `openImageFolder`.
 *
 * ```ts
 * const history = await fit(model, { x: xTrain, y: yTrain }, {
 *   epochs: 5,
 *   batchSize: 128,
 *   validationData: { x: xTest, y: yTest },
 *   seed: 1,
 *   checkpoint: { folder: 'checkpoints/mnist' },
 * });
 * ```
 *
 * @returns loss and metrics of each epoch
 * @throws Error if the model is not compiled, the shapes of the data do not fit the model, an option is none, the model
 *   is being trained already, or the checkpoints are of another training
 * @throws TrainingInterrupted after an interrupt
 * Taught in 01_mnist_mlp.
 */
export async function fit(
  model: tf.LayersModel, data: Examples | ExampleBatches, options: FitOptions = {},
): Promise<History> {
  if (options.display === false) {
    return train(model, data, { ...options, onNotice: options.onNotice ?? ((notice) => console.warn(notice)) });
  }
  const live = inNotebook() ? new LiveTraining() : new PrintedTraining();
  try {
    const history = await train(model, data, {
      ...options,
      onNotice: (notice) => {
        live.notice(notice);
        options.onNotice?.(notice);
      },
      onProgress: (progress) => {
        live.update(progress);
        options.onProgress?.(progress);
      },
    });
    live.end('');
    return history;
  } catch (error) {
    live.end(error instanceof TrainingInterrupted ? 'interrupted' : 'ended by an error');
    throw error;
  }
}

/** Milliseconds between two redraws, of the progress line and of the graph. */
const LINE_INTERVAL = 200;
const REDRAW_INTERVAL = 1000;

/** The progress line, with notices above it, and the graph in the notebook. */
class LiveTraining {
  private readonly notices: string[] = [];
  private readonly line = new LiveOutput();
  private readonly graph = new LiveOutput();
  private last: TrainingProgress | undefined;
  private told = -Infinity;
  private drawn = -Infinity;
  /** Redraws may take this part of the time at most, so a longer history is redrawn less often. */
  private pause = REDRAW_INTERVAL;

  notice(text: string): void {
    this.notices.push(text);
    this.line.update(linesBundle(this.notices, this.last && progressLine(this.last)));
  }

  update(progress: TrainingProgress): void {
    this.last = progress;
    const now = performance.now();
    // Short epochs end many times a second; the last state is drawn at the end in any case.
    if (now - this.told >= LINE_INTERVAL) {
      this.told = now;
      this.line.update(linesBundle(this.notices, progressLine(progress)));
    }
    if (now - this.drawn >= this.pause) this.draw(progress);
  }

  end(how: string): void {
    if (!this.last) return;
    this.draw(this.last);
    const text = endText(this.last, how);
    this.line.update(linesBundle(this.notices, { text, html: escapeXml(text) }));
  }

  private draw(progress: TrainingProgress): void {
    const began = performance.now();
    this.graph.update(figureBundle(historyFigure(progress.history, { epochs: progress.epochs })));
    this.drawn = performance.now();
    this.pause = Math.max(REDRAW_INTERVAL, (this.drawn - began) * 100);
  }
}

/** One line an epoch, for scripts and logs. */
class PrintedTraining {
  private last: TrainingProgress | undefined;

  notice(text: string): void {
    console.log(text);
  }

  update(progress: TrainingProgress): void {
    this.last = progress;
    if (progress.event === 'epoch') console.log(progressText(progress));
  }

  end(how: string): void {
    if (this.last) console.log(endText(this.last, how));
  }
}

/** Training before validation, which tfjs lists first. */
function measuresText(measures: Record<string, number>): string {
  const isValidation = ([name]: [string, number]): number => Number(name.startsWith('val_'));
  return Object.entries(measures)
    .sort((a, b) => isValidation(a) - isValidation(b))
    .map(([name, value]) => `${nameOf(name)} ${value.toFixed(4)}`)
    .join(' · ');
}

/** Those of the epoch that has just ended, else those of the running one so far. */
function presentMeasures({ event, history, current }: TrainingProgress): Record<string, number> {
  if (event === 'batch') return current;
  return Object.fromEntries(Object.entries(history.history).map(([name, values]) => [name, values.at(-1) ?? NaN]));
}

function progressText(progress: TrainingProgress): string {
  const left = progress.secondsLeft ? ` · ${durationText(progress.secondsLeft)} left` : '';
  return (
    `Epoch ${progress.epoch + 1} of ${progress.epochs} · ${countText(Math.round(progress.imagesPerSecond))} images/s${left} · ` +
    measuresText(presentMeasures(progress))
  );
}

/** A line of text, and how a notebook shows it. */
interface Line {
  readonly text: string;
  readonly html: string;
}

function progressLine(progress: TrainingProgress): Line {
  const text = progressText(progress);
  const done = progress.epoch + progress.batch / progress.batchesPerEpoch;
  const bar = `<progress value="${done.toFixed(3)}" max="${progress.epochs}" aria-label="training" style="width: 12em"></progress>`;
  return { text, html: `${bar} ${escapeXml(text)}` };
}

function linesBundle(notices: readonly string[], last?: Line): Bundle {
  const lines = [...notices.map((text) => ({ text, html: escapeXml(text) })), ...(last ? [last] : [])];
  return {
    data: {
      'text/html': lines.map(({ html }) => `<div>${html}</div>`).join(''),
      'text/plain': lines.map(({ text }) => text).join('\n'),
    },
  };
}

function endText(progress: TrainingProgress, how: string): string {
  const { history, epochs, epochsAskedFor } = progress;
  const done = history.epoch.length;
  const ended = how ? `, ${how}` : '';
  const quick = epochsAskedFor ? ` (a quick run: ${epochsAskedFor} were asked for)` : '';
  const count = done === epochs ? `${done} ${done === 1 ? 'epoch' : 'epochs'}` : `${done} of ${epochs} epochs`;
  return `${count}${quick} in ${durationText(progress.secondsElapsed)}${ended} · ${measuresText(presentMeasures(progress))}`;
}
