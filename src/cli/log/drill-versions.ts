import type { ObjectLock, ObjectVersion, VersionedStore } from '../../log/versions.ts';

export const STORED_AT = Date.parse('2026-03-01T12:00:00Z');
export const RETAIN_MS = 365 * 86_400_000;

/** What a bucket would know of the drill's objects. Everything else is as it should be: one version each, locked. */
export type Versions = {
  /** Other locks than the promised one; undefined: none. */
  readonly locks: Map<string, ObjectLock | undefined>;
  /** Keys with a delete marker. */
  readonly markers: Set<string>;
  /** Keys with a version before the current one. */
  readonly older: Set<string>;
};

export const untouchedVersions = (): Versions => ({ locks: new Map(), markers: new Set(), older: new Set() });

/** The promise broken by a day. */
export const shortLock: ObjectLock = { mode: 'COMPLIANCE', until: STORED_AT + RETAIN_MS - 86_400_000 };

const PROMISED: ObjectLock = { mode: 'COMPLIANCE', until: STORED_AT + RETAIN_MS };

/** A bucket of the drill: S3 itself would not let anybody do all that is tried on it. */
export class DrillVersions implements VersionedStore {
  readonly #keys: readonly string[];
  readonly #versions: Versions;

  constructor(objects: ReadonlyMap<string, unknown>, versions: Versions) {
    this.#keys = [...new Set([...objects.keys(), ...versions.markers])].toSorted();
    this.#versions = versions;
  }

  async *versions(): AsyncGenerator<ObjectVersion> {
    const { markers, older } = this.#versions;
    for (const key of this.#keys) {
      const version = { key, isDeleteMarker: false, storedAt: STORED_AT };
      if (markers.has(key)) yield { ...version, versionId: 'marker', isDeleteMarker: true };
      yield { ...version, versionId: 'current' };
      if (older.has(key)) yield { ...version, versionId: 'older' };
    }
  }

  lockOf({ key }: ObjectVersion): Promise<ObjectLock | undefined> {
    const { locks } = this.#versions;
    return Promise.resolve(locks.has(key) ? locks.get(key) : PROMISED);
  }
}
