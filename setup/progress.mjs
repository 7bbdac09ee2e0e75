// @ts-check

/**
 * Shows which steps are running. On a terminal each has a line that changes in place; elsewhere (a log file, CI) each prints a
 * line when it starts, about every ten seconds, and when it ends.
 *
 * @typedef {object} StepProgress
 * @property {(detail: string) => void} report says what the step is doing now
 * @property {(result: string) => void} end takes the step off; `result` is a word such as "done"
 */

const PLAIN_INTERVAL = 10_000;
const LIVE_INTERVAL = 200;

/**
 * @param {number} milliseconds
 * @returns {string} such as "4.2 s" or "1 min 05 s"
 */
export function formatTime(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/**
 * @param {number} bytes
 * @returns {string} such as "213 MB" or "1.2 GB" (1 MB = 1,000,000 bytes)
 */
export function formatBytes(bytes) {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

export class Progress {
  /** @type {Map<string, { start: number, detail: string, printed: number }>} */
  #running = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #linesShown = 0;
  #stream;
  #live;

  /** @param {NodeJS.WriteStream} [stream] */
  constructor(stream = process.stderr) {
    this.#stream = stream;
    this.#live = Boolean(stream.isTTY) && process.env.TERM !== 'dumb';
  }

  /**
   * @param {string} name
   * @param {string} detail
   * @returns {StepProgress}
   */
  start(name, detail) {
    const now = Date.now();
    this.#running.set(name, { start: now, detail, printed: now });
    if (!this.#live) this.#stream.write(`${name}: ${detail}\n`);
    this.#timer ??= setInterval(() => this.#tick(), this.#live ? LIVE_INTERVAL : PLAIN_INTERVAL / 10);
    return {
      report: (text) => {
        const step = this.#running.get(name);
        if (step) step.detail = text;
      },
      end: (result) => {
        const step = this.#running.get(name);
        if (!step) return;
        this.#running.delete(name);
        this.print(this.#live
          ? `  ${result.padEnd(7)} ${name} (${formatTime(Date.now() - step.start)})`
          : `${name}: ${result} after ${formatTime(Date.now() - step.start)}`);
        if (this.#running.size === 0) {
          clearInterval(this.#timer);
          this.#timer = undefined;
        }
      },
    };
  }

  /** @param {string} line stays above the lines that change */
  print(line) {
    this.#erase();
    this.#stream.write(`${line}\n`);
    this.#draw();
  }

  #tick() {
    if (this.#live) {
      this.#erase();
      this.#draw();
      return;
    }
    const now = Date.now();
    for (const [name, step] of this.#running) {
      if (now - step.printed < PLAIN_INTERVAL) continue;
      step.printed = now;
      this.#stream.write(`${name}: ${step.detail}, ${formatTime(now - step.start)} so far\n`);
    }
  }

  #erase() {
    if (this.#linesShown === 0) return;
    this.#stream.write(`\x1b[${this.#linesShown}A\x1b[J`);
    this.#linesShown = 0;
  }

  #draw() {
    if (!this.#live) return;
    const width = (this.#stream.columns ?? 80) - 1;
    for (const [name, step] of this.#running) {
      const line = `  ...     ${name} (${formatTime(Date.now() - step.start)}): ${step.detail}`;
      // A longer line would wrap, and erasing would miss a line.
      this.#stream.write(`${line.slice(0, width)}\n`);
      this.#linesShown += 1;
    }
  }
}
