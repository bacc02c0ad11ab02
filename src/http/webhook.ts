import pRetry from 'p-retry';

/** What a webhook is sent. */
export type Delivery = { readonly contentType: string; readonly body: string };

/** One attempt must leave time for another. */
const ATTEMPT_MS = 2_000;

/** An answer that no repetition will change. */
class NotTaken extends Error {}

/** POSTs until it is taken, four times at most, within so many milliseconds. Errors name no URL: it is a secret. */
export function deliver(url: string, delivery: Delivery, withinMs: number): Promise<void> {
  const until = AbortSignal.timeout(withinMs);
  return pRetry(() => post(url, delivery, until), {
    retries: 3,
    minTimeout: 100,
    factor: 3,
    signal: until,
    shouldRetry: ({ error }) => !(error instanceof NotTaken),
  });
}

async function post(url: string, { contentType, body }: Delivery, until: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
    // An alert says what is open: it goes where it was sent and nowhere else.
    redirect: 'manual',
    signal: AbortSignal.any([until, AbortSignal.timeout(ATTEMPT_MS)]),
  }).catch((cause: unknown) => {
    throw new Error('the webhook could not be reached', { cause });
  });
  await response.body?.cancel();
  if (response.ok) return;
  const text = `the webhook answered ${response.status}`;
  throw response.status >= 500 || response.status === 429 ? new Error(text) : new NotTaken(text);
}
