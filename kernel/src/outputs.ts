import { StringDecoder } from 'node:string_decoder';
import type { IoPub } from './iopub';
import type { Header } from './wire';

/** Text is collected for this long (ms) before it is sent, so that a loop of `console.log` makes few messages. */
const FLUSH_INTERVAL = 50;
/** The longest text of one message, in characters: far below Jupyter's limit for three seconds. */
const LONGEST_TEXT = 200_000;

/** The most text of one cell, in characters. Jupyter's limits let through about ten seconds' worth; more is a loop gone wild. */
const MOST_TEXT = 5_000_000;

type StreamName = 'stdout' | 'stderr';

/** One output in several forms (MIME types): the reader takes the richest form that it can show. */
export interface Bundle {
  data: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  /** Names the output, so that a later bundle with `update` can take its place. */
  displayId?: string;
  update?: boolean;
}

/** What the running cell shows: text streams and displays, kept in the order in which they were made. */
export class Outputs {
  readonly #iopub: IoPub;
  #pending: { name: StreamName; text: string[] }[] = [];
  #flushed = 0;
  #timer: NodeJS.Timeout | undefined;
  #parent: Header | undefined;
  #length = 0;

  constructor(iopub: IoPub) {
    this.#iopub = iopub;
  }

  /** Starts the outputs of a cell. What goes on in the background of an earlier one belongs to the new one from now on. */
  begin(parent: Header): void {
    this.flush();
    this.#parent = parent;
    this.#length = 0;
    // What a cell prints first is seen at once.
    this.#flushed = 0;
  }

  /** Adds text to a stream of the cell. */
  write(name: StreamName, text: string): void {
    if (text === '' || this.#length > MOST_TEXT) return;
    this.#length += text.length;
    if (this.#length > MOST_TEXT) text = `\n... The rest is not shown: this cell has printed more than ${MOST_TEXT / 1e6} million characters.\n`;
    const last = this.#pending.at(-1);
    if (last?.name === name) last.text.push(text);
    else this.#pending.push({ name, text: [text] });
    const wait = this.#flushed + FLUSH_INTERVAL - performance.now();
    // At once when nothing was sent lately: a cell that computes without a pause lets no timer run.
    if (wait <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), wait);
  }

  /** Shows an output, or a new state of one. */
  display({ data, metadata = {}, displayId, update = false }: Bundle): void {
    if (update && displayId === undefined) throw new Error('display: got update without displayId, expected the id of what is to be updated');
    this.flush();
    const content = { data: Object.fromEntries(Object.entries(data).map(([type, value]) => [type, toJson(value)])), metadata,
      transient: displayId === undefined ? {} : { display_id: displayId } };
    if (update && displayId !== undefined) this.#iopub.update(displayId, content, this.#parent);
    else this.#iopub.post('display_data', content, this.#parent);
  }

  /** Sends what was collected. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    for (const { name, text } of pending) {
      const whole = text.join('');
      for (let start = 0; start < whole.length;) {
        const end = endOfChunk(whole, start);
        this.#iopub.post('stream', { name, text: whole.slice(start, end) }, this.#parent);
        start = end;
      }
    }
    this.#flushed = performance.now();
  }

  /** Sends what is written to the process's standard streams, by `console` for example, to the notebook from now on. */
  captureStandardStreams(): void {
    for (const name of ['stdout', 'stderr'] as const) {
      const decoder = new StringDecoder();
      process[name].write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
        this.write(name, typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk)));
        const done = typeof encoding === 'function' ? encoding : callback;
        if (typeof done === 'function') process.nextTick(done as () => void);
        return true;
      };
    }
  }
}

function endOfChunk(text: string, start: number): number {
  const end = Math.min(start + LONGEST_TEXT, text.length);
  // A pair of surrogates (an emoji for example) must stay in one message.
  const splitsPair = end < text.length && /[\uD800-\uDBFF]/.test(text[end - 1]);
  return splitsPair ? end - 1 : end;
}

const toJson = (value: unknown): unknown => value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
