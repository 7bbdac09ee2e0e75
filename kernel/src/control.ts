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
  /** How much work runs that a break would leave in pieces, see `Unbreakable`; `BREAKING` while a break is under way. */
  unbreakable,
  /** 1 while a break waits for such work to end. */
  overdue,
}
const BREAKING = -1;
export const FLAGS = 3;

/** What the thread tells the main thread. */
export type ControlEvent =
  | { event: 'status'; state: 'busy' | 'idle'; parent: Header }
  | { event: 'interrupt' }
  /** A loop was broken by force. */
  | { event: 'broken' }
  | { event: 'shutdown' };

/**
 * After this time (ms) without a reaction to an interrupt, the main thread is taken to be in an endless loop. Longer than what a cell's own
 * use of TensorFlow mostly takes: to break that off would leave TensorFlow's scopes open. (The library's is unbreakable.)
 */
const PATIENCE = 4_000;
const LOOK = 50;
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
        interrupt(flags, tell);
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
 * Tells the main thread, which hears it as soon as it pauses. A loop without a pause hears nothing: only the debugger's interface reaches it.
 * No signal is sent, because Node changes the handlers around each cell, and one that comes just then would end the process.
 */
function interrupt(flags: Int32Array, tell: (event: ControlEvent) => void): void {
  const noticed = Atomics.load(flags, Flag.noticed);
  const started = performance.now();
  tell({ event: 'interrupt' });
  const timer = setInterval(() => {
    if (Atomics.load(flags, Flag.noticed) !== noticed) {
      clearInterval(timer);
      Atomics.store(flags, Flag.overdue, 0);
      return;
    }
    if (performance.now() - started < PATIENCE) return;
    Atomics.store(flags, Flag.overdue, 1);
    if (Atomics.compareExchange(flags, Flag.unbreakable, 0, BREAKING) !== 0) return;
    clearInterval(timer);
    const session = new Session();
    session.connectToMainThread();
    session.post('Runtime.terminateExecution', () => {
      session.disconnect();
      Atomics.store(flags, Flag.overdue, 0);
      Atomics.store(flags, Flag.unbreakable, 0);
      tell({ event: 'broken' });
    });
  }, LOOK);
  timer.unref();
}

if (parentPort) void main(parentPort, workerData as ControlData);
