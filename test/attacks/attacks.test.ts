import * as fs from 'node:fs';
import * as os from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as path from 'node:path';
import { randomBytes } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { mark } from '../../grader/src/mark/mark';
import { canonicalJson, type Result } from '../../grader/src/mark/result';
import { chosenSandbox } from '../../grader/src/sandbox/back-ends';
import { processOf } from '../../grader/src/sandbox/process';
import type { Sandbox, SandboxProcess, SandboxRequest } from '../../grader/src/sandbox/sandbox';
import { buildGrader, handedIn, marking, solutionCells, suiteOf } from '../support/grader';
import { cellOf, heldIn, PRELUDE, type Attack, type Probe } from './attack';
import { builtins } from './builtins';
import { models } from './models';
import { endings } from './endings';
import { forging } from './forging';
import { resources } from './resources';
import { PLANTED, system } from './system';
import { tensors } from './tensors';

const COURSE = path.resolve(__dirname, '../..');
const suite = suiteOf('01');
const solutions = solutionCells(suite);
const only = (...ids: string[]) => ({ ...suite, exercises: suite.exercises.filter(({ id }) => ids.includes(id)) });
const attacks: readonly Attack[] = [...models, ...forging, ...builtins, ...endings, ...resources];

const inDocker = chosenSandbox().name === 'docker';
/** What Docker shows each container of itself: its own process, the kind of the machine, devices, names of its own, PATH. */
const SHOWN_BY_DOCKER: ReadonlySet<string> = new Set([
  'walk through the processes', 'read the environment of the first process', 'read or change the machine', 'find devices besides null and urandom',
  'watch files of the machine', 'tell something by a name that is looked up', 'find a secret in the environment', 'write a file by an operation',
  'list files by an operation', 'put machine code into its own process', 'read secrets of who has started it', 'change settings of the machine',
]);

/** What all processes that these tests start have in their arguments. */
const MARKER = `watched-${randomBytes(8).toString('hex')}`;

/** The real sandbox, whose processes are known by their arguments. */
class Watched implements Sandbox {
  readonly name = 'watched';
  constructor(private readonly sandbox: Sandbox = chosenSandbox()) {}
  problems(): Promise<string[]> { return this.sandbox.problems(); }
  start(request: SandboxRequest): SandboxProcess {
    return this.sandbox.start({ ...request, args: [...request.args ?? [], MARKER] });
  }
}
/** Ten black pictures for models: none of them is right by chance. */
const watched = {
  ...marking(), sandbox: new Watched(),
  pictures: async () => ({ pixels: new Uint8Array(784 * 10), labels: new Uint8Array(10).fill(7) }),
};

const processesLeft = (): string[] => fs.readdirSync('/proc').filter((pid) => {
  try {
    return /^\d+$/.test(pid) && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(MARKER);
  } catch {
    return false; // It has ended in between.
  }
});

/** Node.js without a sandbox: shows that a probe finds what it looks for. */
class Bare implements Sandbox {
  readonly name = 'bare';
  async problems(): Promise<string[]> { return []; }
  start({ script, limits }: SandboxRequest): SandboxProcess {
    // The bundle asks for files as they lie in the sandbox.
    const file = path.join(COURSE, script.replace('.bundle.', '.'));
    return processOf(spawn(process.execPath, [file, MARKER], { stdio: ['pipe', 'pipe', 'pipe'] }), limits.outputBytes);
  }
}

/** Does some at the same time, in their order. */
async function inTurns<T, R>(all: readonly T[], atOnce: number, work: (each: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let i = next++; i < all.length; i = next++) results[i] = await work(all[i]);
  }));
  return results;
}

/** An honest submission, which prints something too. */
function honest(): Promise<Result> {
  const answers = { ...solutions, '1.2': `console.log('mine'); ${solutions['1.2']}` };
  return mark(handedIn(suite.assignment, answers), only('1.1', '1.2', '1.3', '1.4'), watched);
}

