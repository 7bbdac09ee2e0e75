/**
 * A small Jupyter client: starts the built kernel as Jupyter does and talks to it over real ZeroMQ sockets.
 * For whole notebooks use nbclient (`tools/run_notebooks.py`); this one shows every message.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { Dealer, Subscriber } from 'zeromq';
import { address, Wire, type Connection, type Message } from '../../kernel/src/wire';

export const COURSE = path.resolve(__dirname, '../..');
const KERNEL = path.join(COURSE, 'kernel', 'dist', 'main.js');

/** What a request led to. */
export interface Answer {
  /** The content of the reply. */
  reply: Record<string, any>;
  /** The messages on iopub that belong to the request, `busy` and `idle` included. */
  messages: { type: string; content: Record<string, any>; buffers: Buffer[] }[];
  /** All text of a stream. */
  text(name: 'stdout' | 'stderr'): string;
  /** The contents of the messages of one type. */
  of(type: string): Record<string, any>[];
}

export interface KernelOptions {
  /** The Node that runs the kernel; by default the one that runs the tests. */
  node?: string;
  /** The folder of the notebook; by default `notebooks/`. */
  folder?: string;
  env?: NodeJS.ProcessEnv;
}

/** A running kernel. */
export class TestKernel {
  readonly process: ChildProcess;
  /** What the kernel wrote to its own standard error: Jupyter's log, not the notebook. */
  log = '';
  readonly #wire: Wire;
  readonly #shell: Dealer;
  readonly #control: Dealer;
  readonly #iopub: Subscriber;
  readonly #folder: string;
  readonly #asked = new Map<string, { messages: Answer['messages']; reply?: Record<string, any>; done: (answer: Answer) => void }>();

  private constructor(connection: Connection, folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.process = child;
    child.stderr?.on('data', (data: Buffer) => { this.log += data.toString(); });
    this.#wire = new Wire(connection.key);
    const routingId = `test-${process.pid}`;
    this.#shell = new Dealer({ linger: 0, routingId });
    this.#control = new Dealer({ linger: 0, routingId });
    this.#iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    this.#shell.connect(address(connection, 'shell'));
    this.#control.connect(address(connection, 'control'));
    this.#iopub.connect(address(connection, 'iopub'));
    this.#iopub.subscribe();
    void this.#listen(this.#shell, (message) => this.#onReply(message));
    void this.#listen(this.#control, (message) => this.#onReply(message));
    void this.#listen(this.#iopub, (message) => this.#onIoPub(message));
  }

  /** The kernel's entry point, as it is built. */
  static readonly main = KERNEL;

