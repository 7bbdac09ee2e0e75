import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A shell in a mount namespace of its own: it may mount disks that nobody else sees. */
const NAMESPACE = ['unshare', '--map-root-user', '--mount'] as const;

/** Whether this machine lets tests mount disks; where it does not, says which tests are not run. */
export function canMount(tests: string): boolean {
  const [command, ...args] = NAMESPACE;
  const can = spawnSync(command, [...args, 'true']).status === 0;
  if (!can) console.error(`This machine gives no mount namespaces: ${tests} NOT run.`);
  return can;
}

/**
 * A command that works with a small disk mounted in the place of a folder.
 *
 * @param size as `mount` takes it: `10m`
 * @param shell what is done then; it gets `command` as "$@", and the folder as $disk
 */
export const onDisk = (folder: string, size: string, shell: string, command: readonly string[]): [string, ...string[]] => [
  ...NAMESPACE,
  'sh', '-c', `disk="$1"; shift; mount -t tmpfs -o size=${size} tmpfs "$disk" && ${shell}`,
  'sh', folder, ...command,
];

/** Runs a command with 10 MB of disk in the place of a folder, until it ends. */
export function runOnSmallDisk(folder: string, shell: string, command: readonly string[]) {
  const [program, ...args] = onDisk(folder, '10m', shell, command);
  return spawnSync(program, args, { encoding: 'utf8' });
}

/** Starts Node, and kills it at a random moment of the 60 ms after its first word. */
export async function killAtRandom(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  await sleep(Math.random() * 60);
  child.kill('SIGKILL');
  await closed;
}
