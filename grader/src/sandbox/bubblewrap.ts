import { spawn, type StdioOptions } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Writable } from 'node:stream';
import { probed } from './probed';
import { processOf } from './process';
import type { Sandbox, SandboxProcess, SandboxRequest } from './sandbox';
import { seccompFilter } from './seccomp';
import { NODE, shownOf, WITHIN } from './shown';

const BWRAP = '/usr/bin/bwrap';
const PRLIMIT = '/usr/bin/prlimit';
/** O_CLOEXEC, in /proc/self/fdinfo. */
const CLOSED_ON_EXEC = 0o2000000;

/**
 * A process in namespaces of its own: no network, no other process, no host's files but the named ones, and no place to write to at all:
 * there is neither /tmp nor /proc nor /sys. It has no capabilities, an empty environment, and a filter of system calls.
 */
export class Bubblewrap implements Sandbox {
  readonly name = 'bubblewrap';
  private readonly filter = seccompFilter();
  private readonly nothing = fs.openSync('/dev/null', 'r+');
  private readonly inherited = inheritable();

  async problems(): Promise<string[]> {
    const missing = [BWRAP, PRLIMIT].filter((program) => !fs.existsSync(program));
    if (missing.length === 0) return probed(this);
    return missing.map((program) => `${program} is missing: on Debian and Ubuntu, sudo apt-get install bubblewrap util-linux.`);
  }

  start(request: SandboxRequest): SandboxProcess {
    const { script, args = [], tensors = false, scratchBytes = 0, limits } = request;
    const child = spawn(PRLIMIT, [
      `--data=${limits.memoryBytes}`, `--cpu=${limits.cpuSeconds}`, `--fsize=${scratchBytes}`, '--core=0', '--nofile=256', '--memlock=0', '--msgqueue=0', '--',
      BWRAP, '--unshare-all', '--die-with-parent', '--new-session', '--as-pid-1', '--uid', '65534', '--gid', '65534', '--cap-drop', 'ALL',
      '--hostname', 'sandbox', '--seccomp', '3',
      ...shownOf(request).flatMap(([here, within]) => ['--ro-bind', here, within]),
      '--dev-bind', '/dev/null', '/dev/null', '--dev-bind', '/dev/urandom', '/dev/urandom',
      // TensorFlow asks for the name of its own program. Who could write to /proc/self/mem could put machine code of his own in.
      ...(tensors ? ['--proc', '/proc', '--remount-ro', '/proc'] : []),
      ...(scratchBytes > 0 ? ['--size', String(scratchBytes), '--tmpfs', '/scratch'] : []),
      '--remount-ro', '/', '--chdir', WITHIN, '--', NODE, path.join(WITHIN, script), ...args,
    ], { env: {}, stdio: this.stdio() });
    const filter = child.stdio[3] as Writable;
    filter.on('error', () => {}); // It may be gone already.
    filter.end(this.filter);
    return processOf(child, limits.outputBytes);
  }

  /** Pipes for what is asked, answered, printed and for the filter; what this process was itself started with is not handed on. */
  private stdio(): StdioOptions {
    return Array.from({ length: Math.max(3, ...this.inherited) + 1 }, (_, fd) =>
      (fd <= 3 ? 'pipe' : this.inherited.includes(fd) ? this.nothing : 'ignore'));
  }
}

/** Descriptors from 4 on that every program inherits which this process starts. Node.js opens none of that kind. */
function inheritable(): number[] {
  return fs.readdirSync('/proc/self/fdinfo').map(Number).filter((fd) => {
    if (fd <= 3 || !fs.existsSync(`/proc/self/fdinfo/${fd}`)) return false;
    const [, flags] = /^flags:\s*([0-7]+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
    return (parseInt(flags ?? '0', 8) & CLOSED_ON_EXEC) === 0;
  });
}
