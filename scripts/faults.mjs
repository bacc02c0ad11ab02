// npm run faults [-- --row a,b --windows 200 --seed N --json --out FILE]: makes everything fail that can, one row after
// the other, on the product as it was built, and looks from outside at what became of the ports.
import '../bench/loader/register.mjs';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

const { faults } = await import('../bench/faults.ts');
process.exit(await faults(process.argv.slice(2)));
