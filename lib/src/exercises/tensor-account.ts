import type { tf } from '../tensorflow';
import type { TensorFlow } from './values';

/** What of the engine's state a call changes, and changes back unless it is ended in the middle. */
interface EngineState {
  activeScope: unknown;
  readonly scopeStack: readonly unknown[];
  gradientDepth: number;
  kernelDepth: number;
  activeTape: readonly { readonly saved?: tf.Tensor[] }[] | null | undefined;
}

/** An id that is larger than that of each tensor that there is, and smaller than that of the next one. */
export function nextTensorId(tf: TensorFlow): number {
  const marker = tf.scalar(0);
  marker.dispose();
  return marker.id;
}

/** Counts the tensors that a call leaves behind. */
export class TensorAccount {
  private readonly state: EngineState;
  private readonly before: number;
  private readonly firstId: number;
  private readonly stateBefore: Omit<EngineState, 'scopeStack'>;

  constructor(private readonly tf: TensorFlow) {
    this.before = tf.memory().numTensors;
    this.firstId = nextTensorId(tf);
    this.state = tf.engine().state as unknown as EngineState;
    const { activeScope, gradientDepth, kernelDepth, activeTape } = this.state;
    this.stateBefore = { activeScope, gradientDepth, kernelDepth, activeTape };
  }

  /** Puts the engine in order again after a call that was ended within `tf.tidy` or `tf.grad`. */
  repairEngine(): void {
    const { state, stateBefore: { activeScope, ...depths } } = this;
    // What the gradient would have needed later; a tape that was done with is null.
    if (state.activeTape !== depths.activeTape) {
      this.tf.dispose((state.activeTape ?? []).map(({ saved }) => saved ?? []));
    }
    Object.assign(state, depths);
    const isOpen = activeScope === null || activeScope === undefined || state.scopeStack.includes(activeScope);
    while (isOpen && state.scopeStack.length > 0 && state.activeScope !== activeScope) this.tf.engine().endScope();
  }

  /**
   * Disposes the inputs and what is in the result, as far as the call has made it.
   *
   * @returns how many other tensors the call has left behind; they stay, for it may need them at the next call
   */
  close(inputsAndResults: readonly tf.Tensor[]): number {
    const owned = [...new Set(inputsAndResults)].filter((each) => each.id >= this.firstId && !each.isDisposed);
    const leaked = this.tf.memory().numTensors - this.before - owned.length;
    for (const each of owned) each.dispose();
    return Math.max(0, leaked);
  }
}
