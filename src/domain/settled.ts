import { closedWindow } from './activity.ts';
import { isSealable, type Life, type Request } from './request.ts';

/** Keys of messages: the one that a thread hangs on, the one that says that the request is sealed. */
export const FIRST_MESSAGE = 'card';
export const LAST_MESSAGE = 'sealed';
/** What follows the seal where the workflow wants to know what went on inside the window. */
export const OBSERVED_MESSAGE = 'observed';

/** Sealed, and nothing is left to do for anybody: it may leave the state. */
export const isSettled = (request: Request): boolean =>
  request.state === 'sealed' &&
  LAST_MESSAGE in request.messages &&
  (closedWindow(request) === undefined || OBSERVED_MESSAGE in request.messages) &&
  !owesThread(request) &&
  request.summary.written === request.summary.tells;

/** It has a thread, as far as the log says, and that has not been read to its end yet. */
export const owesThread = ({ messages, thread }: Pick<Life, 'messages' | 'thread'>): boolean =>
  FIRST_MESSAGE in messages && !thread.isKept;

/** The request has ended, so that its thread may be kept for good. */
export const isThreadDue = (request: Request): boolean =>
  owesThread(request) && (request.state === 'sealed' || isSealable(request));
