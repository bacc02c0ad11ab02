import { parseCheckpoint, type Checkpoint } from '../../log/checkpoint.ts';

/**
 * Every checkpoint in a text that somebody has kept: signed notes, their texts alone, or messages copied from a channel with
 * whatever stands around them. Signatures are left out of account: whoever kept the text vouches for it.
 */
export function checkpointsIn(text: string): Checkpoint[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.flatMap((_, start) => {
    const [origin, size, rootHash] = lines.slice(start, start + 3);
    return parseCheckpoint(`${origin}\n${size}\n${rootHash}\n`) ?? [];
  });
}
