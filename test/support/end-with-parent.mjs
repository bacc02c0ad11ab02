const LOOK_EVERY_MS = 1000;

/**
 * Ends this process once the channel to the one that forked it is gone, however that one went. It looks, because to
 * listen for the channel's end would keep the channel, and with it this process, alive.
 */
export function endWithParent() {
  setInterval(() => process.connected || process.exit(1), LOOK_EVERY_MS).unref();
}
