import * as fs from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Store } from '../../grader/src/batch/store';
import { verify, type Result, type SignedResult } from '../../grader/src/mark/result';
import { createService, type ServerOptions } from '../../grader/src/service/server';
import { Uploads, type Status } from '../../grader/src/service/uploads';
import { watchFolder } from '../../grader/src/service/watch';
import type { Submission } from '../../grader/src/submission';

const marks = require('../support/queue-marks.cjs') as {
  submissionOf(i: number, what?: string): Submission;
  markedAs(submission: Submission): Result;
  conditions: { suite: string; environment: string; seed: string };
};
const AUTHORIZED = { Authorization: 'Bearer a token' };

function scratchFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'course-service-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Seen { count: number; most: number; names: string[] }

/** An upload is a list of numbers of learners; of -1 nothing can be marked. */
function openUploads(folder: string, seen: Seen = { count: 0, most: 0, names: [] }, wait = 1): Uploads {
  let now = 0;
  const store = new Store(path.join(folder, 'graded'));
  const uploads = new Uploads(path.join(folder, 'uploads'), {
    store,
    jobs: 2,
    conditions: () => marks.conditions,
    async *read(name, bytes) {
      seen.names.push(name);
      for (const i of bytes.toString().split(',').map(Number)) {
        if (i < 0) yield { learner: 'nobody', assignment: '01_lesson', reason: `${name} cannot be read.` };
        else yield marks.submissionOf(i, `answer <script>${i}`);
      }
    },
    async mark(submission) {
      seen.most = Math.max(seen.most, ++now);
      seen.count++;
      await sleep(wait);
      now--;
      return marks.markedAs(submission);
    },
  });
  onTestFinished(() => uploads.stop());
  return uploads;
}

interface Service { app: Awaited<ReturnType<typeof createService>>; url: string; folder: string; seen: Seen }

async function openService(options: Partial<ServerOptions> = {}): Promise<Service> {
  const folder = scratchFolder();
  const seen = { count: 0, most: 0, names: [] };
  const app = await createService(openUploads(folder, seen), { token: 'a token', ...options });
  onTestFinished(() => app.close());
  return { app, url: await app.listen({ host: '127.0.0.1', port: 0 }), folder, seen };
}

const upload = (url: string, body: string, name = 'hand-in.zip', headers: Record<string, string> = AUTHORIZED): Promise<Response> =>
  fetch(`${url}/uploads?name=${encodeURIComponent(name)}`, { method: 'POST', body, headers });

async function done(url: string, id: string): Promise<Status> {
  for (;;) {
    const status = await (await fetch(`${url}/uploads/${id}`, { headers: AUTHORIZED })).json() as Status;
    if (status.state === 'done') return status;
    await sleep(20);
  }
}

const uploaded = async (answer: Promise<Response>): Promise<string> => (await (await answer).json() as { id: string }).id;

