import { Arithmetic, type Value } from './values';

/** What an operation did with one of its inputs: the input, and the rule that takes the gradient back to it. */
export type Path = readonly [input: Value, gradient: (ofOutput: Value) => Value];

interface Step {
  readonly output: Value;
  readonly paths: readonly Path[];
}

/**
 * A graph that remembers how each value was made, so that gradients can be written behind it.
 *
 * That is backpropagation: going back from the loss, step by step, each step's rule turns the gradient of what it made
 * into the gradients of what it made it from (the chain rule). A value that was used twice gets the sum of both.
 */
export class Tape extends Arithmetic {
  private readonly steps: Step[] = [];
  /** What depends on a value that is learned; gradients of all else (the pictures!) are never computed. */
  private readonly learned = new Set<string>();

  /** Makes a value one that gradients are wanted for. */
  learn(value: Value): Value {
    this.learned.add(value.ref);
    return value;
  }

  /** Remembers how `output` was made. @returns `output` */
  record(output: Value, paths: readonly Path[]): Value {
    const needed = paths.filter(([input]) => this.learned.has(input.ref));
    if (needed.length > 0) {
      this.learned.add(output.ref);
      this.steps.push({ output, paths: needed });
    }
    return output;
  }

  /**
   * Writes the operations that compute the gradients of one number.
   *
   * @param result the number, shape `[]`
   * @returns the gradient of a value, by its ref; none for a value that `result` does not depend on
   */
  gradients(result: Value): ReadonlyMap<string, Value> {
    const found = new Map<string, Value[]>([[result.ref, [this.number(1)]]]);
    const gradients = new Map<string, Value>();
    for (const { output, paths } of [...this.steps].reverse()) {
      const parts = found.get(output.ref);
      if (!parts) continue;
      const gradient = this.sumOf(parts);
      gradients.set(output.ref, gradient);
      for (const [input, rule] of paths) found.set(input.ref, [...(found.get(input.ref) ?? []), rule(gradient)]);
    }
    for (const [ref, parts] of found) if (!gradients.has(ref)) gradients.set(ref, this.sumOf(parts));
    return gradients;
  }
}
