// npm run bench [-- --row a,b --json --out FILE]: how fast and how large the product is as it was built, each figure beside
// the least that it could be on this machine.
import '../bench/loader/register.mjs';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

const { bench } = await import('../bench/bench.ts');
process.exit(await bench(process.argv.slice(2)));
