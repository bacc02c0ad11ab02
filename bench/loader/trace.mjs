import { register } from 'node:module';

// Preloaded into the product: notes in the file BENCH_TRACE which packages its own modules import.
register('./trace-hooks.mjs', import.meta.url);
