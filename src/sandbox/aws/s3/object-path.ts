import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** File systems allow 255 bytes in a name; room is left for the version. */
const MAX_SEGMENT = 180;

/**
 * Where a version's body lies: the key as a path, then `~` and the version, so that `a` and `a/b` can both be objects.
 * Nothing in a key can lead out of the folder.
 */
export function objectPath(key: string, versionId: string): string {
  const segments = key.split('/').map(safeSegment);
  const last = segments.pop() ?? '';
  return join(...segments, `${last}~${versionId}`);
}

function safeSegment(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..')
    return `%${Buffer.from(segment).toString('hex')}`;
  const encoded = encodeURIComponent(segment).replaceAll('~', '%7E');
  if (encoded.length <= MAX_SEGMENT) return encoded;
  return `${encoded.slice(0, 100)}%${createHash('sha256').update(segment).digest('hex')}`;
}
