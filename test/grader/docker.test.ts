import { spawnSync } from 'node:child_process';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { mark } from '../../grader/src/mark/mark';
import { chosenSandbox } from '../../grader/src/sandbox/back-ends';
import { Docker } from '../../grader/src/sandbox/docker';
import { frameOf } from '../../grader/src/sandbox/frames';
import { buildGrader, handedIn, marking, solutionCells, suiteOf } from '../support/grader';

const docker = (...args: string[]): string => {
  const { status, stdout } = spawnSync('docker', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
};
const isThere = docker('info', '--format', '{{.ServerVersion}}') !== '';

beforeAll(buildGrader);
afterEach(() => { vi.unstubAllEnvs(); });

describe('chosenSandbox', () => {
  it('is bubblewrap, or what COURSE_SANDBOX names', () => {
    vi.stubEnv('COURSE_SANDBOX', '');
    expect(chosenSandbox().name).toBe('bubblewrap');
    vi.stubEnv('COURSE_SANDBOX', 'docker');
    expect(chosenSandbox().name).toBe('docker');
  });

  it('refuses a name that it does not know, one of every object included', () => {
    for (const name of ['podman', 'toString']) expect(() => chosenSandbox(name)).toThrow(`Got COURSE_SANDBOX=${name}; expected one of bubblewrap, docker.`);
  });

  it('says what to do where there is no Docker', async () => {
    vi.stubEnv('PATH', '/nowhere');
    expect(await new Docker().problems()).toEqual([expect.stringMatching(/^Docker cannot be used here: .*Install it, start its service/s)]);
  });
});

// The attacks run in it too: COURSE_SANDBOX=docker npm test -- test/attacks
describe.skipIf(!isThere)('the sandbox of Docker', () => {
  it('stops all that its examination tries', async () => {
    expect(await new Docker().problems()).toEqual([]);
  });

  it('gives the same marks, with TensorFlow.js too', async () => {
    const suite = suiteOf('01');
    const submission = handedIn(suite.assignment, { ...solutionCells(suite), '1.2': 'for (;;);' });
    const inDocker = await mark(submission, suite, { ...marking(), sandbox: new Docker() });
    const { exercises, ...rest } = await mark(submission, suite, marking());
    expect(inDocker).toEqual({ ...rest, exercises: exercises.map(({ printed: _, ...exercise }) => exercise) });
    expect(inDocker.exercises.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(5);
  });

  it('leaves no container behind, nor one of a grader that was killed', async () => {
    const sees = ['grader/dist', 'lib', 'node_modules'];
    const limits = { memoryBytes: 500e6, cpuSeconds: 20, outputBytes: 1000 };
    const loops = frameOf(JSON.stringify({ ask: 'open', id: 'a', source: 'for (;;);', name: 'x', given: {}, tensors: false }));
    const of = (pid: number): string => docker('ps', '--all', '--quiet', '--filter', `label=course-grader=${pid}`);

    const box = new Docker().start({ script: 'grader/dist/guest/guest.bundle.js', sees, limits });
    box.input.write(loops);
    await expect.poll(() => of(process.pid), { timeout: 20_000 }).not.toBe('');
    box.kill();
    await box.ended;
    await expect.poll(() => of(process.pid), { timeout: 20_000 }).toBe('');

    const gone = spawnSync('true').pid;
    docker('run', '--detach', '--label', `course-grader=${gone}`, '--mount', 'type=bind,source=/,target=/host,readonly', 'course-sandbox', '/host/bin/sleep', '600');
    docker('create', '--label', `course-grader=${gone}`, 'course-sandbox', '/nothing');
    expect(of(gone)).not.toBe('');
    expect(await new Docker().problems()).toEqual([]);
    expect(of(gone)).toBe('');
  });
});