describe('the service', () => {
  it('marks what is uploaded, and gives signed results and feedback', async () => {
    const { url } = await openService();
    const answer = await upload(url, '1,-1,2');
    expect(answer.status).toBe(202);
    const { id } = await answer.json() as { id: string };
    expect(answer.headers.get('location')).toBe(`/uploads/${id}`);
    const { submissions } = await done(url, id);
    expect(submissions).toEqual([
      expect.objectContaining({ learner: 'learner-00001', earned: 16, points: 100, result: `/uploads/${id}/0.json` }),
      { learner: 'nobody', assignment: '01_lesson', reason: 'hand-in.zip cannot be read.' },
      expect.objectContaining({ learner: 'learner-00002', feedback: expect.stringMatching(/\.html$/) }),
    ]);
    const [first] = submissions as readonly { result: string; feedback: string }[];
    const signed = await (await fetch(`${url}${first.result}`, { headers: AUTHORIZED })).json() as SignedResult;
    expect(verify(signed)).toBe(true);
    expect(signed.result.learner).toBe('learner-00001');
    const page = await fetch(`${url}${first.feedback}`, { headers: AUTHORIZED });
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('learner-00001');
  });

  it('has the same upload once', async () => {
    const { url, seen } = await openService();
    const ids = await Promise.all([1, 2, 3, 4].map(() => uploaded(upload(url, '7'))));
    expect(new Set(ids).size).toBe(1);
    await done(url, ids[0]);
    expect(seen.count).toBe(1);
    expect(await uploaded(upload(url, '7', 'another.zip'))).not.toBe(ids[0]);
  });

  it('tells nothing to who has no token', async () => {
    const { url, folder } = await openService();
    const id = await uploaded(upload(url, '1'));
    await done(url, id);
    const others: Record<string, string>[] = [{}, { Authorization: 'Bearer a toke' }, { Authorization: 'a token' }, { Authorization: 'Basic YSB0b2tlbg==' }];
    for (const headers of others) {
      expect((await upload(url, '2', 'x.zip', headers)).status).toBe(401);
      for (const place of [`/uploads/${id}`, `/uploads/${id}/0.json`]) expect((await fetch(url + place, { headers })).status).toBe(401);
    }
    expect(fs.readdirSync(path.join(folder, 'uploads')).sort()).toEqual([id, 'unfinished']);
  });

  it('limits how often an address may ask, with and without the token', async () => {
    const { url } = await openService({ perMinute: 5 });
    const codes: number[] = [];
    for (let i = 0; i < 8; i++) codes.push((await fetch(`${url}/uploads/u-1`, { headers: i % 2 === 1 ? AUTHORIZED : [] })).status);
    expect(codes).toEqual([401, 404, 401, 404, 401, 429, 429, 429]);
  });

  it('stops reading a huge upload, whatever it says of its size, and keeps nothing of it', async () => {
    const { url, folder } = await openService();
    const sizes: Record<string, string>[] = [{ 'Transfer-Encoding': 'chunked' }, { 'Content-Length': String(10e9) }];
    for (const headers of sizes) {
      const { code, sent } = await endless(url, headers);
      // Who goes on sending may find the line cut before he reads the answer.
      expect([413, 'cut']).toContain(code);
      expect(sent).toBeLessThan(80e6);
    }
    expect(fs.readdirSync(path.join(folder, 'uploads'))).toEqual(['unfinished']);
    expect(fs.readdirSync(path.join(folder, 'uploads', 'unfinished'))).toEqual([]);
  });

  it('ends a request that comes too slowly, or stops, and keeps nothing of it', async () => {
    const { url, folder } = await openService({ patience: 500 });
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write('POST /uploads?name=x.zip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a token\r\nContent-Length: 1000\r\n\r\n1');
    const drops = setInterval(() => socket.write(','), 100);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drops);
    await sleep(100);
    expect(fs.readdirSync(path.join(folder, 'uploads', 'unfinished'))).toEqual([]);
    expect((await upload(url, '1')).status).toBe(202);
  }, 60_000);

  it.each([
    ['../../etc/passwd', 'passwd'], ['..\\..\\x.zip', 'x.zip'], ['/', 'upload'], ['...', 'upload'], ['a\u0000b\u001b[31m.zip', 'a_b__31m.zip'],
    ['.hidden', 'hidden'], [`${'x'.repeat(300)}.ipynb`, `${'x'.repeat(114)}.ipynb`],
  ])('takes of the name %j only what is harmless', async (name, taken) => {
    const { url, seen } = await openService();
    await done(url, await uploaded(upload(url, '1', name)));
    expect(seen.names).toEqual([taken]);
  });

  it('finds nothing but uploads', async () => {
    const { url, folder, app } = await openService();
    const id = await uploaded(upload(url, '1'));
    await done(url, id);
    fs.writeFileSync(path.join(folder, 'uploads', '0.json'), 'not for you');
    const paths = [
      '/uploads/..', '/uploads/../graded/key.pem', '/uploads/%2e%2e%2fgraded%2fkey.pem', `/uploads/${id}/upload`, `/uploads/${id}/name`,
      `/uploads/${id}/status.json`, `/uploads/${id}/..%2f..%2fgraded%2fkey.pem`, '/uploads/unfinished', '/uploads/unfinished/0.json',
      `/uploads/${id}/%2e%2e/0.json`, '/uploads/%00', `/uploads/${id}/1.json`, '/', '/graded/secret', '/uploads/%2e/0.json', '/uploads/./0.json',
    ];
    for (const each of paths) expect((await app.inject({ url: each, headers: AUTHORIZED })).statusCode, each).toBeGreaterThanOrEqual(400);
    expect((await upload(url, '1', '')).status).toBe(400);
    expect((await fetch(`${url}/uploads`, { method: 'POST', body: '1', headers: AUTHORIZED })).status).toBe(400);
    expect((await fetch(`${url}/uploads?name=x`, { method: 'POST', headers: AUTHORIZED })).status).toBe(400);
    expect((await fetch(`${url}/uploads?name=x&name=y`, { method: 'POST', body: '1', headers: AUTHORIZED })).status).toBe(400);
    expect((await fetch(`${url}/uploads/${id}`, { method: 'DELETE', headers: AUTHORIZED })).status).toBe(404);
  });

  it('marks many that come at once, some at a time', async () => {
    const { url, seen } = await openService();
    const ids = await Promise.all(Array.from({ length: 200 }, (_, i) => uploaded(upload(url, String(i)))));
    const all = await Promise.all(ids.map((id) => done(url, id)));
    expect(all.map(({ submissions: [one] }) => one.learner)).toEqual(ids.map((_, i) => marks.submissionOf(i).learner));
    expect(seen.count).toBe(200);
    expect(seen.most).toBe(2);
  });
});

