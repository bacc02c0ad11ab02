// npm run build: src/ into dist/.
import { build } from './lib/build.mjs';

build().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
