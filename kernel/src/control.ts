/**
 * A thread beside the one that runs the cells. It answers the heartbeat and the control channel while a cell computes without a pause,
 * breaks endless loops, and ends the process when Jupyter has gone.
 */
import { Session } from 'node:inspector';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { Reply, Router } from 'zeromq';
import { log } from './log';
import { address, Wire, type Connection, type Header } from './wire';

export interface ControlData {
  connection: Connection;
  /** The content of `kernel_info_reply`. */
  info: object;
  /** See `Flag`. */
  flags: Int32Array;
  parentProcess: number;
}

/** The numbers that both threads see. */
export enum Flag {
  /** How many interrupts the main thread has noticed. */
  noticed,
  /** 1 while the compiler runs: breaking it off would leave it in pieces. */
  compiling,
}
export const FLAGS = 2;

/** What the thread tells the main thread. */
export type ControlEvent =
  | { event: 'status'; state: 'busy' | 'idle'; parent: Header }
  /** A loop was broken by force. */
  | { event: 'broken' }
  | { event: 'shutdown' };

/**
 * After this time (ms) without a reaction to an interrupt, the main thread is taken to be in an endless loop. Longer than what TensorFlow
 * computes in one go, a pass over the validation data for example: to break that off would leave its scopes open.
 */
const PATIENCE = 4_000;
const SHUTDOWN_TIME = 1_000;
const PARENT_CHECK = 1_000;

async function main(port: MessagePort, { connection, info, flags, parentProcess }: ControlData): Promise<void> {
  const wire = new Wire(connection.key);
  const control = new Router({ sendTimeout: 0 });
  const heartbeat = new Reply();
  await Promise.all([control.bind(address(connection, 'control')), heartbeat.bind(address(connection, 'hb'))]);
  const tell = (event: ControlEvent) => port.postMessage(event);

  const parentCheck = setInterval(() => {
    if (process.ppid !== parentProcess) process.kill(process.pid, 'SIGKILL');
  }, PARENT_CHECK);

  // The main thread ends the process; open sockets in a thread would make that a crash.
  const close = () => {
    clearInterval(parentCheck);
    control.close();
    heartbeat.close();
    port.close();
  };
  port.on('message', close);

  const answer = async (frames: Buffer[]) => {
    const message = wire.decode(frames);
    const reply = (type: string, content: object) => control.send(wire.encode(type, content, message.header, message.identities));
    tell({ event: 'status', state: 'busy', parent: message.header });
    switch (message.header.msg_type) {
      case 'interrupt_request':
        interrupt(flags, () => tell({ event: 'broken' }));
        await reply('interrupt_reply', { status: 'ok' });
        break;
      case 'kernel_info_request':
        await reply('kernel_info_reply', info);
        break;
      case 'shutdown_request':
        await reply('shutdown_reply', { status: 'ok', restart: message.content.restart });
        tell({ event: 'shutdown' });
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), SHUTDOWN_TIME).unref();
        break;
      default:
        log(`The kernel got a ${message.header.msg_type} on the control channel, which it does not know.`);
    }
    tell({ event: 'status', state: 'idle', parent: message.header });
  };

  await Promise.all([
    (async () => {
      for await (const frames of heartbeat) await heartbeat.send(frames);
    })(),
    (async () => {
      for await (const frames of control) {
        await answer(frames).catch((error: unknown) => log('Control channel:', error));
      }
    })(),
  ]);
}

/**
 * SIGINT first, which ends a cell before its first `await` at once and which everything else can listen for. A loop without a pause
 * after an `await` hears no signal; only the debugger's interface reaches it.
 */
function interrupt(flags: Int32Array, onBroken: () => void): void {
  const noticed = Atomics.load(flags, Flag.noticed);
  process.kill(process.pid, 'SIGINT');
  const timer = setInterval(() => {
    const isNoticed = Atomics.load(flags, Flag.noticed) !== noticed;
    if (!isNoticed && Atomics.load(flags, Flag.compiling)) return;
    clearInterval(timer);
    if (isNoticed) return;
    const session = new Session();
    session.connectToMainThread();
    session.post('Runtime.terminateExecution', () => {
      session.disconnect();
      onBroken();
    });
  }, PATIENCE);
  timer.unref();
}

if (parentPort) void main(parentPort, workerData as ControlData);
