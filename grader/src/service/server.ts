import { createHash, timingSafeEqual } from 'node:crypto';
import type { Readable } from 'node:stream';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance } from 'fastify';
import { Refused, type Uploads } from './uploads';

export interface ServerOptions {
  readonly token: string;
  /** Requests that one address may send in a minute. */
  readonly perMinute?: number;
  /** Milliseconds for an upload to come in. */
  readonly patience?: number;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * An HTTP service for whoever has the token:
 *
 * - `POST /uploads?name=hand-in.zip` with the file as its body: 202 and `{ id }`, when it is on the disk; with `&learner=ada` it is hers,
 *   whatever it says itself
 * - `GET /uploads/ID`: whether it is marked, and what became of each submission in it
 * - `GET /uploads/ID/0.json` and `0.html`: the signed result and the learner's feedback; `0.gradescope.json`: what Gradescope shows
 */
export async function createService(uploads: Uploads, { token, perMinute = 600, patience = 60_000 }: ServerOptions): Promise<FastifyInstance> {
  const app = fastify({ requestTimeout: 2 * patience, connectionTimeout: 2 * patience, bodyLimit: Number.MAX_SAFE_INTEGER, forceCloseConnections: true });
  const expected = digest(`Bearer ${token}`);
  await app.register(rateLimit, { max: perMinute, timeWindow: 60_000 });
  // After the requests were counted, so that tokens cannot be guessed quickly, and before anything of a body is read.
  app.addHook('preParsing', async ({ headers: { authorization = '' } }) => {
    if (!timingSafeEqual(digest(authorization), expected)) {
      throw new Refused(401, 'Got no token that counts here; expected the header "Authorization: Bearer TOKEN".');
    }
  });
  // An upload comes as a stream, whatever it says that it is: its bytes are counted while they are written.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    // Who hangs up, or is hung up on, hears no answer: it is none of our troubles.
    const gone = 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
    const status = error instanceof Refused ? error.status : gone ? 400 : error.statusCode ?? 500;
    if (status >= 500 && !(error instanceof Refused)) console.error(error);
    // What has not come yet is not waited for.
    if (error instanceof Refused) void reply.header('Connection', 'close');
    return reply.code(status).send({ error: status === 500 ? 'Something went wrong here; the log says what.' : error.message });
  });

  app.post<{ Querystring: { name: string; learner?: string } }>('/uploads', {
    schema: {
      querystring: {
        type: 'object', required: ['name'],
        properties: { name: { type: 'string', minLength: 1, maxLength: 500 }, learner: { type: 'string', minLength: 1, maxLength: 64 } },
      },
    },
  }, async ({ body, query: { name, learner } }, reply) => {
    if (!body) return reply.code(400).send({ error: 'Got no body; expected the file that was handed in.' });
    const late = setTimeout(() => (body as Readable).destroy(), patience);
    try {
      const id = await uploads.accept(name, body as Readable, learner);
      return await reply.code(202).header('Location', `/uploads/${id}`).send({ id });
    } finally {
      clearTimeout(late);
    }
  });
  app.get<{ Params: { id: string } }>('/uploads/:id', async ({ params: { id } }, reply) => uploads.status(id) ?? reply.callNotFound());
  app.get<{ Params: { id: string; file: string } }>('/uploads/:id/:file', async ({ params: { id, file } }, reply) => {
    const content = uploads.file(id, file);
    if (!content) return reply.callNotFound();
    return reply.type(file.endsWith('.html') ? 'text/html; charset=utf-8' : 'application/json')
      .header('X-Content-Type-Options', 'nosniff').header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox").send(content);
  });
  return app;
}
