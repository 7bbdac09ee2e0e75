import type { Publisher } from 'zeromq';
import { log } from './log';
import type { Header, Wire } from './wire';

/**
 * Jupyter's server drops output beyond 1,000 messages or 1e6 bytes of streams a second, averaged over 3 seconds, and starts
 * counting anew with every `idle`. A bucket that holds `burst` and refills by `rate` a second lets at most
 * burst + 3 * rate through in any 3 seconds; the figures below keep that under both limits.
 */
const LIMITS = { messages: { burst: 1_450, rate: 500 }, bytes: { burst: 1_300_000, rate: 500_000 } };

interface Entry {
  type: string;
  content: object;
  parent: Header | undefined;
  buffers?: Uint8Array[];
}

/** True for the messages that Jupyter's server does not count. */
const isFree = (entry: Entry): boolean => entry.type === 'status' || entry.type === 'execute_input';

/**
 * The iopub socket. Everything a cell shows goes through here in order: at once while Jupyter's rate limits allow it,
 * else a little later, but nothing is lost.
 */
export class IoPub {
  readonly #socket: Publisher;
  readonly #wire: Wire;
  #queue: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];
  #messages = LIMITS.messages.burst;
  #bytes = LIMITS.bytes.burst;
  #refilled = performance.now();

  /** `socket` must have `sendTimeout: 0` and `sendHighWaterMark: 0`: then every send is done when the call returns. */
  constructor(socket: Publisher, wire: Wire) {
    this.#socket = socket;
    this.#wire = wire;
  }

  /** Publishes a message as part of what `parent` asked for. */
  post(type: string, content: object, parent: Header | undefined, buffers?: Uint8Array[]): void {
    this.#queue.push({ type, content, parent, buffers });
    if (!this.#timer) this.#send();
  }

  /**
   * Publishes a new state of the display `id`. Where an older state of it still waits to be sent, the new one takes its place:
   * nobody would have seen the older one.
   */
  update(id: string, content: object, parent: Header | undefined): void {
    const isSame = (entry: Entry) => entry.type === 'update_display_data'
      && (entry.content as { transient?: { display_id?: string } }).transient?.display_id === id;
    const older = this.#queue.find(isSame);
    if (older) older.content = content;
    else this.post('update_display_data', content, parent);
  }

  /** Resolves when all that was posted so far is sent. */
  drained(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #send(): void {
    this.#refill();
    while (this.#queue.length > 0) {
      const entry = this.#queue[0];
      if (!isFree(entry) && (this.#messages < 1 || this.#bytes < 0)) {
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.#send();
        }, 20);
        return;
      }
      this.#queue.shift();
      const frames = this.#wire.encode(entry.type, entry.content, entry.parent, [entry.type], { buffers: entry.buffers });
      if (!isFree(entry)) this.#messages -= 1;
      if (entry.type === 'stream') this.#bytes -= frames.reduce((sum, frame) => sum + Buffer.byteLength(frame), 0);
      this.#socket.send(frames).catch((error: unknown) => log('The kernel could not send a message:', error));
      if (entry.type === 'status' && (entry.content as { execution_state: string }).execution_state === 'idle') this.#fill();
    }
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #fill(): void {
    this.#messages = LIMITS.messages.burst;
    this.#bytes = LIMITS.bytes.burst;
  }

  #refill(): void {
    const now = performance.now();
    const seconds = (now - this.#refilled) / 1000;
    this.#refilled = now;
    this.#messages = Math.min(LIMITS.messages.burst, this.#messages + seconds * LIMITS.messages.rate);
    this.#bytes = Math.min(LIMITS.bytes.burst, this.#bytes + seconds * LIMITS.bytes.rate);
  }
}
