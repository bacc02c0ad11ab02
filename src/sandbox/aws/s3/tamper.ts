import { randomBytes } from 'node:crypto';
import { ControlError } from '../../part.ts';
import { AWS_WORLD } from '../../world.ts';
import type { Buckets } from './buckets.ts';
import { LEAST_COMMITS, TAMPERINGS } from './tamperings.ts';

/** A copy of the log's bucket that was altered, and the checkpoint that its last commit had before. */
export interface AlteredCopy {
  readonly bucket: string;
  readonly checkpoint: string;
}

/** Alters a copy of the log's bucket, lets somebody look at it, and throws it away. Throws ControlError. */
export async function tamper<Answer>(
  buckets: Buckets,
  name: string,
  look: (copy: AlteredCopy) => Promise<Answer>,
): Promise<{ text: string; answer: Answer }> {
  const tampering = TAMPERINGS.find((each) => each.name === name);
  if (tampering === undefined) throw new ControlError(`nobody can tamper with the log by ${name}`);
  const copy = `${AWS_WORLD.logBucket}-copy-${randomBytes(4).toString('hex')}`;
  try {
    const bucket = await buckets.copy(AWS_WORLD.logBucket, copy);
    const commits = bucket
      .keys()
      .filter((key) => key.startsWith('log/'))
      .flatMap((key) => bucket.current(key) ?? []);
    const newest = commits.at(-1);
    if (newest === undefined || commits.length < LEAST_COMMITS)
      throw new ControlError('The log is too short to be altered: ask for something first');
    // A commit is its records, an empty line and its checkpoint.
    const [, ...note] = (await bucket.read(newest)).toString('utf8').split('\n\n');
    await tampering.alter({ bucket, commits });
    return { text: tampering.text, answer: await look({ bucket: copy, checkpoint: note.join('\n\n') }) };
  } finally {
    await buckets.drop(copy);
  }
}
