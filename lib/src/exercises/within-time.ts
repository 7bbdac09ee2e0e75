import { types } from 'node:util';
import { Script } from 'node:vm';
import { described } from './described';
import type { ObservedError } from './judgement';

/** Milliseconds that a call of a learner's function may take. */
export const TIME_LIMIT = 3000;

/** What became of work that nobody trusts. */
export type Outcome<T> =
  | { readonly outcome: 'value'; readonly value: T }
  | { readonly outcome: 'error'; readonly error: ObservedError }
  | { readonly outcome: 'timeout' };

const WORK = Symbol.for('@course/lib: work within a time limit');
const holder = globalThis as unknown as Record<symbol, () => void>;
// V8's watchdog ends what runs below a script, whoever compiled it.
const script = new Script(`globalThis[Symbol.for('${Symbol.keyFor(WORK)}')]()`, { filename: 'within-time' });

/**
 * Does work that may throw anything or never end; an endless loop is ended after `timeLimit` milliseconds. What the
 * work starts and does not wait for, promises and timers, is not watched.
 *
 * @param timeLimit `Infinity` for work that is trusted: a watch costs as much as many a function that it watches
 */
export function withinTime<T>(work: () => T, timeLimit: number = TIME_LIMIT): Outcome<T> {
  let outcome: Outcome<T> = { outcome: 'timeout' };
  const before = holder[WORK];
  holder[WORK] = () => {
    try {
      outcome = { outcome: 'value', value: work() };
    } catch (thrown) {
      // Read here: the getters of what was thrown may never end either.
      outcome = { outcome: 'error', error: errorOf(thrown) };
    }
  };
  try {
    if (timeLimit === Infinity) holder[WORK]();
    else script.runInThisContext({ timeout: timeLimit });
  } catch {
    // Only the end of the time comes through: nobody can catch it within.
    outcome = { outcome: 'timeout' };
  } finally {
    holder[WORK] = before;
  }
  return outcome;
}

/**
 * Calls a function within a time limit, and reads what it returns within the same; where that is a promise, waits for it
 * as long again. Never throws.
 *
 * @param read makes of what was returned, or promised, what the outcome holds; getters may be anybody's
 * @returns a promise only where the function has returned one
 */
export function callWithinTime<T>(
  fn: unknown, inputs: readonly unknown[], timeLimit: number, read: (value: unknown) => T,
): Outcome<T> | Promise<Outcome<T>> {
  const called = withinTime((): { settled: Promise<Outcome<unknown>> } | { value: T } => {
    const returned = (fn as (...inputs: readonly unknown[]) => unknown)(...inputs);
    return types.isPromise(returned) ? { settled: settledOf(returned) } : { value: read(returned) };
  }, timeLimit);
  if (called.outcome !== 'value') return called;
  if ('value' in called.value) return { outcome: 'value', value: called.value.value };
  return settledWithin(called.value.settled, timeLimit, read);
}

/** Waits for a promise within a time limit. What it promises is read as it is, be it a promise again. */
async function settledWithin<T>(
  settled: Promise<Outcome<unknown>>, timeLimit: number, read: (value: unknown) => T,
): Promise<Outcome<T>> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Outcome<never>>((resolve) => {
    if (timeLimit !== Infinity) timer = setTimeout(() => resolve({ outcome: 'timeout' }), timeLimit);
  });
  try {
    const outcome = await Promise.race([settled, timeout]);
    return outcome.outcome === 'value' ? withinTime(() => read(outcome.value), timeLimit) : outcome;
  } finally {
    clearTimeout(timer);
  }
}

/** Never rejects. Goes by the `then` of all promises: the promise's own one may be anybody's. */
const settledOf = (promise: Promise<unknown>): Promise<Outcome<unknown>> =>
  new Promise<Outcome<unknown>>((resolve, reject) => {
    void Promise.prototype.then.call(promise, (value) => resolve({ outcome: 'value', value }), reject);
  }).catch((thrown: unknown) => withinTime((): never => { throw thrown; }));

/** What was thrown, as data. */
function errorOf(thrown: unknown): ObservedError {
  try {
    if (!types.isNativeError(thrown)) {
      return { name: 'Thrown', message: `${described(thrown)} was thrown; throw new Error('...') says more.` };
    }
    const { name, message, stack } = thrown;
    // The kernel writes the cell and its line into stack traces.
    const where = /Cell \[\d+\], line \d+/.exec(String(stack))?.[0];
    return { name: String(name), message: String(message).slice(0, LONGEST_MESSAGE), ...(where && { where }) };
  } catch {
    return { name: 'Thrown', message: 'what was thrown cannot be read.' };
  }
}

const LONGEST_MESSAGE = 1000;
