import type { Probe } from './attack';

/** A name that no other file has: where one is, it was an attack that made it. */
export const PLANTED = 'planted-by-an-attack';

const linesOf = (module: string, call: string): string => `(() => { const m = load('node:${module}'); return ${call};
  })()`;

/** Ways out of the sandbox, of which none may work. They leave the process as it was. */
export const system: readonly Probe[] = [
  // Other programs and processes.
  {
    name: 'spawnSync', tries: 'start a program',
    attempt: linesOf('child_process', `m.spawnSync('/node', ['--version']).status === 0`),
  },
  {
    name: 'execSync', tries: 'start a shell', worksOutside: true,
    attempt: linesOf('child_process', `m.execSync('id').length > 0`),
  },
  {
    name: 'fork', tries: 'start Node.js again',
    attempt: `new Promise((done) => {
      const child = load('node:child_process').fork('/course/grader/dist/guest/guest.js');
      child.on('spawn', () => done(true)); child.on('error', () => done(false)); })`,
  },
  {
    name: 'spawn_sync by binding', tries: 'start a program past the module',
    attempt: `(() => { const { spawn } = (process as any).binding('spawn_sync'); const { error } = spawn({
      file: '/node', args: ['/node', '--version'], stdio: [{ type: 'ignore' }] }); return error === undefined; })()`,
  },
  {
    name: 'execve', tries: 'become another program',
    attempt: `(process as any).execve ? (() => { (process as any).execve('/bin/sh', ['sh']); return true;
      })() : false`,
  },
  {
    name: 'cluster', tries: 'start workers of a cluster',
    attempt: `new Promise((done) => { const worker = load('node:cluster').fork(); worker.on('online', () =>
      done(true)); worker.on('error', () => done(false)); worker.on('exit', () => done(false)); })`,
  },
  {
    name: 'signal to the parent', tries: 'end the runner',
    attempt: `process.ppid > 0 && process.kill(process.ppid, 0)`,
  },
  {
    name: 'signal to other processes', tries: 'signal whoever has another number', worksOutside: true,
    attempt: `[...Array(50_000).keys()].some((pid) => { try { return pid > 99 && process.kill(pid, 0); } catch {
      return false; } })`,
  },
  {
    name: 'priority', tries: 'be served before all others',
    attempt: linesOf('os', `(m.setPriority(-20), m.getPriority() < 0)`),
  },
  { name: 'root', tries: 'be the root user', attempt: `((process as any).setuid(0), true)` },
  { name: 'groups', tries: 'be in all groups', attempt: `((process as any).setgroups([0]), true)` },
  // Files.
  {
    name: '/etc/passwd', tries: 'read the users of the machine', worksOutside: true,
    attempt: `fs.readFileSync('/etc/passwd').length > 0`,
  },
  {
    name: '/root and /home', tries: 'read homes', worksOutside: true,
    attempt: `['/root', '/home'].some((name) => { try { return fs.readdirSync(name).length >= 0; } catch {
      return false; } })`,
  },
  {
    name: 'solutions', tries: 'read the solutions',
    attempt: `['/course/solutions', '/course/exercises', '/course/test', '/course/notebooks', '/course/.git',
      '/course/../course/solutions'].some((name) => fs.existsSync(name))`,
  },
  {
    name: 'definitions', tries: 'load the definitions with their hidden cases',
    attempt: `load('/course/solutions/dist/definitions').lessons.length > 0`,
  },
  {
    name: 'solutions by a symbolic link', tries: 'leave the course by a link in it',
    attempt: `fs.readdirSync(fs.realpathSync('/course/node_modules/@course/lib') + '/../solutions').length > 0`,
  },
  {
    name: 'all that can be seen', tries: 'find a file that names hints or secrets',
    attempt: `(() => { const seen: string[] = []; const walk = (folder: string, depth: number) => {
      for (const each of fs.readdirSync(folder, { withFileTypes: true })) { const name = folder + '/' + each.name;
      if (each.isDirectory() && depth < 3 && !/node_modules|proc/.test(name)) walk(name, depth + 1);
      else seen.push(name); } }; walk('', 0); return seen.some((name) =>
      /secret|key\\.pem|definitions|lesson-0|gradebook|\\.ipynb$/.test(name)); })()`,
  },
  {
    name: '/proc', tries: 'walk through the processes', worksOutside: true,
    attempt: `fs.readdirSync('/proc').length > 0`,
  },
  {
    name: '/proc/1/environ', tries: 'read the environment of the first process',
    attempt: `fs.readFileSync('/proc/1/environ').length > 0`,
  },
  {
    name: '/sys', tries: 'read or change the machine', worksOutside: true,
    attempt: `fs.readdirSync('/sys').length > 0`,
  },
  {
    name: '/dev', tries: 'find devices besides null and urandom', worksOutside: true,
    attempt: `fs.readdirSync('/dev').some((name: string) => !['null', 'urandom'].includes(name))`,
  },
  {
    name: 'writable places', tries: 'write a file somewhere',
    attempt: `['/', '/tmp/', '/var/tmp/', '/dev/', '/dev/shm/', '/run/', '/course/', '/course/lib/',
      '/course/lib/dist/', '/course/grader/dist/guest/', '/course/node_modules/', '/lib/', '/usr/', './',
      process.cwd() + '/'].some((folder) => { try { fs.writeFileSync(folder + '${PLANTED}', 'x'); return true;
      } catch { return false; } })`,
  },
  {
    name: 'guest', tries: 'change what marks the next submission',
    attempt: `(fs.appendFileSync('/course/grader/dist/guest/guest.js', ''), true)`,
  },
  {
    name: 'library', tries: 'change the library of the next submission',
    attempt: `(fs.chmodSync('/course/lib/dist/index.js', 0o777), true)`,
  },
  { name: 'Node.js', tries: 'replace Node.js', attempt: `(fs.renameSync('/node', '/node2'), true)` },
  {
    name: 'symbolic link', tries: 'plant a link to a file of the machine',
    attempt: `(fs.symlinkSync('/etc/passwd', '/course/${PLANTED}'), true)`,
  },
  {
    name: 'hard link', tries: 'keep a file by a second name',
    attempt: `(fs.linkSync('/course/lib/dist/index.js', '/course/${PLANTED}'), true)`,
  },
  {
    name: 'folder', tries: 'make a folder',
    attempt: `(fs.mkdirSync('/${PLANTED}'), fs.mkdtempSync('/tmp/${PLANTED}'), true)`,
  },
  {
    name: 'addon from memory', tries: 'load machine code that it brings',
    attempt: `(() => { const file = '/tmp/${PLANTED}.node'; fs.writeFileSync(file, Buffer.from('7f454c46', 'hex'));
      (process as any).dlopen({ exports: {} }, file); return true; })()`,
  },
  {
    name: 'heap snapshot', tries: 'write its memory to a file',
    attempt: `(load('node:v8').writeHeapSnapshot('/course/${PLANTED}'), true)`,
  },
  {
    name: 'report', tries: 'write a report of the process',
    attempt: `fs.existsSync((process as any).report.writeReport('${PLANTED}.json'))`,
  },
  {
    name: 'coverage', tries: 'have a profile written',
    attempt: `(() => { process.env.NODE_V8_COVERAGE = '/course/${PLANTED}'; load('node:v8').takeCoverage();
      return fs.existsSync('/course/${PLANTED}'); })()`,
  },
  {
    name: 'watch', tries: 'watch files of the machine', worksOutside: true,
    attempt: `(() => { fs.watch('/etc').close(); return true; })()`,
  },
  // The network.
  {
    name: 'TCP', tries: 'call a server', worksOutside: true,
    attempt: `new Promise((done) => { const socket = load('node:net').connect(80, '127.0.0.1');
      socket.on('connect', () => done(true)); socket.on('error', (error: any) =>
      done(error.code === 'ECONNREFUSED')); })`,
  },
  {
    name: 'TCP server', tries: 'be a server', worksOutside: true,
    attempt: `new Promise((done) => { const server = load('node:net').createServer();
      server.on('error', () => done(false)); server.listen(0, '127.0.0.1', () => { server.close(); done(true); });
      })`,
  },
  {
    name: 'UDP', tries: 'send packets', worksOutside: true,
    attempt: `new Promise((done) => { const socket = load('node:dgram').createSocket('udp4');
      socket.on('error', () => done(false)); socket.bind(0, () => { socket.close(); done(true); }); })`,
  },
  {
    name: 'Unix socket', tries: 'talk to a daemon of the machine', worksOutside: true,
    attempt: `new Promise((done) => { const socket = load('node:net').connect('/run/docker.sock');
      socket.on('connect', () => done(true)); socket.on('error', (error: any) => done(error.code === 'ENOENT' ||
      error.code === 'ECONNREFUSED')); })`,
  },
  {
    name: 'abstract socket', tries: 'listen where there are no files', worksOutside: true,
    attempt: `new Promise((done) => { const server = load('node:net').createServer();
      server.on('error', () => done(false)); server.listen('\\0${PLANTED}', () => { server.close(); done(true); });
      })`,
  },
  {
    name: 'DNS', tries: 'tell something by a name that is looked up', worksOutside: true,
    attempt: `new Promise((done) => { load('node:dns').lookup('localhost', (error: any) => done(!error)); })`,
  },
  {
    name: 'DNS server', tries: 'ask a name server itself',
    attempt: `new Promise((done) => { const resolver = new (load('node:dns').Resolver)({ timeout: 200, tries: 1 });
      resolver.setServers(['127.0.0.1']); resolver.resolve4('x.test', (error: any) => done(!error)); })`,
  },
  {
    name: 'interfaces', tries: 'learn addresses of the machine',
    attempt: `Object.keys(load('node:os').networkInterfaces()).some((name) => name !== 'lo')`,
  },
  { name: 'fetch', tries: 'fetch a page', attempt: `fetch('http://127.0.0.1:80/').then(() => true)` },
  {
    name: 'inspector', tries: 'open a debugger for others',
    attempt: `(() => { const inspector = load('node:inspector'); inspector.open(0, '127.0.0.1'); const { url } = {
      url: inspector.url() }; inspector.close(); return url !== undefined; })()`,
  },
  // Secrets.
  {
    name: 'environment', tries: 'find a secret in the environment', worksOutside: true,
    attempt: `Object.keys(process.env).some((name) => !['PWD', 'NODE_V8_COVERAGE'].includes(name))`,
  },
  {
    name: 'arguments', tries: 'find a secret or a path of the machine in the arguments',
    attempt: `[...process.argv, ...process.execArgv, process.execPath, process.title].some((text) =>
      !/^(\\/node|\\/course\\/grader\\/dist\\/guest\\/guest|watched-\\w+)/.test(text))`,
  },
  {
    name: 'descriptors', tries: 'find descriptors that it has inherited',
    attempt: `[...Array(256).keys()].some((fd) => { try { const found = fs.fstatSync(fd);
      return fd > 2 && (found.isFile() && found.size > 0 || found.isDirectory() || found.isSocket()); } catch {
      return false; } })`,
  },
  { name: 'host name', tries: 'learn the name of the machine', attempt: `load('node:os').hostname() !== 'sandbox'` },
  {
    name: 'user', tries: 'learn who runs the grader', worksOutside: true,
    attempt: `(() => { const { username } = load('node:os').userInfo(); return username !== 'nobody'; })()`,
  },
  {
    name: 'question on the stack', tries: 'find expected values in its own memory',
    attempt: `(async () => { let text = ''; for await (const part of load('node:v8').getHeapSnapshot()) text += part;
      return [['a secret', 'of the tests'], ['run down', 'the columns'], ['White should',
      'become exactly']].some((words) => text.includes(words.join(' '))); })()`,
  },
  {
    name: 'terminal', tries: 'type into the terminal of the instructor',
    attempt: `(() => { const { isatty } = load('node:tty'); return [0, 1, 2].some((fd) => isatty(fd)) ||
      fs.openSync('/dev/tty', 'r+') > 0; })()`,
  },
];
