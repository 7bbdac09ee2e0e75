import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The library's own folder: its sources hold the page's scripts, its build the modules that they need. */
const LIB = path.resolve(__dirname, '..', '..');
const [SRC, DIST] = [path.join(LIB, 'src'), path.join(LIB, 'dist')];

/** What cannot run in a page, by its place in the library (or the package's name), and what runs there instead. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['ndarray', 'browser-page/in-page/ndarray'],
  ['preprocessing/resize', 'browser-page/in-page/resize'],
  ['tensorflow/index', 'browser-page/page/tensorflow'],
]);

/**
 * Joins CommonJS modules of the library, from one on, into a script for a page: the page prepares pictures by the very
 * code of the library, so that a model sees the same numbers there.
 *
 * @param entry the module that starts everything, from the library's `src`, such as `browser-page/page/main`
 * @throws Error if the library is not built, or a module needs what a page has not
 */
export function linkModules(entry: string): string {
  const modules: string[] = [];
  const known = new Set<string>();
  const add = (name: string): void => {
    if (known.has(name)) return;
    known.add(name);
    const code = readFileSync(fileOf(name), 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '');
    const rewritten = code.replace(/\brequire\((['"])(.+?)\1\)/g, (_, __, request: string) => {
      const wanted = nameOf(request, name);
      add(wanted);
      return `require(${JSON.stringify(wanted)})`;
    });
    modules.push(`${JSON.stringify(name)}(exports, module, require) {\n${rewritten}\n}`);
  };
  add(entry);
  return [
    '(() => {',
    `const modules = {\n${modules.join(',\n')}\n};`,
    'const loaded = {};',
    'const load = (name) => {',
    '  const module = loaded[name] ??= { exports: {} };',
    '  const define = modules[name];',
    '  delete modules[name];',
    '  define?.(module.exports, module, load);',
    '  return module.exports;',
    '};',
    `load(${JSON.stringify(entry)});`,
    '})();',
  ].join('\n');
}

/** What a module means by `require(request)`, as a path from the library's `src`. */
function nameOf(request: string, from: string): string {
  const place = request.startsWith('.') ? path.posix.join(path.posix.dirname(from), request) : request;
  const name = [place, `${place}/index`].find((candidate) => INSTEAD.has(candidate) || existsSync(fileOf(candidate)));
  if (name === undefined || (place === request && !INSTEAD.has(place))) {
    throw new Error(
      `exportForBrowser: ${from} needs ${request}, which a page has not. If the library is not built, run ` +
        '"npm run setup".',
    );
  }
  return INSTEAD.get(name) ?? name;
}

/** The page's own scripts are JavaScript; everything else is compiled. */
function fileOf(name: string): string {
  const script = path.join(SRC, `${name}.js`);
  return existsSync(script) ? script : path.join(DIST, `${name}.js`);
}
