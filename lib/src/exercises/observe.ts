import type { tf } from '../tensorflow';
import { difference } from './compare';
import type { Observation } from './judgement';
import { TensorAccount } from './tensor-account';
import { holdsTensor, toLive, toPlain, type Plain, type TensorFlow } from './values';
import { callWithinTime, TIME_LIMIT } from './within-time';

export interface ObserveOptions {
  /** Milliseconds for the call, and as many again for what it promises. */
  readonly timeLimit?: number;
  /** Whether tensors are counted; they are in any case where an input is one. */
  readonly tensors?: boolean;
}

/**
 * Calls a function with inputs made for this call, and says what came of it: nothing that the function does comes
 * through, and a loop that never ends is ended. (Not one that begins behind an `await`: nothing in the same process
 * could end it.)
 *
 * Tensors that it returns are disposed; those that it leaves behind are counted and stay.
 *
 * @throws Error if an input is no data
 */
export async function observe(
  fn: unknown,
  inputs: readonly Plain[],
  { timeLimit = TIME_LIMIT, tensors = false }: ObserveOptions = {},
): Promise<Observation> {
  const usesTensors = tensors || inputs.some(holdsTensor);
  const tf = usesTensors ? await tensorFlow() : undefined;
  const account = tf && new TensorAccount(tf);
  const known: tf.Tensor[] = [];
  const read = (value: unknown): Plain => toPlain(value, (tensor) => known.push(tensor));
  try {
    const live = inputs.map((each) => toLive(each, tf));
    live.forEach(read);
    // All that may run code of the answer's: the call, getters of its result, getters that it has put into its inputs.
    const call = callWithinTime(fn, live, timeLimit, (returned) => {
      const value = read(returned);
      return { value, changed: inputs.flatMap((each, i) => (isUnchanged(live[i], each) ? [] : [i])) };
    });
    account?.repairEngine();
    const called = call instanceof Promise ? await call : call;
    const result = called.outcome === 'value' ? { outcome: called.outcome, ...called.value } : { ...called, changed: [] };
    return { ...result, leaked: account?.close(known) ?? 0 };
  } catch (error) {
    account?.close(known);
    throw error;
  }
}

/** Loaded only where it is needed: it takes a second. */
export const tensorFlow = async (): Promise<TensorFlow> => (await import('../tensorflow/index.js')).tf;

function isUnchanged(live: unknown, before: Plain): boolean {
  try {
    return difference(toPlain(live), before, 0) === undefined;
  } catch {
    return false; // What was put into it is no data.
  }
}