  /** Writes a connection file; `client` connects to the kernel that was started with it by `process`. */
  static async prepare(): Promise<{ connectionFile: string; client: (process: ChildProcess) => Promise<TestKernel> }> {
    const [shell, iopub, stdin, control, hb] = await freePorts(5);
    const connection: Connection = {
      transport: 'tcp', ip: '127.0.0.1', key: 'a key for tests',
      shell_port: shell, iopub_port: iopub, stdin_port: stdin, control_port: control, hb_port: hb,
    };
    const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'kernel-'));
    const connectionFile = path.join(temporary, 'connection.json');
    fs.writeFileSync(connectionFile, JSON.stringify({ ...connection, signature_scheme: 'hmac-sha256' }));
    const client = async (child: ChildProcess) => {
      const kernel = new TestKernel(connection, temporary, child);
      await kernel.#untilReady();
      return kernel;
    };
    return { connectionFile, client };
  }

  /** Starts a kernel and waits until it answers. */
  static async start({ node = process.execPath, folder = path.join(COURSE, 'notebooks'), env = {} }: KernelOptions = {}): Promise<TestKernel> {
    if (!fs.existsSync(KERNEL)) throw new Error(`expected the built kernel at ${KERNEL}: run node node_modules/typescript/bin/tsc -b`);
    const { connectionFile, client } = await TestKernel.prepare();
    return client(spawn(node, [KERNEL, connectionFile], { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] }));
  }

  /** A subscriber hears nothing that was published before it was connected: asks until it hears. */
  async #untilReady(): Promise<void> {
    for (let attempt = 0; attempt < 300 && this.process.exitCode === null; attempt += 1) {
      const answer = this.ask('kernel_info_request', {}).then(() => true);
      if (await Promise.race([answer, new Promise<false>((resolve) => setTimeout(resolve, 200, false))])) {
        this.#asked.clear();
        return;
      }
    }
    throw new Error(`the kernel did not start (exit code ${this.process.exitCode}):\n${this.log}`);
  }

  /** Runs a cell. */
  execute(code: string, options: Record<string, unknown> = {}): Promise<Answer> {
    return this.ask('execute_request', { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true, ...options });
  }

  /** Sends a request, and resolves when its reply and its `idle` have come. */
  ask(type: string, content: object, channel: 'shell' | 'control' = 'shell', metadata: object = {}): Promise<Answer> {
    const [frames, id] = this.#request(type, content, metadata);
    return new Promise((done) => {
      // To the messages of a comm there is no reply.
      const reply = type.endsWith('_request') ? undefined : {};
      this.#asked.set(id, { messages: [], done, reply });
      const socket = channel === 'shell' ? this.#shell : this.#control;
      // One after the other, or zeromq refuses the second.
      this.#sending = this.#sending.then(() => socket.send(frames));
    });
  }

  #sending: Promise<unknown> = Promise.resolve();

  /** Sends a request without content, and resolves with its reply alone. */
  async replyTo(type: string, channel: 'shell' | 'control'): Promise<{ reply: Record<string, any> }> {
    const [frames, id] = this.#request(type, {});
    const reply = new Promise<Record<string, any>>((resolve) => this.#replies.set(id, resolve));
    this.#sending = this.#sending.then(() => (channel === 'shell' ? this.#shell : this.#control).send(frames));
    return { reply: await reply };
  }

  #last: Pick<Answer, 'reply' | 'messages'> | undefined;
  readonly #replies = new Map<string, (reply: Record<string, any>) => void>();

  /** Interrupts the running cell by a message, as JupyterLab does with the course's kernel. */
  async interrupt(): Promise<void> {
    await this.replyTo('interrupt_request', 'control');
  }

  /** Resolves when what is published for a request that still runs makes `isReached` true. */
  async until(isReached: (messages: Answer['messages']) => boolean): Promise<void> {
    while (![...this.#asked.values()].some(({ messages }) => isReached(messages))) {
      if (this.#asked.size === 0) throw new Error(`the request has ended before what was waited for: ${JSON.stringify(this.#last)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Ends the kernel in the way that Jupyter does, or by force, and waits for its end. */
  async stop(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exit = once(this.process, 'exit');
      void this.ask('shutdown_request', { restart: false }, 'control');
      await exit;
    }
    this.close();
    return this.process.exitCode;
  }

  /** Closes the client's side. */
  close(): void {
    for (const socket of [this.#shell, this.#control, this.#iopub]) socket.close();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  async #listen(socket: Dealer | Subscriber, take: (message: Message) => void): Promise<void> {
    for await (const frames of socket) take(this.#wire.decode(frames));
  }

  #request(type: string, content: object, metadata: object = {}): [(string | Buffer)[], string] {
    const frames = this.#wire.encode(type, content, undefined, [], { metadata });
    const { header } = this.#wire.decode(frames.map((frame) => Buffer.from(frame)));
    return [frames, header.msg_id];
  }

  #onReply(message: Message): void {
    this.#replies.get(message.parent.msg_id)?.(message.content);
    const asked = this.#asked.get(message.parent.msg_id);
    if (!asked) return;
    asked.reply = { ...message.content, msg_type: message.header.msg_type };
    this.#finish(message.parent.msg_id);
  }

  #onIoPub(message: Message): void {
    const entry = { type: message.header.msg_type, content: message.content as Record<string, any>, buffers: message.buffers };
    this.#asked.get(message.parent.msg_id)?.messages.push(entry);
    this.#finish(message.parent.msg_id);
  }

  #finish(id: string): void {
    const asked = this.#asked.get(id);
    const { messages, reply } = asked ?? {};
    if (!asked || !messages || !reply || !messages.some(({ content }) => content.execution_state === 'idle')) return;
    this.#asked.delete(id);
    const of = (type: string) => messages.filter((message) => message.type === type).map((message) => message.content);
    const text = (name: string) => of('stream').filter((content) => content.name === name).map((content) => content.text).join('');
    this.#last = { reply, messages };
    asked.done({ reply, messages, of, text });
  }
}

/** The text of a traceback without its colours. */
export function plain(traceback: string[]): string {
  return traceback.join('\n').replace(/\u001b\[\d+m/g, '');
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
