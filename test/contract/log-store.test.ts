import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderLogStore, MemoryLogStore } from '../../src/log/index.ts';
import { logStoreContract } from './log-store.contract.ts';

logStoreContract('memory', async () => ({
  store: new MemoryLogStore(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}));

logStoreContract('a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'log-'));
  return {
    store: new FolderLogStore(folder),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
});
