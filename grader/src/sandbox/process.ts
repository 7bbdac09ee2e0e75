import type { ChildProcess } from 'node:child_process';
import type { Ending, SandboxProcess } from './sandbox';

/**
 * A started program as what a sandbox gives; for all back ends.
 *
 * @param outputBytes of its standard error that are kept
 * @param kill ends it and all that it has started
 * @param printsInOrder whether answers and output come by pipes of its own
 */
export function processOf(
  child: ChildProcess, outputBytes: number, { kill = () => child.kill('SIGKILL'), printsInOrder = true }: { kill?: () => void; printsInOrder?: boolean } = {},
): SandboxProcess {
  let printed = Buffer.alloc(0);
  let seen = 0;
  child.stderr!.on('data', (data: Buffer) => {
    seen += data.length;
    if (printed.length < outputBytes) printed = Buffer.concat([printed, data.subarray(0, outputBytes - printed.length)]);
    if (seen > 20 * outputBytes) kill();
  });
  // The process may end while it is written to.
  child.stdin!.on('error', () => {});
  const ended = new Promise<Ending>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
    child.on('error', () => resolve({ code: null, signal: null }));
  });
  return { input: child.stdin!, answers: child.stdout!, printed: () => printed.toString('utf8'), printsInOrder, ended, kill };
}
