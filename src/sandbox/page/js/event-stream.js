/** The server's events, and the way back to them after a break. */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4000;

/**
 * Follows the event stream for as long as the page is open. Each (re)connection begins with `hello` and the whole
 * state, so nothing that happened in between is missed.
 * @param {readonly string[]} types The events to pass on.
 * @param {{ event: (type: string, data: any) => void, connected: (yes: boolean) => void }} handlers
 */
export function followEvents(types, handlers) {
  let wait = FIRST_WAIT_MS;
  const connect = () => {
    const source = new EventSource('/_sandbox/events');
    for (const type of types) {
      source.addEventListener(type, (event) => {
        wait = FIRST_WAIT_MS;
        handlers.connected(true);
        handlers.event(type, JSON.parse(event.data));
      });
    }
    // The browser's own retry gives up on an HTTP error and waits longer than a person at a demo does.
    source.addEventListener('error', () => {
      source.close();
      handlers.connected(false);
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    });
  };
  connect();
}
