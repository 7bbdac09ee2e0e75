import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { mark } from '../../grader/src/mark/mark';
import { canonicalJson, type Result } from '../../grader/src/mark/result';
import { Bubblewrap, processOf } from '../../grader/src/sandbox/bubblewrap';
import type { Sandbox, SandboxProcess, SandboxRequest } from '../../grader/src/sandbox/sandbox';
import { buildGrader, handedIn, marking, solutionCells, suiteOf } from '../support/grader';
import { cellOf, heldIn, PRELUDE, type Attack, type Probe } from './attack';
import { builtins } from './builtins';
import { endings } from './endings';
import { forging } from './forging';
import { resources } from './resources';
import { PLANTED, system } from './system';
import { tensors } from './tensors';

const COURSE = path.resolve(__dirname, '../..');
const suite = suiteOf('01');
const solutions = solutionCells(suite);
const only = (...ids: string[]) => ({ ...suite, exercises: suite.exercises.filter(({ id }) => ids.includes(id)) });
const attacks: readonly Attack[] = [...forging, ...builtins, ...endings, ...resources];

/** What all processes that these tests start have in their arguments. */
const MARKER = `watched-${randomBytes(8).toString('hex')}`;

/** The real sandbox, whose processes are known by their arguments. */
class Watched implements Sandbox {
  readonly name = 'watched';
  constructor(private readonly sandbox: Sandbox = new Bubblewrap()) {}
  problems(): Promise<string[]> { return this.sandbox.problems(); }
  start(request: SandboxRequest): SandboxProcess { return this.sandbox.start({ ...request, args: [...request.args ?? [], MARKER] }); }
}
const watched = { ...marking(), sandbox: new Watched() };

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
    return processOf(spawn(process.execPath, [path.join(COURSE, script), MARKER], { stdio: ['pipe', 'pipe', 'pipe'] }), limits.outputBytes);
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

const honest = (): Promise<Result> => mark(handedIn(suite.assignment, solutions), only('1.1', '1.2', '1.3', '1.4'), watched);

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
let most = 0;

/** Marks an attack between two right answers. */
async function attack(one: Attack): Promise<void> {
  const on = one.on ?? '1.2';
  const began = performance.now();
  const answers = { ...solutions, [on]: `${PRELUDE}\n${one.cell}` };
  const result = await mark(handedIn(suite.assignment, answers), only('1.1', on, '1.3'), watched);
  attacked.set(one, { result, seconds: (performance.now() - began) / 1000 });
}

async function probe(group: readonly Probe[], id = '1.2', name = 'scalePixels', sandbox: Sandbox = watched.sandbox): Promise<void> {
  const answers = { [id]: `${PRELUDE}\n${cellOf(group, `const ${name} = () => [];`)}` };
  const asked = suiteOf(id.startsWith('1') ? '01' : '02');
  const { exercises: [{ printed = '', earned, message }] } = await mark(
    handedIn(asked.assignment, answers), { ...asked, exercises: asked.exercises.filter((each) => each.id === id) }, { ...watched, sandbox });
  group.forEach((each, i) => probed.set(each, `${heldIn(printed, i)}${earned > 0 ? `, earned ${earned}` : ''}`));
  if (group.some((each) => probed.get(each) !== 'held')) console.log(message, printed);
}

beforeAll(async () => {
  buildGrader();
  alone = await honest();
  const memory = setInterval(() => { most = Math.max(most, process.memoryUsage().rss); }, 50);
  const work = [
    ...attacks.flatMap((one, i) => [() => attack(one), ...(i % 6 === 0 ? [async () => { neighbours.push(await honest()); }] : [])]),
    ...groups.map((group) => () => probe(group)),
    () => probe(tensors, '2.7', 'accuracy'),
  ];
  await inTurns(work, 4, (each) => each());
  clearInterval(memory);
  const table = attacks.map((one) => {
    const { result: { exercises }, seconds } = attacked.get(one)!;
    const [before, it, after] = exercises;
    return `${one.name.padEnd(50)} ${it.earned}/${it.points} ${it.outcome.padEnd(14)} ${before.earned}/${before.points} ${after.earned}/${after.points} ${seconds.toFixed(1)} s ${it.message.slice(0, 60)}`;
  });
  fs.writeFileSync('/tmp/p9/attacks.txt', [...table, `${most / 1e6} MB`].join('\n'));
}, 300_000);

describe('attacks', () => {
  it.each(attacks.map((one) => [one.name, one] as const))('%s earns what it deserves', (_, one) => {
    const { result } = attacked.get(one)!;
    const marked = result.exercises.find(({ id }) => id === (one.on ?? '1.2'))!;
    expect(marked.earned).toBe(one.deserves ?? 0);
    expect(one.outcome).toContain(marked.outcome);
    const text = canonicalJson(result);
    expect(text.length).toBeLessThan(20_000);
    if (one.tellsNot) expect(text).not.toMatch(one.tellsNot);
    if (one.tells) expect(text).toMatch(one.tells);
  });

  it.each(probes.map((one) => [one.name, one] as const))('%s is out of reach', (_, one) => {
    expect(probed.get(one)).toBe('held');
  });

  it('leave the marks of neighbours as they are', () => {
    expect(alone.earned).toBe(alone.points);
    for (const neighbour of neighbours) expect(canonicalJson(neighbour)).toBe(canonicalJson(alone));
  });

  it('leave no process behind', () => {
    expect(processesLeft()).toEqual([]);
  });
});
