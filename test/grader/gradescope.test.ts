import { execFile, execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Store } from '../../grader/src/batch/store';
import { createService } from '../../grader/src/service/server';
import { Uploads } from '../../grader/src/service/uploads';
import { gradescopeFailure, gradescopeResults } from '../../grader/src/writers/gradescope';
import { carryOut, parseArguments } from '../../setup/commands/gradescope-zip.mjs';
import { failed, marked, resultOf, text } from '../support/marked';

const root = path.resolve(__dirname, '../..');
const TOKEN = 'the token of these tests';
const FILE_TOKEN = '0123456789abcdef0123456789abcdef';
const NO_MARK = /This is no mark: nothing was marked\./;
vi.spyOn(console, 'log').mockImplementation(() => {});

function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'course-gradescope-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const resultFor = (learner: string, submission = 'any') => resultOf(learner, [marked('3.1'), failed('3.2'), text('3.5')], { submission });

interface Seen { names: string[]; learners: (string | undefined)[]; contents: Buffer[]; marked: number }

/** The real service; its marking is made up. What holds "unreadable" is none, what holds "two" is two. */
async function openService(until: Promise<unknown> = Promise.resolve()) {
  const folder = newFolder();
  const seen: Seen = { names: [], learners: [], contents: [], marked: 0 };
  const uploads = new Uploads(path.join(folder, 'uploads'), {
    store: new Store(path.join(folder, 'graded')),
    jobs: 2,
    conditions: () => ({ suite: 'suite', environment: 'environment', seed: 'seed' }),
    async *read(name, bytes, learner = 'nobody') {
      seen.names.push(name);
      seen.learners.push(learner);
      seen.contents.push(bytes);
      const content = bytes.toString('latin1');
      const assignment = resultFor(learner).assignment;
      if (content.includes('unreadable')) {
        yield { learner, assignment, reason: `${name}: the notebook cannot be read. Save it, and hand it in again.` };
        return;
      }
      for (const each of content.includes('two') ? [learner, 'another'] : [learner]) {
        yield { learner: each, assignment, sha256: content, answers: {}, texts: {}, models: {}, findings: [] };
      }
    },
    async mark({ learner, sha256 }) {
      await until;
      seen.marked++;
      return resultFor(learner, sha256);
    },
  });
  onTestFinished(() => uploads.stop());
  const app = await createService(uploads, { token: TOKEN });
  onTestFinished(() => app.close());
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), app, seen };
}

async function serverOf(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  }));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const UNPACK = `
import json, os, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    for member in archive.infolist():
        os.chmod(archive.extract(member, sys.argv[2]), member.external_attr >> 16 & 0o7777)
`;

/** A folder as Gradescope makes it, with the archive that the command has made. */
function autograder(url: string, files: Record<string, string | Buffer>, { token = TOKEN, seconds = 30, metadata = {} as object } = {}): string {
  const folder = newFolder();
  const archive = path.join(folder, 'course-gradescope.zip');
  carryOut({ root, env: process.env }, { url, token, to: archive });
  execFileSync('python3', ['-c', UNPACK, archive, path.join(folder, 'source')]);
  const service = path.join(folder, 'source', 'service.json');
  fs.writeFileSync(service, JSON.stringify({ ...JSON.parse(fs.readFileSync(service, 'utf8')), seconds }));
  fs.copyFileSync(path.join(folder, 'source', 'run_autograder'), path.join(folder, 'run_autograder'));
  fs.writeFileSync(path.join(folder, 'submission_metadata.json'), JSON.stringify({
    id: 4711, users: [{ email: 'Ada@example.org', id: 1, name: 'Ada' }], assignment: { title: 'Week 3: 03_Fashion_MNIST_CNN' }, ...metadata,
  }));
  fs.mkdirSync(path.join(folder, 'submission'));
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, 'submission', name)), { recursive: true });
    fs.writeFileSync(path.join(folder, 'submission', name), content);
  }
  return folder;
}

