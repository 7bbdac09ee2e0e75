/**
 * The list of system calls that no answer needs, as a seccomp filter: a program for the kernel in classic BPF, which bubblewrap takes, and
 * a profile in JSON, which Docker takes.
 *
 * Source of the format: the kernel's Documentation/userspace-api/seccomp_filter.rst and include/uapi/linux/{filter,seccomp,audit}.h; of
 * the numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
 */

/** Names, with their numbers on x64 and arm64; null where an architecture does not have it. */
const REFUSED: Readonly<Record<string, readonly [x64: number | null, arm64: number | null]>> = {
  // Other processes: a submission is one process with its threads.
  fork: [57, null], vfork: [58, null], execveat: [322, 281],
  ptrace: [101, 117], process_vm_readv: [310, 270], process_vm_writev: [311, 271], kcmp: [312, 272], pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  // The network, and sockets of any other kind.
  socket: [41, 198], socketpair: [53, 199],
  // Memory that no limit counts.
  memfd_create: [319, 279], memfd_secret: [447, 447], shmget: [29, 194], shmat: [30, 196], msgget: [68, 186], semget: [64, 190],
  mq_open: [240, 180],
  // Other namespaces and mounts.
  unshare: [272, 97], setns: [308, 268], mount: [165, 40], umount2: [166, 39], pivot_root: [155, 41], chroot: [161, 51],
  open_tree: [428, 428], move_mount: [429, 429], fsopen: [430, 430], fsconfig: [431, 431], fsmount: [432, 432], fspick: [433, 433],
  mount_setattr: [442, 442],
  // Ways past the names of files.
  name_to_handle_at: [303, 264], open_by_handle_at: [304, 265],
  // Keys, events and other parts of the kernel that outlive a process or are rich in faults.
  add_key: [248, 217], request_key: [249, 218], keyctl: [250, 219], bpf: [321, 280], perf_event_open: [298, 241],
  userfaultfd: [323, 282], io_uring_setup: [425, 425], io_uring_enter: [426, 426], io_uring_register: [427, 427],
  fanotify_init: [300, 262], init_module: [175, 105], finit_module: [313, 273], delete_module: [176, 106], kexec_load: [246, 104],
  kexec_file_load: [320, 294], reboot: [169, 142], swapon: [167, 224], swapoff: [168, 225], syslog: [103, 116], acct: [163, 89],
  quotactl: [179, 60], personality: [135, 92], settimeofday: [164, 170], clock_settime: [227, 112], adjtimex: [159, 171],
};

const NUMBERS = {
  x64: { column: 0, audit: 0xc000003e, clone: 56, clone3: 435, mmap: 9 },
  arm64: { column: 1, audit: 0xc00000b7, clone: 220, clone3: 435, mmap: 222 },
} as const;

// Codes of BPF.
const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_SET = 0x45;
const AND = 0x54;
const RETURN = 0x06;

// Answers of a filter.
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const error = (number: number): number => 0x00050000 | number;
const EPERM = 1;
const ENOSYS = 38;

// Where the filter finds what it decides by.
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number): number => 16 + 8 * index;

const CLONE_THREAD = 0x10000;
const SHARED_AND_ANONYMOUS = 0x21;

/**
 * The filter, in the form that bubblewrap and the kernel take: 8 bytes an instruction.
 *
 * @throws Error for an architecture whose numbers are not known here
 */
export function seccompFilter(architecture: string = process.arch): Buffer {
  if (architecture !== 'x64' && architecture !== 'arm64') {
    throw new Error(`The sandbox has a filter for x64 and arm64, not for ${architecture}: mark submissions on such a machine.`);
  }
  const { column, audit, clone, clone3, mmap } = NUMBERS[architecture];
  const instructions: number[][] = [];
  const add = (code: number, k: number, ifTrue = 0, ifFalse = 0): void => void instructions.push([code, ifTrue, ifFalse, k]);
  const refuse = (number: number, answer: number): void => {
    add(IF_EQUAL, number, 0, 1);
    add(RETURN, answer);
  };

  add(LOAD, ARCHITECTURE);
  add(IF_EQUAL, audit, 1, 0);
  add(RETURN, KILL);
  add(LOAD, NUMBER);
  if (architecture === 'x64') {
    add(IF_AT_LEAST, 0x40000000, 0, 1); // The same calls by other numbers (x32).
    add(RETURN, KILL);
  }
  for (const numbers of Object.values(REFUSED)) {
    const number = numbers[column];
    if (number !== null) refuse(number, error(EPERM));
  }
  refuse(clone3, error(ENOSYS)); // Its flags cannot be seen; the C library then takes clone.
  add(IF_EQUAL, clone, 0, 4);
  add(LOAD, argument(0));
  add(IF_SET, CLONE_THREAD, 0, 1);
  add(RETURN, ALLOW);
  add(RETURN, error(EPERM));
  add(IF_EQUAL, mmap, 0, 4);
  add(LOAD, argument(3));
  add(AND, SHARED_AND_ANONYMOUS);
  add(IF_EQUAL, SHARED_AND_ANONYMOUS, 0, 1);
  add(RETURN, error(EPERM));
  add(RETURN, ALLOW);

  const program = Buffer.alloc(8 * instructions.length);
  instructions.forEach(([code, ifTrue, ifFalse, k], i) => {
    program.writeUInt16LE(code, 8 * i);
    program.writeUInt8(ifTrue, 8 * i + 2);
    program.writeUInt8(ifFalse, 8 * i + 3);
    program.writeUInt32LE(k >>> 0, 8 * i + 4);
  });
  return program;
}

/**
 * The same as a profile for Docker (https://docs.docker.com/engine/security/seccomp/), which makes such a filter of it for the
 * architecture that it runs on.
 */
export function seccompProfile(): string {
  const refuse = (names: readonly string[], errno: number, args: object[] = []): object =>
    ({ names, action: 'SCMP_ACT_ERRNO', errnoRet: errno, ...(args.length > 0 && { args }) });
  const hasBits = (index: number, mask: number, bits: number): object => ({ index, value: mask, valueTwo: bits, op: 'SCMP_CMP_MASKED_EQ' });
  return JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: [process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64'],
    syscalls: [
      refuse(Object.keys(REFUSED), EPERM),
      refuse(['clone3'], ENOSYS),
      refuse(['clone'], EPERM, [hasBits(0, CLONE_THREAD, 0)]),
      refuse(['mmap'], EPERM, [hasBits(3, SHARED_AND_ANONYMOUS, SHARED_AND_ANONYMOUS)]),
    ],
  });
}
