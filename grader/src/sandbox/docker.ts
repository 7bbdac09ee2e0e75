import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { probed } from './probed';
import { processOf } from './process';
import type { Sandbox, SandboxProcess, SandboxRequest } from './sandbox';
import { seccompProfile } from './seccomp';
import { NODE, shownOf, WITHIN } from './shown';

/** An image with nothing in it: all that a container sees is shown to it. */
const IMAGE = 'course-sandbox';
/** On each container: the process that has started it, so that those of one that was killed are found. */
const LABEL = 'course-grader';

/**
 * The same with Docker, or what answers to its command: for machines that forbid bubblewrap its namespaces and have Docker's service. A container
 * takes ten times as long to begin. It has a /proc, a /sys and devices of its own, and reads and writes its own memory there; what
 * answers print is not kept, for it comes too late to tell whose it is.
 */
export class Docker implements Sandbox {
  readonly name = 'docker';
  private readonly profile = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'course-grader-')), 'seccomp.json');

  constructor() {
    fs.writeFileSync(this.profile, seccompProfile());
    process.once('exit', () => fs.rmSync(path.dirname(this.profile), { recursive: true, force: true }));
  }

  async problems(): Promise<string[]> {
    try {
      docker('build', '--quiet', '--tag', IMAGE, '-');
      removeLeft();
    } catch (error) {
      return [`Docker cannot be used here: ${messageOf(error)} Install it, start its service, and let this user use it.`];
    }
    return probed(this, { ownProcess: true });
  }

  start(request: SandboxRequest): SandboxProcess {
    const { script, args = [], scratchBytes = 0, limits } = request;
    const name = `${LABEL}-${randomUUID()}`;
    const child = spawn('docker', [
      'run', '--rm', '--interactive', '--name', name, '--label', `${LABEL}=${process.pid}`, '--pull', 'never', '--log-driver', 'none',
      '--network', 'none', '--ipc', 'none', '--read-only', '--cap-drop', 'ALL', '--user', '65534:65534', '--hostname', 'sandbox',
      '--security-opt', 'no-new-privileges', '--security-opt', `seccomp=${this.profile}`,
      '--memory', String(limits.memoryBytes + OF_FILES), '--memory-swap', String(limits.memoryBytes + OF_FILES), '--pids-limit', '200',
      ...Object.entries({
        data: limits.memoryBytes, cpu: limits.cpuSeconds, fsize: scratchBytes, core: 0, nofile: 256, memlock: 0, msgqueue: 0,
      }).flatMap(([limit, value]) => ['--ulimit', `${limit}=${value}:${value}`]),
      ...shownOf(request).flatMap(([here, within]) => ['--mount', `type=bind,source=${here},target=${within},readonly`]),
      ...(scratchBytes > 0 ? ['--tmpfs', `/scratch:rw,size=${scratchBytes},mode=1777`] : []),
      '--workdir', WITHIN, IMAGE, NODE, path.join(WITHIN, script), ...args,
    ], { stdio: 'pipe' });
    // To end the command would leave its container, which may not even be there yet: it ends when that is gone.
    const remove = (attempts: number): void => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (attempts === 0) child.kill('SIGKILL');
      else execFile('docker', ['rm', '--force', name], () => setTimeout(() => remove(attempts - 1), 100));
    };
    const kill = (): void => {
      if (!child.stdin.destroyed) remove(MOST_ATTEMPTS);
      child.stdin.destroy();
    };
    // Docker carries both on, each when it comes to it.
    return processOf(child, limits.outputBytes, { kill, printsInOrder: false });
  }
}

const MOST_ATTEMPTS = 100;

/** Bytes for pages of the files that a container reads, which count as its memory too. */
const OF_FILES = 1e9;

const docker = (...args: string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', input: `FROM scratch\nLABEL ${LABEL}=image\n`, stdio: ['pipe', 'pipe', 'pipe'] });

/** Ends containers whose grader was killed before it could. */
function removeLeft(): void {
  const isThere = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  };
  const containers = docker('ps', '--all', '--filter', `label=${LABEL}`, '--format', `{{.ID}} {{.Label "${LABEL}"}}`).trim();
  const left = containers.split('\n').filter(Boolean).map((line) => line.split(' ')).filter(([, pid]) => !isThere(Number(pid)));
  if (left.length > 0) docker('rm', '--force', ...left.map(([id]) => id));
}

const messageOf = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr?.trim() || message).replace(/\.?$/, '.');
};
