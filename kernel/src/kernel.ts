import type { Router } from 'zeromq';
import type { Comms } from './comms';
import { describe, describeThrown } from './errors';
import type { IoPub } from './iopub';
import { log } from './log';
import type { Outputs } from './outputs';
import type { Outcome, Session } from './tslab';
import type { Header, Message, Wire } from './wire';

/** How long (ms) code that listens for SIGINT, as training does, may take to end by itself before the cell is given up. */
const GRACE = 3_000;
/** After an error, requests that arrive within this time (ms) were sent before the error was seen, and are aborted. */
const ABORT_WINDOW = 100;

interface ExecuteRequest {
  code: string;
  silent?: boolean;
  store_history?: boolean;
  stop_on_error?: boolean;
}

export interface KernelParts {
  wire: Wire;
  iopub: IoPub;
  outputs: Outputs;
  comms: Comms;
  shell: Router;
  /** The content of `kernel_info_reply`. */
  info: object;
  /** Makes the session on the first call; takes about a second then. */
  session(): Session;
  /** Called when a cell has ended, in whatever way. */
  onCellEnd(): void;
  /** Called when a client has asked the kernel to end, after the reply is sent. */
  onShutdown(): void;
}

/** Answers the requests of the shell channel: runs cells one after the other, and the rest at once. */
export class Kernel {
  readonly #parts: KernelParts;
  #pending: Message[] = [];
  #isExecuting = false;
  /** The request to run the cell that runs, or ran last. */
  #execution: Message | undefined;
  #isInterrupted = false;
  #grace: NodeJS.Timeout | undefined;
  /** Ends the running cell for the notebook, whatever it still does. */
  #giveUp: () => void = () => {};
  #count = 0;

  constructor(parts: KernelParts) {
    this.#parts = parts;
  }

