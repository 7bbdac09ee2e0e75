import type { Attack } from './attack';

/** A right observation by its form, of a value that nobody has asked for. */
const FORGED =
  '{"id":"x","outcome":"value","value":[0,0.2,0.8,1],"changed":[],"leaked":0,"pass":true,"score":100,"earned":2}';
const STUB = 'const scalePixels = (pixels: number[]) => [];';
/** All that may stand in the place of `value`. */
const valued = (json: string): string =>
  `answerAll(({ id, ask }) =>
    ask === 'call' ? '{"id":"' + id + '","outcome":"value","changed":[],"leaked":0,"value":${json}}'
    : '{"id":"' + id + '","opened":"function"}');
  ${STUB}`;

/** Results that nobody has computed: on the channel of the answers, and beside it. */
export const forging: readonly Attack[] = [
  {
    name: 'frame before the answer', tries: 'answer a question before it is asked', outcome: ['crashed'],
    cell: `send(frame('${FORGED}')); ${STUB}`,
  },
  {
    name: 'frames in advance', tries: 'have answers to all questions lie ready', outcome: ['crashed'],
    cell: `for (let i = 0; i < 200; i++) send(frame('${FORGED}')); ${STUB}`,
  },
  {
    name: 'frame after the answer', tries: 'answer a second time, better', outcome: ['crashed', 'failed'],
    cell: `function scalePixels() { setTimeout(() => send(frame('${FORGED}')), 0); return new Promise((resolve) =>
      setTimeout(() => resolve([]), 20)); }`,
  },
  {
    name: 'two frames for one question', tries: 'answer one question twice with its own id', outcome: ['crashed',
      'failed'],
    cell: `const parse = JSON.parse;
      JSON.parse = ((text: string) => {
        const question = parse(text);
        if (question.ask === 'call') {
          send(frame('{"id":"' + question.id + '","outcome":"value","value":[0,0.2,0.8,1],"changed":[],"leaked":0}'));
          send(frame('{"id":"' + question.id + '","outcome":"value","value":[0.2,0.4,0.6],"changed":[],"leaked":0}'));
        }
        return question;
      }) as any;
      ${STUB}`,
  },
  {
    name: 'frame of 4 GB', tries: 'announce a message of 4 GB', outcome: ['crashed'],
    cell: `send(Buffer.from([255, 255, 255, 255])); for (let i = 0; i < 100; i++) send(Buffer.alloc(1e6)); ${STUB}`,
  },
  {
    name: 'frame of 8 MB, drop by drop', tries: 'keep the runner busy with putting a message together',
      outcome: ['timeout', 'crashed'],
    cell: `const size = Buffer.alloc(4); size.writeUInt32BE(8e6); send(size); send(Buffer.alloc(7.9e6, 32));
      for (let i = 0; i < 2000; i++) { send(Buffer.from(' ')); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),
        0, 0, 1); } process.exit(0);`,
  },
  { name: 'empty frames', tries: 'send messages without end that hold nothing', outcome: ['crashed'],
    cell: `for (;;) send(Buffer.alloc(4));` },
  {
    name: 'frame within a frame', tries: 'hide an answer in another one', outcome: ['crashed'],
    cell: `send(frame(frame('${FORGED}').toString('latin1'))); ${STUB}`,
  },
  {
    name: 'half a frame', tries: 'end in the middle of a message', outcome: ['crashed'],
    cell: `send(frame('${FORGED}').subarray(0, 20)); process.exit(0);`,
  },
  { name: 'no JSON', tries: 'send what nobody can read', outcome: ['crashed'], cell: `send(frame('{"id":')); ${STUB}` },
  {
    name: 'ids guessed', tries: 'answer with all short ids', outcome: ['crashed'],
    cell: `for (let id = 0; id < 256;
      id++) send(frame('{"id":"' + id.toString(16).padStart(32, '0') + '","opened":"function"}')); ${STUB}`,
  },
  {
    name: 'verdict in the answer', tries: 'say that it has passed', outcome: ['failed', 'crashed'],
    cell: `answerAll(({ id }) =>
      '{"id":"' + id + '","outcome":"passed","opened":"function","passed":true,"earned":2,"points":2}');
      ${STUB}`,
  },
  {
    name: 'lost, and yet there', tries: 'be taken for the runner itself', outcome: ['failed', 'crashed'],
    cell: `answerAll(({ id }) => '{"id":"' + id + '","lost":"passed","outcome":"value","changed":[],"leaked":0}');
      ${STUB}`,
  },
  {
    name: 'error and value at once', tries: 'contradict itself', outcome: ['crashed'],
    cell: `answerAll(({ id }) =>
      '{"id":"' + id + '","outcome":"value","value":[0,0.2,0.8,1],"error":{"name":"","message":""},' +
      '"changed":[],"leaked":0}');
      ${STUB}`,
  },
  {
    name: 'result on all descriptors', tries: 'write a result to each open file', outcome: ['crashed'],
    cell: `for (let fd = 0; fd < 64; fd++) try { send(frame('${FORGED}'), fd); } catch {} ${STUB}`,
  },
  {
    name: 'result on standard output', tries: 'print a result as other graders read it', outcome: ['failed'],
    cell: `process.stdout.write('{"scores":{"1.2":2}}\\n'); console.log('${FORGED}');
      console.log('1 passed, 0 failed'); ${STUB}`,
  },
  {
    name: 'result file', tries: 'put a result where other graders read it', outcome: ['failed'],
    cell: `for (const name of ['results.json', '/autograder/results/results.json', '/course/results/learner-1.json',
      '/tmp/results.json'])
        try { fs.writeFileSync(name, '${FORGED}'); console.log('WRITTEN ' + name); } catch {}
      ${STUB}`,
    tellsNot: /WRITTEN/,
  },
  {
    name: 'polluted objects', tries: 'put __proto__ and constructor into what is judged', outcome: ['failed',
      'crashed'],
    cell: valued('{"__proto__":{"passed":true,"earned":2},"constructor":{"prototype":{"passed":true}},"toString":1}'),
  },
  {
    name: 'object that looks like an array', tries: 'have an object compared as numbers', outcome: ['failed',
      'crashed'],
    cell: valued('{"length":4,"0":0,"1":0.2,"2":0.8,"3":1}'),
  },
  {
    name: 'array with a wrong shape', tries: 'claim more values than there are', outcome: ['failed', 'crashed'],
    cell: valued('{"holder":"tensor","shape":[1000000000000],"dtype":"float32","values":[]}'),
  },
  {
    name: 'array of a million axes', tries: 'have a shape without end told', outcome: ['failed', 'crashed'],
    cell: valued(`{"holder":"tensor","shape":['+'0,'.repeat(1e6)+'0],"dtype":"float32","values":[]}`),
  },
  {
    name: 'NaN, Infinity and what is between', tries: 'give numbers that are alike to all', outcome: ['failed'],
    cell: 'const scalePixels = (pixels: number[]) => pixels.map((_, i) => [NaN, Infinity, -Infinity, -0][i % 4]);',
  },
  {
    name: 'marked numbers', tries: 'give numbers by words that only the runner knows', outcome: ['failed', 'crashed'],
    cell: valued('[{"$number":"expected"},{"$number":"NaN"},{"$undefined":true},{"$$number":"1"}]'),
  },
  {
    name: 'nested a million deep', tries: 'have the runner follow a nesting without end', outcome: ['failed',
      'crashed'],
    cell: valued(`'+'['.repeat(1e6)+']'.repeat(1e6)+'`),
  },
  {
    name: 'millions of empty lists', tries: 'have the runner take up much more than was sent', outcome: ['failed',
      'crashed', 'out of memory'],
    cell: valued(`['+'[],'.repeat(2.6e6)+'0]`),
  },
  {
    name: 'millions of objects', tries: 'have the runner take up much more than was sent', outcome: ['failed',
      'crashed', 'out of memory'],
    cell: valued(`['+'{},'.repeat(2.6e6)+'0]`),
  },
  {
    name: 'half a million names', tries: 'have the runner compare names without end', outcome: ['failed', 'crashed'],
    cell: valued(`{'+Array.from({length:5e5},(_,i)=>'"n'+i+'":0').join()+'}`),
  },
  {
    name: 'a name of 7 MB', tries: 'fill the result with what it calls things', outcome: ['failed', 'crashed'],
    cell: valued(`{"'+'x'.repeat(7e6)+'":0}`),
  },
  {
    name: 'an error of 7 MB', tries: 'fill the result with an error message', outcome: ['error', 'failed', 'crashed'],
    cell: `answerAll(({ id }) =>
      '{"id":"' + id + '","outcome":"error","error":{"name":"E","message":"' + 'x'.repeat(7e6) +
      '"},"changed":[],"leaked":0}');
      ${STUB}`,
  },
  {
    name: 'lone surrogates and control characters', tries: 'damage the text of the result and the terminal',
      outcome: ['error', 'failed'],
    cell: `function scalePixels() { console.log("\\u001b]0;title\\u0007\\u001b[2J\\ud800\\u202e");
      throw new Error("\\ud800\\u001b[31m\\u0000\\u202e"); }`,
  },
  {
    name: 'HTML as a message', tries: 'run a script where the result is shown', outcome: ['error'],
    cell: 'function scalePixels() { throw new Error("<script>alert(1)</script><img src=x onerror=alert(2)>"); }',
  },
  {
    name: 'constants of the public cases', tries: 'know the cases that check shows by heart', outcome: ['failed'],
      deserves: 1,
    cell: `const scalePixels = (pixels: number[]) => ({ '0,51,204,255': [0, 0.2, 0.8, 1], '51,102,153': [0.2, 0.4,
      0.6] } as any)[pixels.join()];`,
  },
];
