import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Writer } from 'protobufjs/minimal';
import { tf } from '.';
import { unbreakable } from './unbreakable';

/**
 * TensorFlow graphs written by hand and run in one session call each: the native library then uses all cores on its
 * own, and calls operations that TensorFlow.js has no function for. tfjs-node can load a graph only as a SavedModel, so
 * a graph is written as one.
 *
 * The messages and their field numbers are those of TensorFlow's public protocol buffers
 * (tensorflow/core/protobuf/saved_model.proto, meta_graph.proto and tensorflow/core/framework/*.proto).
 */

/** Types of numbers, with their numbers in TensorFlow's types.proto. */
const dataTypes = { float32: 1, int32: 3, uint8: 4, string: 7, int64: 9, bool: 10, uint16: 17, resource: 20 } as const;

export type GraphType = keyof typeof dataTypes;

/** A shape whose unknown sizes are -1. */
type Shape = readonly number[];

type Message = (writer: Writer) => void;

/** An attribute of an operation; `attribute` makes them. */
export interface Attribute {
  readonly write: Message;
}

const LENGTH_DELIMITED = 2;
const VARINT = 0;
const FIXED32 = 5;

const tag = (field: number, wireType: number): number => (field << 3) | wireType;

function message(writer: Writer, field: number, write: Message): void {
  writer.uint32(tag(field, LENGTH_DELIMITED)).fork();
  write(writer);
  writer.ldelim();
}

const text = (writer: Writer, field: number, value: string): Writer =>
  writer.uint32(tag(field, LENGTH_DELIMITED)).string(value);
const bytes = (writer: Writer, field: number, value: Uint8Array): Writer =>
  writer.uint32(tag(field, LENGTH_DELIMITED)).bytes(value);
const number = (writer: Writer, field: number, value: number): Writer => writer.uint32(tag(field, VARINT)).int64(value);

const writeShape =
  (shape: Shape): Message =>
  (writer) => {
    for (const size of shape) message(writer, 2, (dimension) => number(dimension, 1, size));
  };

const writeTensor =
  (values: Float32Array | Int32Array, shape: Shape): Message =>
  (writer) => {
    number(writer, 1, values instanceof Float32Array ? dataTypes.float32 : dataTypes.int32);
    message(writer, 2, writeShape(shape));
    bytes(writer, 4, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  };

/**
 * Attributes as an operation's definition names their kinds: int, float, bool, string, type, shape, func, and lists of
 * ints, types, shapes and funcs.
 */
export const attribute = {
  string: (value: string): Attribute => ({ write: (writer) => void text(writer, 2, value) }),
  int: (value: number): Attribute => ({ write: (writer) => void number(writer, 3, value) }),
  float: (value: number): Attribute => ({ write: (writer) => void writer.uint32(tag(4, FIXED32)).float(value) }),
  bool: (value: boolean): Attribute => ({ write: (writer) => void number(writer, 5, value ? 1 : 0) }),
  type: (type: GraphType): Attribute => ({ write: (writer) => void number(writer, 6, dataTypes[type]) }),
  shape: (shape: Shape): Attribute => ({ write: (writer) => message(writer, 7, writeShape(shape)) }),
  function: (name: string): Attribute => ({ write: (writer) => message(writer, 10, (f) => text(f, 1, name)) }),
  ints: (values: readonly number[]): Attribute => ({
    write: (writer) => message(writer, 1, (list) => values.forEach((value) => number(list, 3, value))),
  }),
  functions: (names: readonly string[]): Attribute => ({
    write: (writer) => message(writer, 1, (list) => names.forEach((name) => message(list, 9, (f) => text(f, 1, name)))),
  }),
  types: (types: readonly GraphType[]): Attribute => ({
    write: (writer) => message(writer, 1, (list) => types.forEach((type) => number(list, 6, dataTypes[type]))),
  }),
  shapes: (shapes: readonly Shape[]): Attribute => ({
    write: (writer) => message(writer, 1, (list) => shapes.forEach((shape) => message(list, 7, writeShape(shape)))),
  }),
};

/** Operations in the order in which they were added; each is known by its name. */
class Nodes {
  protected readonly nodes: Message[] = [];

  /**
   * Adds an operation.
   *
   * @param inputs as TensorFlow writes them: in a graph `name` or `name:1`, in a function `name:output:0` with the
   * output's name in the
   *   definition of the operation; `^name` only waits for it
   * @returns its name
   */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    name = `${op}_${this.nodes.length}`,
  ): string {
    this.nodes.push((writer) => {
      text(writer, 1, name);
      text(writer, 2, op);
      for (const input of inputs) text(writer, 3, input);
      for (const [key, { write }] of Object.entries(attributes)) {
        message(writer, 5, (entry) => {
          text(entry, 1, key);
          message(entry, 2, write);
        });
      }
    });
    return name;
  }

  constant(values: Float32Array | Int32Array, shape: Shape): string {
    const type = attribute.type(values instanceof Float32Array ? 'float32' : 'int32');
    return this.add('Const', [], {
      dtype: type,
      value: { write: (writer) => message(writer, 8, writeTensor(values, shape)) },
    });
  }
}

/**
 * What an operation such as `MapDefun` calls for each of many inputs.
 *
 * It is marked as TensorFlow's data pipelines mark theirs, which are the main users of `MapDefun`: the optimizer of
 * graphs then leaves it as it is. For a few operations it finds nothing to do, and takes half of the time until the
 * first result.
 */
