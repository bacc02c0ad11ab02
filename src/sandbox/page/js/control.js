/** Calls to the sandbox's control interface. */

/** The sandbox said no, or did not answer; the message is fit to be shown. */
export class ControlError extends Error {
  name = 'ControlError';
}

/**
 * @param {string} path Below `/_sandbox/`.
 * @param {Record<string, unknown>} [body]
 * @returns {Promise<any>} The answer's JSON. @throws {ControlError}
 */
export async function control(path, body = {}) {
  let response;
  try {
    response = await fetch(`/_sandbox/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch (cause) {
    throw new ControlError('The sandbox does not answer. Is it still running?', { cause });
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ControlError(answer.error ?? `The sandbox answered ${response.status}.`);
  return answer;
}