const PROBES_IN_A_CELL = 13;
const groups: (readonly Probe[])[] = [];
for (let i = 0; i < system.length; i += PROBES_IN_A_CELL) groups.push(system.slice(i, i + PROBES_IN_A_CELL));
const probes: readonly Probe[] = [...system, ...tensors];

/** What has become of an attack, and of an honest submission that was marked beside it. */
interface Attacked {
  readonly result: Result;
  readonly seconds: number;
}

const attacked = new Map<Attack, Attacked>();
const probed = new Map<Probe, string>();
const neighbours: Result[] = [];
let alone: Result;
/** Bytes of memory that this process had at most, and milliseconds that it did nothing else at most. */
let [most, longest] = [0, 0];

/** Marks an attack between two right answers. */
async function attack(one: Attack): Promise<void> {
  const on = one.on ?? '1.2';
  const began = performance.now();
  const answers = { ...solutions, [on]: `${PRELUDE}\n${one.cell}` };
  const files = Object.fromEntries(Object.entries(one.model ?? {}).map(([name, text]) => [name, Buffer.from(text)]));
  const submission = handedIn(suite.assignment, answers, one.model && { models: { [on]: { files } } });
  const result = await mark(submission, only('1.1', on, '1.3'), watched);
  attacked.set(one, { result, seconds: (performance.now() - began) / 1000 });
}

/** Makes attempts in one cell, and notes of each whether it got through. */
async function probe(
  group: readonly Probe[], id = '1.2', name = 'scalePixels', sandbox: Sandbox = watched.sandbox,
): Promise<void> {
  // One answer alone prints: it is no matter when.
  const heard: Sandbox = {
    name: sandbox.name, problems: () => sandbox.problems(), start: (request) => ({ ...sandbox.start(request), printsInOrder: true }),
  };
  const answers = { [id]: `${PRELUDE}\n${cellOf(group, `const ${name} = () => [];`)}` };
  const asked = suiteOf(id.startsWith('1') ? '01' : '02');
  const one = { ...asked, exercises: asked.exercises.filter((each) => each.id === id) };
  const { exercises: [marked] } = await mark(handedIn(asked.assignment, answers), one, { ...watched, sandbox: heard });
  const { printed = '', earned } = marked;
  group.forEach((each, i) => probed.set(each, `${heldIn(printed, i)}${earned > 0 ? `, earned ${earned}` : ''}`));
}

/** What was tried, what it earned of what it deserves, and what became of it. */
function tableOf(): string {
  const ofAttacks = attacks.map((one) => {
    const { result, seconds } = attacked.get(one)!;
    const { earned, outcome } = result.exercises.find(({ id }) => id === (one.on ?? '1.2'))!;
    const isHeld = earned === (one.deserves ?? 0) && one.outcome.includes(outcome);
    const became = `${earned} points, ${outcome}, ${seconds.toFixed(1)} s`;
    return { name: one.name, tries: one.tries, isHeld, became };
  });
  const ofProbes = probes.map((one) => {
    const became = probed.get(one)!;
    return { name: one.name, tries: one.tries, isHeld: became === 'held', became };
  });
  const all = [...ofAttacks, ...ofProbes];
  const lines = all.map(({ name, tries, isHeld, became }) =>
    `${isHeld ? 'survived' : 'NOT     '}  ${name.padEnd(52)} ${tries.slice(0, 60).padEnd(60)} ${became}`);
  const survived = all.filter(({ isHeld }) => isHeld).length;
  const runner = `${Math.round(most / 1e6)} MB at most, busy for ${Math.round(longest)} ms at most`;
  // For the log of the tests.
  return [...lines, `${all.length} attacks tried, ${survived} survived; the runner had ${runner}`].join('\n');
}

beforeAll(async () => {
  buildGrader();
  alone = await honest();
  const memory = setInterval(() => { most = Math.max(most, process.memoryUsage().rss); }, 50);
  const delays = monitorEventLoopDelay();
  delays.enable();
  const neighbour = async (): Promise<void> => { neighbours.push(await honest()); };
  const work = [
    ...attacks.flatMap((one, i) => [() => attack(one), ...(i % 6 === 0 ? [neighbour] : [])]),
    ...groups.map((group) => () => probe(group)),
    () => probe(tensors, '2.7', 'accuracy'),
  ];
  await inTurns(work, 4, (each) => each());
  clearInterval(memory);
  delays.disable();
  longest = delays.max / 1e6;
  console.log(tableOf());
}, 300_000);

