import Module from 'node:module';
import { Flag } from './control';

/** Runs work that a forced break would leave in pieces; a promise that it returns belongs to the work. */
export type Unbreakable = <T>(work: () => T) => T;

/** Makes `Unbreakable` for the thread that runs the cells. Work may contain such work. */
export function createUnbreakable(flags: Int32Array): Unbreakable {
  const begin = () => {
    for (;;) {
      const running = Atomics.load(flags, Flag.unbreakable);
      // Below 0 the break is under way and hits this very loop.
      if (running >= 0 && Atomics.compareExchange(flags, Flag.unbreakable, running, running + 1) === running) return;
    }
  };
  const end = () => void Atomics.sub(flags, Flag.unbreakable, 1);
  return <T>(work: () => T): T => {
    begin();
    let result: T;
    try {
      result = work();
    } catch (error) {
      end();
      throw error;
    }
    if (result instanceof Promise) return result.finally(end) as T;
    end();
    return result;
  };
}

/**
 * The same for what a cell calls: where a break is overdue, it is awaited at the end of the work. So the break comes at a place that can
 * bear it, and comes at all in an endless loop that does nothing but such work.
 */
export function breakableAfterwards(flags: Int32Array, unbreakable: Unbreakable): Unbreakable {
  return (work) => {
    const result = unbreakable(work);
    while (Atomics.load(flags, Flag.overdue) && Atomics.load(flags, Flag.unbreakable) <= 0);
    return result;
  };
}

/** Loads modules as `unbreakable` work: one that was half loaded would stay so. What tslab compiles itself, the learner's own files, is not meant. */
export function loadModulesWith(unbreakable: Unbreakable): void {
  const loader = Module as unknown as { _load(...args: unknown[]): unknown };
  const load = loader._load;
  loader._load = (...args) => unbreakable(() => load.apply(loader, args));
}
