import { attribute, type Attribute, type GraphType } from '../tensorflow/graph';
import { Tape } from './tape';
import type { Value } from './values';

const float = attribute.type('float32');

/** The operations that read and set a variable of the graph, the second one from the placeholder. */
export interface GraphVariable {
  /** By which operations read and change it. */
  readonly handle: Value;
  readonly read: string;
  readonly set: string;
  readonly placeholder: string;
  readonly shape: readonly number[];
}

/** What is needed to write operations of a loop. */
interface Loop {
  readonly frame: string;
  /** An operation that runs once in each turn. */
  readonly turn: string;
  /** Operations of the loop. */
  readonly inside: Set<string>;
  /** Values from outside that are known within, by their refs. */
  readonly entered: Map<string, Value>;
}

/**
 * A graph with variables, and with a part that runs several times.
 *
 * In TensorFlow's graphs a loop is made of operations too: what comes from outside passes an `Enter`; each `Merge`
 * takes a value at first from there and then from the last turn's `NextIteration`; each `Switch` sends it into the next
 * turn or, when there is none, to the `Exit`. (Yu et al. 2018, https://arxiv.org/abs/1805.01772, section 4)
 */
export class VariableGraph extends Tape {
  private variables = 0;
  private loop: Loop | undefined;

  variable(shape: readonly number[]): GraphVariable {
    const name = `variable_${this.variables++}`;
    const handle = super.operation('VarHandleOp', [], { shape: [], type: 'resource' }, {
      dtype: float,
      shape: attribute.shape(shape),
      container: attribute.string(''),
      shared_name: attribute.string(name),
    });
    const given = this.placeholder(`${name}_given`, 'float32', shape);
    // A tensor that is fed may lie in JavaScript's memory, which tfjs-node lets go of on the thread that drops it. The
    // variable would drop it on one of TensorFlow's, where JavaScript's references must not be touched.
    const own = super.operation('DeepCopy', [given], given, { T: float });
    const assigned = super.operation('AssignVariableOp', [handle, own], { shape: [] }, {
      dtype: float,
      validate_shape: attribute.bool(true),
    });
    const read = super.operation('ReadVariableOp', [handle], { shape }, { dtype: float });
    const set = super.operation('Identity', [this.number(0)], { shape: [] }, { T: float }, [assigned.ref]);
    return { handle, read: read.ref, set: set.ref, placeholder: given.ref, shape };
  }

  /** What a variable holds: within a loop, at the beginning of the turn. */
  read({ handle, shape }: GraphVariable): Value {
    return this.operation('ReadVariableOp', [handle], { shape }, { dtype: float });
  }

  /**
   * Writes a part that runs several times, each time after all that the last one has changed.
   *
   * @param times how often, an integer
   * @param columns of the result
   * @param body writes one turn, given its number from 0; gives a vector, and what must have run before the next turn
   * @returns the vectors of all turns, `[times, columns]`
   */
  repeat(times: Value, columns: number, body: (turn: Value) => { row: Value; after: readonly string[] }): Value {
    const frame = 'steps';
    const add = (op: string, inputs: string[], type: GraphType, attributes: Record<string, Attribute> = {}, name?: string): string =>
      this.definition.add(op, inputs, { T: attribute.type(type), ...attributes }, name);
    const begin = (value: Value, next: string): string =>
      add('Merge', [this.enter(value, frame, false).ref, next], value.type, { N: attribute.int(2) });

    const none = this.operation('Fill', [this.pack([times, this.integer(columns)]), this.number(0)], { shape: [-1, columns] }, {
      T: float,
      index_type: attribute.type('int32'),
    });
    const turn = begin(this.integer(0), 'next_turn');
    const rows = begin(none, 'next_rows');
    const isLess = add('Less', [turn, this.enter(times, frame, true).ref], 'int32');
    const goesOn = this.definition.add('LoopCond', [isLess]);
    const turnSwitch = add('Switch', [turn, goesOn], 'int32');
    const rowsSwitch = add('Switch', [rows, goesOn], 'float32');
    const present: Value = { ref: add('Identity', [`${turnSwitch}:1`], 'int32'), shape: [], type: 'int32' };
    const soFar: Value = { ref: `${rowsSwitch}:1`, shape: [-1, columns], type: 'float32' };

    this.loop = { frame, turn: present.ref, inside: new Set([present.ref, rowsSwitch]), entered: new Map() };
    const { row, after } = body(present);
    const next = this.add(present, this.integer(1));
    const place = this.reshape(present, [1, 1]);
    const kept = this.operation('TensorScatterUpdate', [soFar, place, this.reshape(row, [1, columns])], soFar, {
      T: float,
      Tindices: attribute.type('int32'),
    });
    this.loop = undefined;

    const changed = after.map((operation) => `^${operation}`);
    add('NextIteration', [add('Identity', [next.ref, ...changed], 'int32')], 'int32', {}, 'next_turn');
    add('NextIteration', [add('Identity', [kept.ref, ...changed], 'float32')], 'float32', {}, 'next_rows');
    return { ref: add('Exit', [rowsSwitch], 'float32'), shape: soFar.shape, type: 'float32' };
  }

  override operation(...[name, inputs, result, attributes = {}, after = []]: Parameters<Tape['operation']>): Value {
    const { loop } = this;
    if (!loop) return super.operation(name, inputs, result, attributes, after);
    const isInside = (value: Value): boolean => loop.inside.has(value.ref.split(':')[0]);
    // What depends on nothing of the loop would not wait for the last turn.
    const waits = inputs.some(isInside) ? after : [...after, loop.turn];
    const known = inputs.map((value) => (isInside(value) ? value : this.within(loop, value)));
    const value = super.operation(name, known, result, attributes, waits);
    loop.inside.add(value.ref);
    return value;
  }

  private within(loop: Loop, value: Value): Value {
    let entered = loop.entered.get(value.ref);
    if (!entered) {
      entered = this.enter(value, loop.frame, true);
      loop.entered.set(value.ref, entered);
    }
    return entered;
  }

  /** @param isConstant whether it is the same in each turn */
  private enter(value: Value, frame: string, isConstant: boolean): Value {
    return super.operation('Enter', [value], value, {
      T: attribute.type(value.type),
      frame_name: attribute.string(frame),
      is_constant: attribute.bool(isConstant),
      parallel_iterations: attribute.int(1),
    });
  }
}
