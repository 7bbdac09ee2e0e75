/**
 * Jupyter's wire protocol: a message is a list of frames
 * [identities..., "<IDS|MSG>", signature, header, parent header, metadata, content, buffers...].
 * https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

const DELIMITER = Buffer.from('<IDS|MSG>');
export const PROTOCOL_VERSION = '5.3';

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
}

export interface Message {
  /** Routing frames of the asking client; a reply must carry the same. */
  identities: Buffer[];
  header: Header;
  /** The header of the request that this message answers; empty for a request. */
  parent: Header;
  metadata: Record<string, unknown>;
  content: Record<string, unknown>;
  /** Bytes that belong to the content, as pictures do; they are not signed. */
  buffers: Buffer[];
}

/** What Jupyter writes into the connection file that a kernel is started with. */
export interface Connection {
  transport: string;
  ip: string;
  key: string;
  shell_port: number;
  iopub_port: number;
  stdin_port: number;
  control_port: number;
  hb_port: number;
}

/** The address of one of the five sockets. */
export function address(connection: Connection, port: 'shell' | 'iopub' | 'stdin' | 'control' | 'hb'): string {
  return `${connection.transport}://${connection.ip}:${connection[`${port}_port`]}`;
}

/** Signs and reads messages of one connection. */
export class Wire {
  readonly #key: string;
  readonly #session = randomUUID();

  constructor(key: string) {
    this.#key = key;
  }

  /** Reads a message; throws if it is not one, or if its signature is wrong. */
  decode(frames: Buffer[]): Message {
    const delimiter = frames.findIndex((frame) => frame.equals(DELIMITER));
    if (delimiter < 0 || frames.length < delimiter + 6) {
      throw new Error(`expected a Jupyter message of at least 6 frames around ${DELIMITER}, got ${frames.length} frames`);
    }
    const [signature, ...parts] = frames.slice(delimiter + 1);
    const expected = Buffer.from(this.#sign(parts.slice(0, 4)));
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new Error('a message with a wrong signature was ignored');
    }
    return {
      identities: frames.slice(0, delimiter),
      header: JSON.parse(parts[0].toString()) as Header,
      parent: JSON.parse(parts[1].toString()) as Header,
      metadata: JSON.parse(parts[2].toString()) as Record<string, unknown>,
      content: JSON.parse(parts[3].toString()) as Record<string, unknown>,
      buffers: parts.slice(4),
    };
  }

  /** A signed message that answers, or belongs to, `parent`. */
  encode(type: string, content: object, parent: Header | undefined, identities: (Buffer | string)[],
    { metadata = {}, buffers = [] }: { metadata?: object; buffers?: Uint8Array[] } = {}): (Buffer | string)[] {
    const header: Header = {
      msg_id: randomUUID(),
      msg_type: type,
      session: this.#session,
      username: 'kernel',
      date: new Date().toISOString(),
      version: PROTOCOL_VERSION,
    };
    const parts = [header, parent ?? {}, metadata, content].map((part) => JSON.stringify(part));
    const bytes = buffers.map((each) => Buffer.from(each.buffer, each.byteOffset, each.byteLength));
    return [...identities, DELIMITER, this.#sign(parts), ...parts, ...bytes];
  }

  #sign(parts: (Buffer | string)[]): string {
    if (!this.#key) return '';
    const hmac = createHmac('sha256', this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest('hex');
  }
}