  /** Takes a request; the answer goes to the sockets. */
  handle(message: Message): void {
    switch (message.header.msg_type) {
      case 'execute_request':
        this.#pending.push(message);
        if (!this.#isExecuting) void this.#executePending();
        break;
      case 'comm_open':
      case 'comm_msg':
      case 'comm_close':
        void this.#takeComm(message);
        break;
      default:
        this.#answer(message);
    }
  }

  /** See `Requests`. */
  execution(): { run: string; cell: string | undefined } | undefined {
    const { header, metadata } = this.#execution ?? {};
    return header && { run: header.msg_id, cell: typeof metadata?.cellId === 'string' ? metadata.cellId : undefined };
  }

  /** What SIGINT does: lets code that listens for it end by itself, and otherwise gives the running cell up. */
  interrupt(isUrgent: boolean): void {
    if (!this.#isExecuting) return;
    const isListenedTo = process.listenerCount('SIGINT') > 1;
    if (isUrgent || this.#isInterrupted || !isListenedTo) {
      this.#giveUp();
      return;
    }
    this.#isInterrupted = true;
    this.#grace = setTimeout(() => this.#giveUp(), GRACE);
  }

  /** Says as text in the notebook what went wrong outside of a cell's own flow. */
  report(title: string, error: unknown): void {
    const { traceback } = describeThrown(error, this.#parts.session().cells);
    this.#parts.outputs.write('stderr', `${title}: ${traceback.join('\n')}\n`);
  }

  async #executePending(): Promise<void> {
    this.#isExecuting = true;
    for (let message = this.#pending.shift(); message; message = this.#pending.shift()) {
      const { header } = message;
      this.#execution = message;
      this.#status('busy', header);
      const reply = await this.#execute(message);
      const isFailed = reply.status === 'error' && (message.content as { stop_on_error?: boolean }).stop_on_error !== false;
      // Collected before the reply goes out: a client that answers an error with a new request means it to be run.
      const aborted = isFailed ? await this.#takeQueued() : [];
      this.#parts.outputs.flush();
      await this.#parts.iopub.drained();
      this.#reply(message, reply);
      this.#status('idle', header);
      for (const each of aborted) {
        this.#status('busy', each.header);
        this.#reply(each, { status: 'aborted' });
        this.#status('idle', each.header);
      }
    }
    this.#isExecuting = false;
  }

  async #execute({ header, content }: Message): Promise<Record<string, unknown> & { status: string }> {
    const { outputs, iopub } = this.#parts;
    const { code, silent = false, store_history: storeHistory = !silent } = content as unknown as ExecuteRequest;
    if (storeHistory) this.#count += 1;
    const count = this.#count;
    outputs.begin(header);
    if (!silent) iopub.post('execute_input', { code, execution_count: count }, header);

    this.#isInterrupted = false;
    const session = this.#parts.session();
    // Code without a number of its own must not pass for the cell that was counted last.
    const label = storeHistory ? count : 0;
    const outcome = await this.#run(session, code, label);
    clearTimeout(this.#grace);
    this.#giveUp = () => {};
    this.#parts.onCellEnd();
    outputs.flush();
    if (outcome.status === 'ok') return { status: 'ok', execution_count: count, user_expressions: {}, payload: [] };
    const error = describe(outcome, code, label, session.cells);
    iopub.post('error', error, header);
    return { status: 'error', execution_count: count, ...error };
  }

  #run(session: Session, code: string, count: number): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#giveUp = () => {
        session.interrupt();
        resolve({ status: 'interrupted' });
      };
      // As a microtask: a loop that is broken by force takes its whole stack with it, and Node's bookkeeping must not be on it.
      void Promise.resolve().then(() => session.run(code, count)).then(resolve, (value: unknown) => resolve({ status: 'thrown', value }));
    });
  }

  async #takeQueued(): Promise<Message[]> {
    await new Promise((resolve) => setTimeout(resolve, ABORT_WINDOW));
    return this.#pending.splice(0);
  }

  /**
   * Answers a comm at once, also while a cell runs: a learner looks at the pictures while a network trains on them. There is one thread, so the
   * answer is made where the cell awaits something, as its own timers run there; what it reads is whole.
   */
  async #takeComm(message: Message): Promise<void> {
    this.#status('busy', message.header);
    await this.#parts.comms.take(message);
    this.#idle(message.header);
  }

  #answer(message: Message): void {
    this.#status('busy', message.header);
    try {
      const content = this.#contentFor(message);
      if (content) this.#reply(message, content);
      else log(`The kernel got a ${message.header.msg_type}, which it does not know.`);
    } catch (error) {
      const { ename, evalue, traceback } = describeThrown(error, this.#parts.session().cells);
      this.#reply(message, { status: 'error', ename, evalue, traceback });
    } finally {
      this.#idle(message.header);
    }
    if (message.header.msg_type === 'shutdown_request') this.#parts.onShutdown();
  }

  #contentFor({ header, content }: Message): object | undefined {
    switch (header.msg_type) {
      case 'kernel_info_request':
        return this.#parts.info;
      case 'complete_request':
        return this.#complete(content as unknown as CodeRequest);
      case 'inspect_request': {
        const { code, cursor_pos: cursor } = content as unknown as CodeRequest;
        return this.#parts.session().handler.handleInspect({ code, cursor_pos: toUnits(code, cursor), detail_level: 0 });
      }
      case 'is_complete_request':
        return this.#parts.session().handler.handleIsComplete({ code: String(content.code) });
      case 'comm_info_request':
        return this.#parts.comms.info(content.target_name);
      case 'history_request':
        return { status: 'ok', history: [] };
      case 'shutdown_request':
        return { status: 'ok', restart: content.restart };
      default:
        return undefined;
    }
  }

  #complete({ code, cursor_pos: cursor }: CodeRequest): object {
    const reply = this.#parts.session().handler.handleComplete({ code, cursor_pos: toUnits(code, cursor) });
    return { ...reply, cursor_start: toCharacters(code, reply.cursor_start), cursor_end: toCharacters(code, reply.cursor_end) };
  }

  #reply(message: Message, content: object): void {
    const type = message.header.msg_type.replace(/_request$/, '_reply');
    this.#parts.shell.send(this.#parts.wire.encode(type, content, message.header, message.identities))
      .catch((error: unknown) => log(`The kernel could not send a ${type}:`, error));
  }

  /** Ends what was answered beside the cells. Front ends show the last state that they were told: while a cell runs, that is busy. */
  #idle(parent: Header): void {
    this.#status('idle', parent);
    if (this.#isExecuting && this.#execution) this.#status('busy', this.#execution.header);
  }

  #status(state: 'busy' | 'idle', parent: Header): void {
    this.#parts.iopub.post('status', { execution_state: state }, parent);
  }
}

interface CodeRequest {
  code: string;
  cursor_pos: number;
}

/** Jupyter counts characters (code points), TypeScript UTF-16 code units: an emoji is one of the first and two of the second. */
const toUnits = (text: string, characters: number): number => [...text].slice(0, characters).join('').length;
const toCharacters = (text: string, units: number): number => [...text.slice(0, units)].length;
