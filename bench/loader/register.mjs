import { register } from 'node:module';

// What is imported after this may be TypeScript of bench/, and runs the product as it was built.
register('./hooks.mjs', import.meta.url);
