#!/usr/bin/env node
// The AWS SDK warns on standard error about versions of Node that this project still supports.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

await import('../dist/cli/main.js');