describe('attacks', () => {
  it.each(attacks.map((one) => [one.name, one] as const))('%s earns what it deserves', (_, one) => {
    const { result } = attacked.get(one)!;
    const marked = result.exercises.find(({ id }) => id === (one.on ?? '1.2'))!;
    expect(marked.earned).toBe(one.deserves ?? 0);
    expect(one.outcome).toContain(marked.outcome);
    // An attack that ends with an error of its own has tried nothing.
    if (!/^throw|^no compilation/.test(one.name)) expect(marked.message).not.toContain('Your cell ended with an error');
    const text = canonicalJson(result);
    expect(text.length).toBeLessThan(20_000);
    if (one.tellsNot) expect(text).not.toMatch(one.tellsNot);
  });

  it.each(probes.map((one) => [one.name, one] as const))('%s is out of reach', (_, one) => {
    expect(probed.get(one)).toBe(inDocker && SHOWN_BY_DOCKER.has(one.tries) ? 'GOT THROUGH' : 'held');
  });

  it('leave the marks of neighbours as they are', () => {
    expect(alone.earned).toBe(alone.points);
    expect(alone.exercises[1].printed).toBe(inDocker ? undefined : 'mine\n');
    expect(neighbours.length).toBeGreaterThan(15);
    for (const neighbour of neighbours) expect(canonicalJson(neighbour)).toBe(canonicalJson(alone));
  });

  it('leave no process and no file behind', async () => {
    await expect.poll(processesLeft, { timeout: 20_000 }).toEqual([]);
    const ofCourse = ['.', 'lib', 'lib/dist', 'grader', 'node_modules'].map((name) => path.join(COURSE, name));
    const places = ['/', os.tmpdir(), '/var/tmp', '/dev/shm', os.homedir(), process.cwd(), ...ofCourse];
    const planted = places.flatMap((folder) => fs.readdirSync(folder).filter((name) => name.includes(PLANTED)));
    expect(planted).toEqual([]);
  });

  it('take little of the one who marks', () => {
    expect(most).toBeLessThan(1e9);
  });

  it('are looked for by probes that find something where there is no sandbox', async () => {
    const outside = system.filter(({ worksOutside }) => worksOutside);
    await probe(outside, '1.2', 'scalePixels', new Bare());
    for (const one of outside) expect(probed.get(one), one.name).toBe('GOT THROUGH');
  });

  it('find no file that the one who marks was started with', () => {
    // In a process that inherits a file, as a service or a script hands it on.
    const cell = `${PRELUDE}
      for (let fd = 3; fd < 256; fd++) try { if (fs.fstatSync(fd).isFile()) console.log('FOUND ' + fd); } catch {}
      const scalePixels = () => [];`;
    const script = `
      const { chosenSandbox } = require('./grader/dist/sandbox/back-ends.js');
      const { Asked } = require('./grader/dist/mark/asked.js');
      const sees = ['grader/dist', 'lib', 'node_modules'];
      const limits = { memoryBytes: 512e6, cpuSeconds: 10, outputBytes: 10000 };
      const asked = new Asked(chosenSandbox(), { script: 'grader/dist/guest/guest.js', sees, limits });
      const question = { ask: 'open', source: ${JSON.stringify(cell)}, name: 'scalePixels', given: {}, tensors: false };
      asked.ask(question, 10000).then((reply) => {
        console.log(JSON.stringify(reply), asked.printed);
        asked.end();
      });`;
    const file = fs.openSync(__filename, 'r');
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
      cwd: COURSE, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore', file],
    });
    fs.closeSync(file);
    expect(stdout, stderr).toContain('"opened":"function"');
    expect(stdout).not.toContain('FOUND');
  });
});