describe('uploads', () => {
  it('are marked when the service starts again, if they were not before', async () => {
    const folder = scratchFolder();
    const seen = { count: 0, most: 0, names: [] };
    const uploads = openUploads(folder, seen, 100);
    const ids = await Promise.all([...'12345'].map((i) => uploads.accept('x.zip', Readable.from([Buffer.from(i)]))));
    await uploads.stop();
    expect(seen.count).toBe(2);
    fs.mkdirSync(path.join(folder, 'uploads', 'unfinished', 'of a killed one'));
    const again = openUploads(folder, seen);
    while (ids.some((id) => again.status(id)!.state !== 'done')) await sleep(10);
    expect(seen.count).toBe(5);
    expect(fs.readdirSync(path.join(folder, 'uploads', 'unfinished'))).toEqual([]);
  });
});

describe('watchFolder', () => {
  it('takes files when they are whole, once, and again when they have changed; no links', async () => {
    const folder = scratchFolder();
    const taken: string[] = [];
    const accept = async (name: string, content: Readable): Promise<string> => {
      taken.push(`${name} ${Buffer.concat(await content.toArray() as Buffer[]).toString()}`);
      return name;
    };
    fs.writeFileSync(path.join(folder, 'a.zip'), '1');
    fs.writeFileSync(path.join(folder, 'notes.txt'), '1');
    fs.writeFileSync(path.join(folder, '.b.zip'), '1');
    fs.symlinkSync('/etc/hostname', path.join(folder, 'link.zip'));
    onTestFinished(watchFolder(folder, { accept }, 20));
    while (taken.length < 1) await sleep(10);
    await sleep(150);
    expect(taken).toEqual(['a.zip 1']);
    fs.writeFileSync(path.join(folder, 'a.zip'), 'changed');
    while (taken.length < 2) await sleep(10);
    expect(taken[1]).toBe('a.zip changed');
  });
});

/** Sends without end, until it is answered. */
function endless(url: string, headers: Record<string, string>): Promise<{ code: number | 'cut'; sent: number }> {
  return new Promise((resolve) => {
    let sent = 0;
    let answered = false;
    const sending = request(`${url}/uploads?name=x.zip`, { method: 'POST', headers: { ...AUTHORIZED, ...headers } }, (answer: IncomingMessage) => {
      answered = true;
      resolve({ code: answer.statusCode!, sent });
      sending.destroy();
    });
    sending.on('error', () => {
      answered = true;
      resolve({ code: 'cut', sent });
    });
    const piece = Buffer.alloc(1e6);
    const send = (): void => {
      if (answered) return;
      sent += piece.length;
      sending.write(piece, () => setImmediate(send));
    };
    send();
  });
}
