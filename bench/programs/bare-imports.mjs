// Forked by the benchmark: imports what it is told to and does nothing with it. Says when it was done, in epoch milliseconds.
for (const url of JSON.parse(process.env.PACKAGES ?? '[]')) await import(url);
process.send(Date.now());
process.once('disconnect', () => process.exit());
