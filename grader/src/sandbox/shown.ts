import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { COURSE } from '../course';
import type { SandboxRequest } from './sandbox';

/** Where the course lies within a sandbox, and where Node.js does. */
export const WITHIN = '/course';
export const NODE = '/node';

/** TensorFlow's library; a link leads to the cache in which all copies of the course have it. */
const ENGINE = fs.realpathSync(path.join(COURSE, 'node_modules/@tensorflow/tfjs-node/lib/napi-v8'));

/** A file or folder of this machine, and where a sandbox sees it. */
export type Shown = readonly [here: string, within: string];

let libraries: readonly Shown[] | undefined;

/** All that a sandbox sees of this machine, none of which it can change: Node.js, what it is linked with, the named parts of the course. */
export function shownOf({ sees, tensors = false }: SandboxRequest): readonly Shown[] {
  libraries ??= [...new Set([process.execPath, path.join(ENGINE, 'tfjs_binding.node')].flatMap(librariesOf))]
    .map((file) => [fs.realpathSync(file), file]);
  return [
    ...libraries,
    [process.execPath, NODE],
    ...(tensors ? [[ENGINE, ENGINE]] as const : []),
    ...sees.map((name) => [path.join(COURSE, name), path.join(WITHIN, name)] as const),
  ];
}

/** The dynamic libraries that a program is linked with, and their loader. */
function librariesOf(program: string): string[] {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, file]) => file).filter((file) => !/tensorflow/.test(file));
}
