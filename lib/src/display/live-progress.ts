import { countText } from '../arrays';
import type { DataProgress } from '../data/progress';
import { escapeXml } from '../plots/svg';
import { LiveOutput, type Bundle } from './output';
import { bytesText, durationText } from './text';

/** Milliseconds between two redraws. */
const REDRAW_INTERVAL = 200;

/** Milliseconds that pass before there is anything to see: a bar that flashes up leaves an empty output behind. */
const PATIENCE = 500;

/** A progress bar below the cell while data is fetched, unpacked, drawn, decoded or written; nothing if it is quick. */
export class LiveProgress {
  private output: LiveOutput | undefined;
  private next = performance.now() + PATIENCE;

  update(progress: DataProgress): void {
    const now = performance.now();
    if (now < this.next) return;
    this.next = now + REDRAW_INTERVAL;
    (this.output ??= new LiveOutput()).update(progressBundle(progress));
  }

  end(): void {
    this.output?.update({ data: { 'text/plain': '', 'text/html': '' } });
  }
}

const activities = {
  download: 'Downloading',
  unpack: 'Unpacking',
  draw: 'Drawing',
  decode: 'Decoding',
  classify: 'Classifying',
  write: 'Writing',
  wait: 'Waiting for another process:',
} as const;

function progressBundle({ activity, what, unit, received, total, ratePerSecond }: DataProgress): Bundle {
  const amount = (value: number): string =>
    unit === 'bytes' ? bytesText(Math.round(value)) : `${countText(Math.round(value))} images`;
  const left = ratePerSecond > 0 ? `, ${durationText((total - received) / ratePerSecond)} left` : '';
  const state =
    activity === 'wait' ? '' : ` · ${amount(received)} of ${amount(total)} · ${amount(ratePerSecond)}/s${left}`;
  const text = `${activities[activity]} ${what}${state}`;
  const bar =
    activity === 'wait'
      ? ''
      : `<progress value="${received}" max="${total}" aria-label="${activities[activity]}" style="width: 12em"></progress> `;
  return { data: { 'text/html': `<div>${bar}${escapeXml(text)}</div>`, 'text/plain': text } };
}
