import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from './crc32';
import { fromBufferPromise, openPromise, type Entry, type ZipFile } from 'yauzl';
import { countText } from '../arrays';

/** How much a zip file may hold: a small one can promise, or unpack to, more than any disk has. */
export interface ArchiveLimits {
  readonly members: number;
  /** Bytes of one member, unpacked. */
  readonly memberSize: number;
  /** Bytes of all members together, unpacked. */
  readonly totalSize: number;
}

export interface UnpackOptions {
  /** What messages call the archive, whatever its file is called now. */
  readonly name: string;
  readonly limits: ArchiveLimits;
  /** Where a member lands, relative to the folder; undefined for one that is not wanted. */
  readonly pathOf: (member: string) => string | undefined;
  /** Bytes unpacked so far, and in all. */
  readonly onBytes?: (unpacked: number, total: number) => void;
}

/**
 * Unpacks the wanted members of a zip file into a folder, and returns the SHA-256 of each by its path there.
 *
 * All members are judged before the first is written, wanted or not: names that lead out of the folder (`../`,
 * absolute, with drive letters or backslashes), that are too long, invisible or there twice; links and devices;
 * encrypted members; too many or too large ones. While it is unpacked, a member must have just the length and the
 * CRC-32 that it promises.
 *
 * @throws Error that names the member and what is wrong with it; then the folder is of no use
 */
export async function unpackArchive(
  file: string,
  folder: string,
  { name, limits, pathOf, onBytes = () => {} }: UnpackOptions,
): Promise<Map<string, string>> {
  const zip = await openPromise(file, { autoClose: false, strictFileNames: true }).catch((error: Error) => {
    throw explained(name, error);
  });
  try {
    const { wanted, total } = await wantedMembers(zip, name, limits, pathOf);
    const checksums = new Map<string, string>();
    let unpacked = 0;
    onBytes(unpacked, total);
    for (const { member, target } of wanted) {
      const content = await unpackMember(zip, member, name);
      await mkdir(path.join(folder, path.dirname(target)), { recursive: true });
      await writeFile(path.join(folder, target), content, { flag: 'wx' });
      checksums.set(target, createHash('sha256').update(content).digest('hex'));
      unpacked += content.length;
      onBytes(unpacked, total);
    }
    return checksums;
  } finally {
    zip.close();
  }
}

/**
 * The wanted members of a zip file in memory, one after the other, judged as {@link unpackArchive} judges them.
 *
 * @throws Error that names the member and what is wrong with it; then those that came before are of no use
 */
export async function* membersOf(
  bytes: Buffer,
  { name, limits, pathOf }: Omit<UnpackOptions, 'onBytes'>,
): AsyncGenerator<{ readonly path: string; readonly content: Uint8Array }> {
  const zip = await fromBufferPromise(bytes, { strictFileNames: true }).catch((error: Error) => {
    throw explained(name, error);
  });
  const { wanted } = await wantedMembers(zip, name, limits, pathOf);
  for (const { member, target } of wanted) yield { path: target, content: await unpackMember(zip, member, name) };
}

interface WantedMembers {
  readonly wanted: readonly { readonly member: Entry; readonly target: string }[];
  /** Bytes of them, unpacked. */
  readonly total: number;
}

async function wantedMembers(
  zip: ZipFile, name: string, limits: ArchiveLimits, pathOf: UnpackOptions['pathOf'],
): Promise<WantedMembers> {
  const wanted = (await judgeMembers(zip, name, limits)).flatMap((member) => {
    const target = pathOf(member.fileName);
    return target === undefined ? [] : [{ member, target }];
  });
  return { wanted, total: wanted.reduce((sum, { member }) => sum + member.uncompressedSize, 0) };
}

/** Errors of the file system stay as they are; those of the format name the archive. */
function explained(name: string, error: Error): Error {
  if ((error as NodeJS.ErrnoException).code?.startsWith('E')) return error;
  return new Error(`${name}: got no whole, harmless zip file (${error.message}), expected one.`);
}

async function judgeMembers(zip: ZipFile, name: string, limits: ArchiveLimits): Promise<Entry[]> {
  const refuse = (got: string, expected: string): never => {
    throw new Error(`${name}: got ${got}, expected ${expected}. It is not the right file, and nothing of it is used.`);
  };
  if (zip.entryCount > limits.members)
    refuse(`${countText(zip.entryCount)} members`, `at most ${countText(limits.members)}`);
  const members: Entry[] = [];
  const seen = new Set<string>();
  let total = 0;
  const entries = zip.eachEntry();
  for (;;) {
    const { done, value: member } = await entries.next().catch((error: Error) => {
      throw explained(name, error);
    });
    if (done) return members;
    const { fileName, uncompressedSize } = member;
    // Shown as JSON, because a name may hold anything.
    const shown = JSON.stringify(fileName.slice(0, 80));
    if (fileName.length > maxNameLength)
      refuse(`a name of ${countText(fileName.length)} characters (${shown}...)`, `at most ${maxNameLength}`);
    if (/\p{C}/u.test(fileName)) refuse(`invisible characters in the name ${shown}`, 'none');
    // Disks of macOS and Windows take names for the same that differ in case or in how an accent is written.
    const key = fileName.normalize('NFC').toLowerCase();
    if (seen.has(key)) refuse(`${shown} twice`, 'each name once');
    seen.add(key);
    const type = (member.externalFileAttributes >>> 16) & 0o170000;
    if (type !== 0 && type !== regularFile && type !== directory)
      refuse(`${shown}, which is a link or a device`, 'files and folders only');
    if (member.isEncrypted()) refuse(`${shown}, which is encrypted`, 'members that can be read');
    if (!member.canDecodeFileData())
      refuse(`${shown}, packed by method ${member.compressionMethod}`, 'deflated or stored members');
    total += uncompressedSize;
    if (uncompressedSize > limits.memberSize)
      refuse(`${shown} with ${countText(uncompressedSize)} bytes`, `at most ${countText(limits.memberSize)}`);
    if (total > limits.totalSize) refuse('more bytes in all', `at most ${countText(limits.totalSize)} (unpacked)`);
    if (!fileName.endsWith('/')) members.push(member);
  }
}

const maxNameLength = 200;
const regularFile = 0o100000;
const directory = 0o040000;

/**
 * yauzl ends the stream with an error at the first byte more than promised, so a bomb gets no further than the limits.
 */
async function unpackMember(zip: ZipFile, member: Entry, name: string): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of await zip.openReadStreamPromise(member)) pieces.push(piece as Buffer);
  } catch (error) {
    throw explained(`${name}: ${member.fileName}`, error as Error);
  }
  const content = Buffer.concat(pieces);
  const checksum = crc32(content);
  if (checksum !== member.crc32) {
    const hex = (value: number): string => value.toString(16).padStart(8, '0');
    throw new Error(
      `${name}: ${member.fileName}: got the CRC-32 ${hex(checksum)}, expected ${hex(member.crc32)}. ` +
        'The file is damaged: fetch it again.',
    );
  }
  return content;
}