/** What the learner sees; nothing of it may be the token. */
async function run(folder: string) {
  const { stdout, stderr } = await promisify(execFile)(path.join(folder, 'run_autograder'), {
    cwd: folder, env: { ...process.env, COURSE_AUTOGRADER: folder, no_proxy: '*' },
  });
  const written = fs.readFileSync(path.join(folder, 'results', 'results.json'), 'utf8');
  expect(fs.readdirSync(path.join(folder, 'results'))).toEqual(['results.json']);
  expect(written + stdout + stderr).not.toContain(TOKEN);
  return { results: JSON.parse(written), stdout, stderr };
}

const failure = (output: unknown) => ({ ...gradescopeFailure(''), output });

describe('run_autograder', () => {
  it("has the notebook marked in the name of the learner's address, and writes what the service gives", async () => {
    const { url, seen } = await openService();
    const { results } = await run(autograder(url, { '03_lesson.ipynb': 'cells' }));
    expect(results).toEqual(gradescopeResults(resultFor('ada-at-example.org')));
    expect(results.tests.map(({ number, score }: { number: string; score: number }) => [number, score])).toContainEqual(['3.2', 1]);
    expect(seen).toMatchObject({ names: ['03_lesson.ipynb'], learners: ['ada-at-example.org'], contents: [Buffer.from('cells')] });
  });

  it('sends a zip file as it is', async () => {
    const { url, seen } = await openService();
    await run(autograder(url, { '03_lesson_ada.zip': Buffer.from([80, 75, 3, 4, 0, 255]), '__MACOSX/03_lesson.ipynb': '', '.DS_Store': '' }));
    expect(seen).toMatchObject({ names: ['03_lesson_ada.zip'], contents: [Buffer.from([80, 75, 3, 4, 0, 255])] });
  });

  it('packs again what Gradescope has unpacked of a hand-in, always into the same bytes', async () => {
    const { url, seen } = await openService();
    const handIn = { 'x/hand-in.json': '{}', 'x/03_lesson.ipynb': 'cells', 'x/models/3.9/model.json': 'model' };
    const folder = autograder(url, handIn);
    await run(folder);
    await run(folder);
    expect(seen.names).toEqual(['hand-in.zip', 'hand-in.zip']);
    expect(seen.contents[1].equals(seen.contents[0])).toBe(true);
    const packed = path.join(newFolder(), 'x.zip');
    fs.writeFileSync(packed, seen.contents[0]);
    const list = 'import json, sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))';
    expect(JSON.parse(execFileSync('python3', ['-c', list, packed], { encoding: 'utf8' })))
      .toEqual({ 'hand-in.json': '{}', '03_lesson.ipynb': 'cells', 'models/3.9/model.json': 'model' });
  });

  it('asks anew at each run, and the service marks only what has changed', async () => {
    const { url, seen } = await openService();
    const folder = autograder(url, { 'a.ipynb': 'cells' });
    const first = await run(folder);
    const second = await run(folder);
    expect(second.results).toEqual(first.results);
    expect(second.stdout).not.toBe(first.stdout);
    expect(seen.names).toHaveLength(2);
    expect(seen.marked).toBe(1);
  });

  it.each([
    [{ email: 'ada.l@example.org', sid: '17' }, /^ada\.l-at-example\.org$/],
    [{ email: '', sid: 'S17' }, /^S17$/],
    [{ email: 'ada+x@example.org' }, /^ada-x-at-example\.org-[0-9a-f]{12}$/],
    [{ email: 'ada-at-b@example.org' }, /^ada-at-b-at-example\.org-[0-9a-f]{12}$/],
    [{ email: `${'a'.repeat(90)}@example.org` }, /^a{50}-[0-9a-f]{12}$/],
  ])('makes an id of %j', async (user, id) => {
    const { url, seen } = await openService();
    await run(autograder(url, { 'a.ipynb': 'cells' }, { metadata: { users: [user] } }));
    expect(seen.learners).toEqual([expect.stringMatching(id)]);
    expect(seen.learners[0]).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
  });

  it('asks again while the service has too much to do or hangs up', async () => {
    const { app, seen } = await openService();
    let asked = 0;
    const url = await serverOf(async (request, reply) => {
      const payload = Buffer.concat(await request.toArray() as Buffer[]);
      asked++;
      if (asked === 1) return reply.writeHead(503).end('{}');
      if (asked === 2) return request.socket.destroy();
      const { statusCode, body } = await app.inject({ method: request.method as 'GET', url: request.url, headers: request.headers, payload });
      return reply.writeHead(statusCode).end(body);
    });
    const { results } = await run(autograder(url, { 'a.ipynb': 'cells' }));
    expect(results).toEqual(gradescopeResults(resultFor('ada-at-example.org')));
    expect(seen.names).toHaveLength(1);
  });

  it('tells the learner why it could not be marked', async () => {
    const { url } = await openService();
    const { results } = await run(autograder(url, { 'a.ipynb': 'unreadable' }));
    expect(results).toEqual(gradescopeFailure('a.ipynb: the notebook cannot be read. Save it, and hand it in again.'));
    const more = await run(autograder(url, { 'a.ipynb': 'two' }));
    expect(more.results).toEqual(failure(expect.stringMatching(/^Got 2 submissions in a\.ipynb; expected one\. This is no mark/)));
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no file', {}, /got neither\./], ['another file', { 'essay.txt': '' }, /got neither\./],
    ['two notebooks', { 'a.ipynb': '', 'x/b.IPYNB': '' }, /got 2 of them: a\.ipynb, x\/b\.IPYNB\./],
    ['a hand-in and a notebook', { 'x/hand-in.json': '', 'x/a.ipynb': '', 'b.ipynb': '' }, /got 2 of them: b\.ipynb, x\/hand-in\.json\./],
  ])('says what it takes where there is %s', async (_name, files, expected) => {
    const { url, seen } = await openService();
    const { results } = await run(autograder(url, files));
    expect(results).toEqual(failure(expect.stringMatching(expected)));
    expect(results.output).toMatch(NO_MARK);
    expect(seen.names).toEqual([]);
  });

  it('gives no marks of one lesson for another one', async () => {
    const { url } = await openService();
    const { results } = await run(autograder(url, { 'a.ipynb': 'cells' }, { metadata: { assignment: { title: 'Week 4: 04_cats_and_dogs' } } }));
    expect(results).toEqual(failure(expect.stringMatching(/^It was handed in for 03_fashion_mnist_cnn, and the title of this assignment, "Week 4: 04/)));
    expect(results.output).toMatch(NO_MARK);
  });

  it('follows no link of the learner, which could lead to the token', async () => {
    const { url, seen } = await openService();
    const folder = autograder(url, {});
    fs.symlinkSync(path.join(folder, 'source', 'service.json'), path.join(folder, 'submission', 'a.ipynb'));
    fs.symlinkSync(path.join(folder, 'source'), path.join(folder, 'submission', 'b'));
    expect((await run(folder)).results.output).toMatch(/got neither\./);
    expect(seen.names).toEqual([]);
  });

  it('says so where the token is another one, and does not ask again', async () => {
    const { url, seen } = await openService();
    const { results, stdout } = await run(autograder(url, { 'a.ipynb': 'cells' }, { token: 'of an earlier service' }));
    expect(results).toEqual(failure(expect.stringMatching(/does not know this autograder\. This is no mark.*Tell your instructor/)));
    expect(stdout.match(/answers 401/g)).toHaveLength(1);
    expect(seen.names).toEqual([]);
  });

  it('says so where the service cannot be reached', async () => {
    const { url, app } = await openService();
    await app.close();
    const { results } = await run(autograder(url, { 'a.ipynb': 'cells' }, { seconds: 1 }));
    expect(results).toEqual(failure(expect.stringMatching(/^The service that marks could not be reached\. This is no mark.*later/)));
  });

  it('says so where it is not marked in time, and gets the marks at the next run', async () => {
    let release = (): void => {};
    const { url } = await openService(new Promise<void>((resolve) => (release = resolve)));
    onTestFinished(() => release());
    const folder = autograder(url, { 'a.ipynb': 'cells' }, { seconds: 1 });
    expect((await run(folder)).results).toEqual(failure(expect.stringMatching(/has not marked it yet\. This is no mark.*later/)));
    release();
    const service = path.join(folder, 'source', 'service.json');
    fs.writeFileSync(service, fs.readFileSync(service, 'utf8').replace('"seconds":1', '"seconds":30'));
    expect((await run(folder)).results).toEqual(gradescopeResults(resultFor('ada-at-example.org')));
  });

  it('takes the token to no other address', async () => {
    const heard: unknown[] = [];
    const other = await serverOf((request, reply) => {
      heard.push(request.headers.authorization);
      reply.end('{}');
    });
    const url = await serverOf((_request, reply) => reply.writeHead(302, { Location: other }).end());
    const { results } = await run(autograder(url, { 'a.ipynb': 'cells' }));
    expect(results.output).toMatch(/did not take it \(code 302\)/);
    expect(heard).toEqual([]);
  });

  it('says so where the answer is none of the service, or Gradescope tells nothing of the learner', async () => {
    const page = await serverOf((_request, reply) => reply.end('<title>Sign in</title>'));
    expect((await run(autograder(page, { 'a.ipynb': 'cells' }))).results.output).toMatch(/an answer that nobody can read\. This is no mark/);
    const nobody = autograder(page, { 'a.ipynb': 'cells' }, { metadata: { users: [] } });
    expect((await run(nobody)).results.output).toMatch(/did not say whose submission it is\. This is no mark/);
    fs.rmSync(path.join(nobody, 'submission_metadata.json'));
    const { results, stderr } = await run(nobody);
    expect(results.output).toMatch(/Something went wrong in the autograder\. This is no mark/);
    expect(stderr).toContain('FileNotFoundError');
  });
});

describe('npm run gradescope-zip', () => {
  it('packs the two programs, the address and the token: no grader, no definitions, no secret', () => {
    const to = path.join(newFolder(), 'course-gradescope.zip');
    carryOut({ root, env: process.env }, { url: 'https://marks.example.org', token: TOKEN, to });
    expect(fs.statSync(to).mode & 0o777).toBe(0o600);
    const list = 'import json, sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); ' +
      'print(json.dumps({m.filename: [oct(m.external_attr >> 16), z.read(m).decode()] for m in z.infolist()}))';
    const { 'service.json': service, ...programs } = JSON.parse(execFileSync('python3', ['-c', list, to], { encoding: 'utf8' }));
    const source = (name: string): string => fs.readFileSync(path.join(root, 'grader', 'gradescope', name), 'utf8');
    expect(programs).toEqual({ 'setup.sh': ['0o100755', source('setup.sh')], run_autograder: ['0o100755', source('run_autograder')] });
    expect(JSON.parse(service[1])).toEqual({ url: 'https://marks.example.org', token: TOKEN, seconds: 540 });
    for (const [, program] of Object.values(programs) as [string, string][]) expect(program).toMatch(/^#!/);
    execFileSync('bash', ['-n', path.join(root, 'grader', 'gradescope', 'setup.sh')]);
  });

  it('takes an address with HTTPS, a token and a new file', () => {
    const folder = newFolder();
    fs.writeFileSync(path.join(folder, 'token'), `${FILE_TOKEN}\n`);
    fs.writeFileSync(path.join(folder, 'short'), 'x');
    const parse = (...args: string[]) => parseArguments(args, folder);
    const given = ['--url', 'https://marks.example.org', '--token-file', 'token'];
    expect(parse(...given)).toEqual({ url: 'https://marks.example.org', token: FILE_TOKEN, to: path.join(folder, 'course-gradescope.zip') });
    expect(parse('--help')).toBe('help');
    expect(() => parse(...given.slice(2))).toThrow('expected both');
    expect(() => parse('--url', 'http://marks.example.org', '--token-file', 'token')).toThrow('begins with https://');
    expect(() => parse('--url', 'https://x.example.org', '--token-file', 'none')).toThrow('There is no');
    expect(() => parse('--url', 'https://x.example.org', '--token-file', 'short')).toThrow('holds no token');
    expect(() => parse(...given, '--to', 'token')).toThrow('is there already');
    expect(() => parse(...given, '--two', '2')).toThrow("Unknown option '--two'");
  });
});