export class GraphFunction extends Nodes {
  /**
   * Names and types of what goes in and comes out; `results` says which output of which operation (`name:output:0`)
   * each result is.
   */
  constructor(
    readonly name: string,
    private readonly inputs: Readonly<Record<string, GraphType>>,
    private readonly outputs: Readonly<Record<string, GraphType>>,
  ) {
    super();
  }

  private results: Readonly<Record<string, string>> = {};

  returns(results: Readonly<Record<string, string>>): this {
    this.results = results;
    return this;
  }

  write(writer: Writer): void {
    const argument =
      (type: GraphType, name: string): Message =>
      (argument) => {
        text(argument, 1, name);
        number(argument, 3, dataTypes[type]);
      };
    message(writer, 1, (signature) => {
      text(signature, 1, this.name);
      for (const [name, type] of Object.entries(this.inputs)) message(signature, 2, argument(type, name));
      for (const [name, type] of Object.entries(this.outputs)) message(signature, 3, argument(type, name));
    });
    for (const node of this.nodes) message(writer, 3, node);
    for (const [name, result] of Object.entries(this.results)) {
      message(writer, 4, (entry) => {
        text(entry, 1, name);
        text(entry, 2, result);
      });
    }
    message(writer, 5, (entry) => {
      text(entry, 1, '_tf_data_function');
      message(entry, 2, attribute.bool(true).write);
    });
  }
}

/** The version of graphs that this is written after: TensorFlow 2.13 and newer read it. */
const GRAPH_VERSION = 1482;

/**
 * A graph that is being written. `load` hands it to TensorFlow.
 *
 * ```ts
 * const definition = new GraphDefinition();
 * const x = definition.placeholder('x', 'float32', [-1]);
 * definition.add('Square', [x], { T: attribute.type('float32') }, 'square');
 * const graph = definition.load();
 * const [squares] = graph.run({ x: tf.tensor1d([1, 2, 3]) }, ['square']);   // [1, 4, 9]
 * graph.dispose();
 * ```
 */
export class GraphDefinition extends Nodes {
  private readonly functions: GraphFunction[] = [];

  /** A place that each run fills with a tensor. */
  placeholder(name: string, type: GraphType, shape: Shape): string {
    return this.add('Placeholder', [], { dtype: attribute.type(type), shape: attribute.shape(shape) }, name);
  }

  addFunction(body: GraphFunction): string {
    this.functions.push(body);
    return body.name;
  }

  /**
   * Loads the graph into TensorFlow.
   *
   * @throws Error with TensorFlow's message if an operation, a type or a connection is wrong
   */
  load(): Graph {
    // TensorFlow takes a SavedModel from a folder alone, and has read it when the call returns.
    const folder = mkdtempSync(path.join(os.tmpdir(), 'course-graph-'));
    try {
      mkdirSync(path.join(folder, 'variables'));
      writeFileSync(path.join(folder, 'saved_model.pb'), this.savedModel());
      return new Graph(backend().loadSavedModelMetaGraph(folder, 'serve'));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private savedModel(): Uint8Array {
    const writer = Writer.create();
    number(writer, 1, 1);
    message(writer, 2, (metaGraph) => {
      message(metaGraph, 1, (information) => text(information, 4, 'serve'));
      message(metaGraph, 2, (graph) => {
        for (const node of this.nodes) message(graph, 1, node);
        message(graph, 4, (versions) => number(versions, 1, GRAPH_VERSION));
        message(graph, 2, (library) =>
          this.functions.forEach((body) => message(library, 1, (writer) => body.write(writer))),
        );
      });
    });
    return writer.finish();
  }
}

/** A graph in TensorFlow's hands. `dispose` gives it back. */
export class Graph {
  constructor(private session: number | undefined) {}

  /**
   * Runs what the outputs need.
   *
   * @param inputs a tensor for each placeholder that is needed; the caller keeps (and disposes) them
   * @param outputs names of operations; `name:1` for the second output of one
   * @returns one tensor an output; the caller disposes them. TensorFlow.js can read float32, int32, bool and string:
   * other types go
   *   through `Cast` or `Bitcast` within the graph
   * @throws Error with TensorFlow's message if an operation fails; nothing is returned then
   */
  run(inputs: Readonly<Record<string, tf.Tensor>>, outputs: readonly string[]): tf.Tensor[] {
    const { session } = this;
    if (session === undefined) throw new Error('This graph has been disposed. Load it again.');
    const output = (name: string): string => (name.includes(':') ? name : `${name}:0`);
    return unbreakable(() =>
      backend().runSavedModel(
        session,
        Object.values(inputs),
        Object.keys(inputs).map((name) => ({ name: output(name) })),
        outputs.map(output),
      ),
    );
  }

  dispose(): void {
    if (this.session !== undefined) backend().deleteSavedModel(this.session);
    this.session = undefined;
  }
}

/** The part of tfjs-node's backend that runs graphs; its types leave it out. */
interface GraphBackend {
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  runSavedModel(session: number, inputs: tf.Tensor[], inputInfos: { name: string }[], outputs: string[]): tf.Tensor[];
  deleteSavedModel(session: number): void;
}

const backend = (): GraphBackend => tf.backend() as unknown as GraphBackend;
