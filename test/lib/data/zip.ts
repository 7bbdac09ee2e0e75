import { crc32, deflateRawSync } from 'node:zlib';

/** A member of a zip file; what is not given is as it should be. */
export interface ZipMember {
  readonly name: string;
  readonly content?: Uint8Array;
  readonly method?: number;
  readonly crc?: number;
  /** The length that the headers promise. */
  readonly size?: number;
  readonly flags?: number;
  /** The upper half are Unix's mode bits. */
  readonly attributes?: number;
  /** The packed bytes. */
  readonly packed?: Uint8Array;
}

export const deflated = 8;
export const stored = 0;

/** A zip file made by hand from APPNOTE.TXT's records, so that it can also be one that no program would make. */
export function zipOf(members: readonly ZipMember[], { count = members.length, comment = '' } = {}): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const content = member.content ?? Buffer.alloc(0);
    const method = member.method ?? deflated;
    const packed = member.packed ?? (method === deflated ? deflateRawSync(content) : content);
    const name = Buffer.from(member.name);
    // Version needed, flags (bit 11: names in UTF-8), method, time, date, CRC-32, packed size, size, lengths of name
    // and extra.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE((member.flags ?? 0) | 0x800, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(member.crc ?? crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(member.size ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const localRecord = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(member.attributes ?? 0, 6);
    tail.writeUInt32LE(offset, 10);
    // Version made by: 3 is Unix, in whose way the attributes are read.
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, tail, name]));
    local.push(localRecord);
    offset += localRecord.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...local, directory, end, Buffer.from(comment, 'latin1')]);
}
