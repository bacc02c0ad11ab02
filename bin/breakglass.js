#!/usr/bin/env node
// The AWS SDK warns on standard error about versions of Node that this project still supports.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

// Whoever starts us over a channel, as the demo does, takes us along, however they end. From the first instant: a
// process that waits for its log bucket while it starts must go too. To listen must not keep a short command alive.
process.once('disconnect', () => process.exit());
process.channel?.unref();
if (Object.hasOwn(process, 'connected') && !process.connected) process.exit();

await import('../dist/cli/main.js');
