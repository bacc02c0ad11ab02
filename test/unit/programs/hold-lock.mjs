// Takes the lock kept in argv[2] and holds it; `{ shareWith }` shares it.
import { tryLock } from '../../../src/sandbox/programs/lock.mjs';

const lock = tryLock(process.argv[2]);
process.on('message', ({ shareWith }) => {
  lock.shareWith(shareWith);
  process.send('shared');
});
process.send(lock ? 'held' : 'refused');
