import type { Probe } from './attack';
import { PLANTED } from './system';

/** What TensorFlow itself can do with files, and what the sandbox opens only for it. */
export const tensors: readonly Probe[] = [
  {
    name: 'ReadFile', tries: 'read a file by an operation',
    attempt: `(tf as any).backend().executeSingleOutput('ReadFile', [],
      [(tf as any).tensor('/etc/passwd')]).dataSync().length > 0`,
  },
  {
    name: 'WriteFile', tries: 'write a file by an operation',
    attempt: `['/${PLANTED}', '/tmp/${PLANTED}', '/course/${PLANTED}', '/proc/self/comm'].some((name) => { try {
      (tf as any).backend().executeMultipleOutputs('WriteFile', [], [(tf as any).tensor(name),
      (tf as any).tensor('x')], 0); return true; } catch { return false; } })`,
  },
  {
    name: 'MatchingFiles', tries: 'list files by an operation',
    attempt: `(tf as any).backend().executeSingleOutput('MatchingFiles', [],
      [(tf as any).tensor('/etc/*')]).size > 0`,
  },
  {
    name: 'fileSystem', tries: 'save a model',
    attempt: `(async () => { const model = tf.sequential({ layers: [tf.layers.dense({
      units: 1, inputShape: [1] })] }); await model.save('file:///tmp/${PLANTED}'); return true; })()`,
  },
  {
    name: 'loadLayersModel', tries: 'load a model of the machine',
    attempt: `tf.loadLayersModel('file:///etc/passwd').then(() => true)`,
  },
  {
    name: 'loadSavedModel', tries: 'load a graph with operations of its own',
    attempt: `(tf as any).node.loadSavedModel('/tmp').then(() => true)`,
  },
  {
    name: 'http', tries: 'load a model from the network',
    attempt: `tf.loadLayersModel('http://127.0.0.1/model.json').then(() => true)`,
  },
  {
    name: 'tensorBoard', tries: 'write a log',
    attempt: `(() => { const writer = (tf as any).node.summaryFileWriter('/tmp/${PLANTED}');
      writer.scalar('a', 1, 0); writer.flush(); return fs.existsSync('/tmp/${PLANTED}'); })()`,
  },
  {
    name: '/proc/self/mem', tries: 'put machine code into its own process',
    attempt: `['/proc/self/mem', '/proc/1/mem', '/proc/thread-self/mem'].some((name) => { try {
      fs.closeSync(fs.openSync(name, 'r+')); return true; } catch { return false; } })`,
  },
  {
    name: '/proc', tries: 'find other processes',
    attempt: `fs.readdirSync('/proc').some((name: string) => /^\\d+$/.test(name) && name !== '1')`,
  },
  {
    name: '/proc/1', tries: 'read secrets of who has started it',
    attempt: `/SECRET|HOME=|work|main/.test(fs.readFileSync('/proc/1/environ',
      'latin1') + fs.readFileSync('/proc/1/cmdline', 'latin1'))`,
  },
  {
    name: '/proc/1/root', tries: 'leave by the root of another process',
    attempt: `['/proc/1/root/etc/passwd', '/proc/self/cwd/../solutions', '/proc/1/root/usr',
      '/proc/1/root/work'].some((name) => fs.existsSync(name))`,
  },
  {
    name: '/proc/self/fd', tries: 'open inherited files anew',
    attempt: `fs.readdirSync('/proc/self/fd').some((fd: string) => Number(fd) > 2 && (() => { try {
      const link = fs.readlinkSync('/proc/self/fd/' + fd);
      return !/^(anon_inode:|pipe:|\\/dev\\/(null|urandom)|\\/proc\\/)/.test(link); } catch { return false; } })())`,
  },
  {
    name: '/proc/sys', tries: 'change settings of the machine',
    attempt: `['/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/proc/self/oom_score_adj',
      '/proc/self/uid_map'].some((name) => { try { fs.closeSync(fs.openSync(name, 'r+')); return true; } catch {
      return false; } })`,
  },
];
