/**
 * The kernel of the course's notebooks: tslab with the repairs that the course needs.
 * Jupyter starts it as `node main.js {connection_file}` in the folder of the notebook.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Worker } from 'node:worker_threads';
import { Publisher, Router } from 'zeromq';
import { Comms, type Requests } from './comms';
import { FLAGS, Flag, type ControlData, type ControlEvent } from './control';
import { mapStackTraces } from './errors';
import { IoPub } from './iopub';
import { Kernel } from './kernel';
import { log } from './log';
import { Outputs, type Bundle } from './outputs';
import { createSession, setDisplay, tslabVersion, typeScriptVersion, type Session } from './tslab';
import { breakableAfterwards, createUnbreakable, loadModulesWith } from './unbreakable';
import { address, PROTOCOL_VERSION, Wire, type Connection } from './wire';

/** Compiled while nobody waits, so that the first cell does not: what nearly every notebook imports. */
const WARM_UP = `import { tf } from '@course/lib';\ntf.version;\n`;
/** Time (ms) for the first questions of Jupyter, before the compiler takes the thread for a second. */
const WARM_UP_DELAY = 100;

const INFO = {
  status: 'ok',
  protocol_version: PROTOCOL_VERSION,
  implementation: 'tslab',
  implementation_version: tslabVersion,
  banner: `TypeScript ${typeScriptVersion} (tslab ${tslabVersion}, Node.js ${process.version})`,
  language_info: {
    name: 'typescript',
    version: typeScriptVersion,
    mimetype: 'text/typescript',
    file_extension: '.ts',
  },
  help_links: [
    { text: 'This course', url: '/files/README.md' },
    { text: 'TensorFlow.js', url: 'https://js.tensorflow.org/api/latest/' },
    { text: 'TypeScript', url: 'https://www.typescriptlang.org/docs/' },
  ],
};

async function main(connectionFile: string): Promise<void> {
  prepareTensorFlow();
  const parentProcess = process.ppid;
  const connection = JSON.parse(fs.readFileSync(connectionFile, 'utf8')) as Connection;
  const flags = new Int32Array(new SharedArrayBuffer(FLAGS * Int32Array.BYTES_PER_ELEMENT));

  const control = startControl({ connection, info: INFO, flags, parentProcess });
  // With a send timeout of 0 a send is done when the call returns: order holds, and no number of sends is too many.
  const options = { sendTimeout: 0, sendHighWaterMark: 0 };
  const [shell, stdin, publisher] = [new Router(options), new Router(options), new Publisher(options)];
  await Promise.all([
    publisher.bind(address(connection, 'iopub')),
    stdin.bind(address(connection, 'stdin')),
    shell.bind(address(connection, 'shell')),
  ]);

  const wire = new Wire(connection.key);
  const iopub = new IoPub(publisher, wire);
  const outputs = new Outputs(iopub);
  const comms = new Comms((...message) => iopub.post(...message));
  const shutDown = () => control.postMessage('close');
  let session: Session | undefined;
  const noticeInterrupt = () => void Atomics.add(flags, Flag.noticed, 1);
  const kernel = new Kernel({
    wire, iopub, outputs, comms, shell, info: INFO, onCellEnd: noticeInterrupt, onShutdown: shutDown,
    session: () => session ??= startSession(outputs, flags),
  });

  // The library's way to answer a front end; see lib/src/display.
  const requests: Requests = { handle: (name, handler) => comms.handle(name, handler), execution: () => kernel.execution() };
  (globalThis as Record<symbol, unknown>)[Symbol.for('course.requests')] = requests;

  const onInterrupt = () => {
    noticeInterrupt();
    kernel.interrupt(false);
  };
  process.on('SIGINT', onInterrupt);
  process.on('uncaughtException', (error) => kernel.report('Uncaught in the background', error));
  process.on('unhandledRejection', (reason) => kernel.report('Rejected in the background', reason));
  control.on('message', (message: ControlEvent) => {
    if (message.event === 'status') iopub.post('status', { execution_state: message.state }, message.parent);
    if (message.event === 'interrupt') process.emit('SIGINT', 'SIGINT');
    if (message.event === 'broken') {
      session?.mend();
      kernel.interrupt(true);
    }
    if (message.event === 'shutdown') shutDown();
  });
  control.on('error', (error) => {
    log('The control thread of the kernel has failed:', error);
    process.exit(1);
  });
  control.on('exit', () => {
    for (const socket of [shell, stdin, publisher]) socket.close();
    process.exit(0);
  });

  iopub.post('status', { execution_state: 'starting' }, undefined);
  setTimeout(() => {
    if (!session) (session = startSession(outputs, flags)).warmUp(WARM_UP);
  }, WARM_UP_DELAY);
  for await (const frames of shell) {
    try {
      kernel.handle(wire.decode(frames));
    } catch (error) {
      log('Shell channel:', error);
    }
  }
}

/**
 * What TensorFlow.js must find before it is loaded, by whatever import. It lives in the course's library, which may not be built when the
 * kernel is tried on its own.
 */
function prepareTensorFlow(): void {
  const file = path.resolve(__dirname, '../../lib/dist/tensorflow/prepare.js');
  if (fs.existsSync(file)) require(file);
}

function startControl(workerData: ControlData): Worker {
  return new Worker(path.join(__dirname, 'control.js'), { workerData });
}

function startSession(outputs: Outputs, flags: Int32Array): Session {
  const unbreakable = createUnbreakable(flags);
  const session = unbreakable(() => createSession({ folder: process.cwd(), unbreakable, showResult: (value) => showResult(value, outputs) }));
  const inCells = breakableAfterwards(flags, unbreakable);
  loadModulesWith(inCells);
  // The library computes with it; see lib/src/tensorflow/unbreakable.ts.
  (globalThis as Record<symbol, unknown>)[Symbol.for('course.unbreakable')] = inCells;
  mapStackTraces(session.cells);
  outputs.captureStandardStreams();
  setDisplay(({ data, metadata, transient }, update) => {
    outputs.display({ data, metadata, displayId: transient.display_id, update: Boolean(update) });
  });
  // The library's way to show one output in several forms; see lib/src/display.
  (globalThis as Record<symbol, unknown>)[Symbol.for('course.display')] = (bundle: Bundle) => outputs.display(bundle);
  return session;
}

const [connectionFile] = process.argv.slice(2);
if (!connectionFile) {
  console.error('usage: node main.js CONNECTION_FILE    (Jupyter writes the file and starts the kernel with it)');
  process.exit(2);
}
void main(connectionFile);

/**
 * Shows the value of a cell's last expression in its own way if it has one: a method that returns MIME types and contents, named as in the other Jupyter
 * kernels for JavaScript (Deno's). Every other value is printed.
 */
function showResult(value: unknown, outputs: Outputs): void {
  const display = (value as Record<symbol, unknown> | null | undefined)?.[Symbol.for('Jupyter.display')];
  if (typeof display !== 'function') return console.log(value);
  try {
    outputs.display({ data: display.call(value) as Record<string, unknown> });
  } catch (error) {
    console.error('The result cannot show itself, so it is printed.', error);
    console.log(value);
  }
}
