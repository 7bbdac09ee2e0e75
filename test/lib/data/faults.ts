import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { serve, type BytesOf } from './support';

/** One way in which a server can fail, and what a download says of it. */
export interface Fault {
  readonly what: string;
  readonly behave: (bytesOf: BytesOf) => RequestListener;
  readonly says: {
    /** When it was to send a gzipped file of 31,376 bytes. */
    readonly file: RegExp;
    /** When it was to send a zip file of about 33,000 bytes. */
    readonly archive: RegExp;
  };
}

/** Milliseconds for which tests of silence wait. */
export const shortTimes = { answerTimeout: 200, silenceTimeout: 200, slownessTimeout: 400 };

const status =
  (code: number): Fault['behave'] =>
  () =>
  (_request, response) =>
    response.writeHead(code).end('no');
const bothSay = (says: RegExp): Fault['says'] => ({ file: says, archive: says });
const notWhole = { file: /end in the middle|got \d+ bytes/, archive: /got [\d,]+ bytes, expected 3\d,\d{3}/ };

/** Answers in HTTP's own words, so that they can be wrong. */
const raw =
  (headers: string, body: (bytes: Buffer) => Buffer): Fault['behave'] =>
  (bytesOf) =>
  (request, response) => {
    response.socket?.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${headers}\r\n\r\n`), body(bytesOf(request.url))]));
  };

export const downloadFaults: Fault[] = [
  { what: 'HTTP status 403', behave: status(403), says: bothSay(/got HTTP status 403 Forbidden, expected the file/) },
  { what: 'HTTP status 404', behave: status(404), says: bothSay(/got HTTP status 404 Not Found/) },
  { what: 'HTTP status 500', behave: status(500), says: bothSay(/got HTTP status 500 Internal Server Error/) },
  { what: 'HTTP status 503', behave: status(503), says: bothSay(/got HTTP status 503 Service Unavailable/) },
  {
    what: 'nothing with HTTP status 204',
    behave: () => (_request, response) => response.writeHead(204).end(),
    says: bothSay(/HTTP status 204|got 0 bytes/),
  },
  {
    what: 'a log-in page with HTTP status 200',
    behave: () => (_request, response) => response.end('<!DOCTYPE html>\n<title>Sign in to the network</title>'),
    says: bothSay(/got 53 bytes of a web page that starts with "<!DOCTYPE html> <title>Sign in/),
  },
  {
    what: 'redirects in a circle',
    behave: () => (request, response) => response.writeHead(302, { Location: request.url }).end(),
    says: bothSay(/redirect count exceeded/),
  },
  {
    what: 'a redirect to nowhere',
    behave: () => (_request, response) => response.writeHead(302, { Location: 'http://127.0.0.1:9/file' }).end(),
    says: bothSay(/refuses the connection|bad port/),
  },
  {
    what: 'an empty file',
    behave: () => (_request, response) => response.end(),
    says: bothSay(/got 0 bytes, expected 3\d,\d{3}/),
  },
  {
    what: 'gzip of something else',
    behave: () => (_request, response) => response.end(gzipSync('something else')),
    says: { file: /got 14 bytes, expected 31,376 \(unpacked\)/, archive: /got 34 bytes, expected 3\d,\d{3}/ },
  },
  {
    what: 'as many bytes of something else',
    behave: (bytesOf) => (request, response) => response.end(Buffer.alloc(bytesOf(request.url).length, 'x')),
    says: { file: /expected 31,376|got the SHA-256/, archive: /no whole, harmless zip file/ },
  },
  {
    what: 'damaged bytes',
    behave: (bytesOf) => (request, response) => {
      const bytes = bytesOf(request.url);
      bytes[bytes.length >> 1] ^= 0x55;
      response.end(bytes);
    },
    says: { file: /the gzip data is broken|got the SHA-256/, archive: /CRC-32|no whole, harmless zip file/ },
  },
  {
    what: 'a file cut short without a word',
    // No length and no chunks: the end of the connection is the end of the file.
    behave: raw('200 OK\r\nConnection: close', (bytes) => bytes.subarray(0, 20_000)),
    says: notWhole,
  },
  {
    what: 'a Content-Length that is too small',
    behave: raw('200 OK\r\nContent-Length: 20000\r\nConnection: close', (bytes) => bytes),
    says: { file: /end in the middle|ended in the middle/, archive: /got 20,000 bytes|ended in the middle/ },
  },
  {
    what: 'a Content-Length that is too large',
    behave: raw('200 OK\r\nContent-Length: 90000\r\nConnection: close', (bytes) => bytes.subarray(0, 20_000)),
    says: bothSay(/ended in the middle of the file/),
  },
  {
    what: 'a connection that is reset in the middle',
    behave: (bytesOf) => (request, response) => {
      const bytes = bytesOf(request.url);
      response.writeHead(200, { 'Content-Length': bytes.length });
      response.write(bytes.subarray(0, 5_000), () => setTimeout(() => response.socket?.resetAndDestroy(), 20));
    },
    says: bothSay(/ended in the middle of the file|reset/),
  },
  {
    what: 'a connection that is closed at once',
    behave: () => (request) => request.socket.destroy(),
    says: bothSay(/other side closed|socket hang up|reset/),
  },
  {
    what: 'a file without end',
    behave: () => (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        response.once('drain', more);
      };
      more();
    },
    says: bothSay(/got more than [\d,]+ bytes, which is more than the whole file has/),
  },
  { what: 'no answer at all', behave: () => () => {}, says: bothSay(/no answer within 0\.2 s/) },
  {
    what: 'an answer and then no byte',
    behave: () => (_request, response) => response.writeHead(200, { 'Content-Length': 30_000 }).flushHeaders(),
    says: bothSay(/nothing arrived within 0\.2 s/),
  },
  {
    what: 'a file that stops in the middle',
    behave: (bytesOf) => (request, response) => {
      const part = bytesOf(request.url).subarray(0, request.headers.range ? 0 : 1_000);
      response.writeHead(200, { 'Content-Length': 30_000 }).write(part);
    },
    says: bothSay(/nothing arrived within 0\.2 s/),
  },
  {
    what: 'one byte at a time and then silence',
    behave: (bytesOf) => (request, response) => {
      const bytes = bytesOf(request.url);
      let sent = 0;
      const drip = setInterval(
        () => (sent < 5 ? response.write(bytes.subarray(sent, ++sent)) : clearInterval(drip)),
        10,
      );
    },
    says: bothSay(/nothing arrived within 0\.2 s/),
  },
  {
    what: 'one byte after the other and never silence',
    behave: (bytesOf) => (request, response) => {
      const bytes = bytesOf(request.url);
      let sent = 0;
      const drip = setInterval(() => response.write(bytes.subarray(sent, ++sent)), 20);
      response.on('close', () => clearInterval(drip));
    },
    says: bothSay(/got \d+ bytes in 0\.4 s, expected at least 1,200/),
  },
  {
    what: 'a part where the whole was asked for',
    behave: (bytesOf) => (request, response) =>
      response
        .writeHead(206, { 'Content-Range': 'bytes 5000-9999/30000' })
        .end(bytesOf(request.url).subarray(5_000, 10_000)),
    says: bothSay(/asked for the bytes from 0 on, got bytes 5000-9999\/30000/),
  },
  {
    what: 'HTTP status 416 where the whole was asked for',
    behave: status(416),
    says: bothSay(/got HTTP status 416/),
  },
  {
    what: 'a connection that breaks, and another file for the rest',
    behave: (bytesOf) => (request, response) => {
      const bytes = bytesOf(request.url);
      if (request.headers.range) return serve(() => Buffer.alloc(bytes.length, 'x'))(request, response);
      response.writeHead(200, { 'Content-Length': bytes.length });
      response.write(bytes.subarray(0, 5_000), () => setTimeout(() => response.destroy(), 20));
    },
    says: {
      file: /the gzip data is broken|ended in the middle/,
      archive: /no whole, harmless zip file|ended in the middle/,
    },
  },
  {
    what: 'words that are not HTTP',
    behave: () => (_request, response) => void response.socket?.end('220 ftp.example.org ready\r\n'),
    says: bothSay(/Expected HTTP|HTTP\/|Parse/),
  },
];
