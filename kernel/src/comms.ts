/**
 * Jupyter's comms: connections that a front end opens to the kernel, beside the cells. Those with the target `course`
 * carry requests to the library: `{ request: 7, name: 'explorer.page', ... }` is answered by `{ request: 7, reply }`,
 * with binary buffers, or by `{ request: 7, error: 'what went wrong' }`.
 * https://jupyter-client.readthedocs.io/en/stable/messaging.html#custom-messages
 */
import { log } from './log';
import type { Header, Message } from './wire';

export const TARGET = 'course';

export interface Reply {
  data: object;
  /** Sent as they are; they must not change any more. */
  buffers?: Uint8Array[];
}

/** Answers one kind of request; what it throws reaches the front end as text. */
export type Handler = (request: Record<string, unknown>) => Promise<Reply>;

/** What the library finds on the global object, see lib/src/display/requests.ts. */
export interface Requests {
  /** Answers the requests of that name from now on. */
  handle(name: string, handler: Handler): void;
  /**
   * The run of a cell that is under way, or was last: `run` differs from run to run, `cell` names the notebook's cell
   * if the front end does.
   */
  execution(): { run: string; cell: string | undefined } | undefined;
}

type Post = (type: string, content: object, parent: Header, buffers?: Uint8Array[]) => void;

export class Comms {
  readonly #post: Post;
  readonly #open = new Set<string>();
  readonly #handlers = new Map<string, Handler>();

  constructor(post: Post) {
    this.#post = post;
  }

  handle(name: string, handler: Handler): void {
    this.#handlers.set(name, handler);
  }

  /** The content of `comm_info_reply`. */
  info(target: unknown): object {
    const isMeant = target === undefined || target === null || target === TARGET;
    const comms = isMeant ? [...this.#open].map((id) => [id, { target_name: TARGET }]) : [];
    return { status: 'ok', comms: Object.fromEntries(comms) };
  }

  /** Takes a `comm_open`, `comm_msg` or `comm_close`; resolves when it is answered, and never rejects. */
  async take(message: Message): Promise<void> {
    const { header, content } = message;
    const id = String(content.comm_id);
    const isKnown = header.msg_type === 'comm_open' ? content.target_name === TARGET : this.#open.has(id);
    if (header.msg_type === 'comm_close') this.#open.delete(id);
    // So says the protocol of an unknown target. A comm that is unknown is one of a kernel that was restarted.
    else if (!isKnown) this.#post('comm_close', { comm_id: id, data: {} }, header);
    else if (header.msg_type === 'comm_open') this.#open.add(id);
    else await this.#answer(id, message);
  }

  async #answer(id: string, { header, content }: Message): Promise<void> {
    const request = (content.data ?? {}) as Record<string, unknown>;
    const { data, buffers } = await this.#reply(request);
    if (!this.#open.has(id)) return;
    this.#post('comm_msg', { comm_id: id, data: { request: request.request, ...data } }, header, buffers);
  }

  async #reply({ name, ...request }: Record<string, unknown>): Promise<{ data: object; buffers?: Uint8Array[] }> {
    try {
      const handler = this.#handlers.get(String(name));
      if (!handler) {
        throw new Error(`nothing in this kernel answers "${String(name)}": it was restarted, or the cell has not run`);
      }
      const { data, buffers } = await handler(request);
      // What is no JSON shall fail here and not in the socket's queue.
      JSON.stringify(data);
      return { data: { reply: data }, buffers };
    } catch (error) {
      log(`The request ${String(name)} has failed:`, error);
      return { data: { error: error instanceof Error ? error.message : String(error) } };
    }
  }
}
