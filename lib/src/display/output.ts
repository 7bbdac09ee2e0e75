/**
 * How results reach the notebook. The course's kernel puts a function on the global object that sends one output in several
 * forms at once, and each viewer takes the best that it can show. Outside a notebook the plain text is printed.
 */

/** One output in several forms: MIME type to content. `text/plain` is what a terminal and a screen reader get. */
export interface Bundle {
  data: { 'text/plain': string; [mimeType: string]: unknown };
  metadata?: Record<string, unknown>;
}

type KernelDisplay = (output: Bundle & { displayId?: string; update?: boolean }) => void;

const kernelDisplay = (): KernelDisplay | undefined =>
  (globalThis as Record<symbol, unknown>)[Symbol.for('course.display')] as KernelDisplay | undefined;

/** Whether outputs go to a notebook. */
export const inNotebook = (): boolean => kernelDisplay() !== undefined;

/** Shows one output below the cell that runs. */
export function show(bundle: Bundle): void {
  const display = kernelDisplay();
  if (display) display(bundle);
  else console.log(bundle.data['text/plain']);
}

let liveOutputs = 0;

/** One output that is replaced in place: the first `update` shows it, the following ones change it. */
export class LiveOutput {
  private readonly displayId = `course-${process.pid}-${++liveOutputs}`;
  private shown = false;

  update(bundle: Bundle): void {
    kernelDisplay()?.({ ...bundle, displayId: this.displayId, update: this.shown });
    this.shown = true;
  }
}
