import type { IncomingMessage, ServerResponse } from 'node:http';
import { BadRequestError, readJson } from '../control/http-messages.ts';
import { BOT } from '../world.ts';
import { newSecretId } from './identifiers.ts';
import { checkMessageBlocks, TEXT_TRUNCATED_AT } from './limits/messages.ts';
import { edit, findVisible, post, postEphemeral, remove } from './messages.ts';
import type { Conversation, JsonObject, Message, ResponseUrl } from './model.ts';
import { SlackError } from './slack-error.ts';
import type { Workspace } from './workspace.ts';

/** docs.slack.dev/interactivity/handling-user-interaction: five answers within thirty minutes. */
const MAX_USES = 5;
const LIFETIME_MS = 30 * 60_000;
const BODY_LIMIT_BYTES = 1_000_000;

/** Makes the address that answers one gesture; `message` is the one whose element was used. */
export function issueResponseUrl(
  workspace: Workspace,
  baseUrl: string,
  user: string,
  channel: Conversation,
  message?: Message,
): { url: string; record: ResponseUrl } {
  const record: ResponseUrl = {
    id: newSecretId(),
    user,
    channel: channel.id,
    uses: 0,
    createdAt: workspace.now(),
    ...(message && { messageTs: message.ts }),
    // A message that only has a thread below it stands in the channel itself.
    ...(message?.thread_ts !== undefined &&
      message.thread_ts !== message.ts && { threadTs: message.thread_ts }),
  };
  const { state } = workspace;
  state.responseUrls = state.responseUrls.filter(
    (other) => workspace.now() - other.createdAt < 2 * LIFETIME_MS,
  );
  state.responseUrls.push(record);
  workspace.changed();
  return { url: `${baseUrl}/response/${record.id}`, record };
}

/** `POST /response/<id>`. */
export async function handleResponseUrl(
  workspace: Workspace,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
): Promise<void> {
  try {
    const body = await readJson(request, BODY_LIMIT_BYTES);
    const record = workspace.state.responseUrls.find((candidate) => candidate.id === id);
    if (record === undefined || workspace.now() - record.createdAt > LIFETIME_MS)
      throw new SlackError('expired_url');
    if (record.uses >= MAX_USES) throw new SlackError('used_url');
    applyResponse(workspace, record, body);
    record.uses += 1;
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
  } catch (error) {
    if (!(error instanceof SlackError) && !(error instanceof BadRequestError)) throw error;
    const gone = error instanceof SlackError && error.code.endsWith('_url');
    response.writeHead(gone ? 404 : 400, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ ok: false, error: error instanceof SlackError ? error.code : 'invalid_payload' }),
    );
  }
}

/**
 * Shows an answer to a gesture: ephemeral unless it says otherwise; or it replaces or removes the message it belongs
 * to. Also for what a command's acknowledgement carries. Throws SlackError.
 */
export function applyResponse(
  workspace: Workspace,
  record: ResponseUrl,
  body: JsonObject,
): Message | undefined {
  const channel = workspace.findConversation(record.channel);
  if (channel === undefined) throw new SlackError('channel_not_found');
  const original =
    record.messageTs === undefined
      ? undefined
      : findVisible(workspace, channel, record.messageTs, record.user);
  if (body['delete_original'] === true) {
    if (original === undefined) throw new SlackError('message_not_found');
    remove(workspace, channel, original);
    return undefined;
  }
  const text = typeof body['text'] === 'string' ? body['text'].slice(0, TEXT_TRUNCATED_AT) : '';
  const blocks = body['blocks'] === undefined ? undefined : checkMessageBlocks(body['blocks']);
  if (text === '' && blocks === undefined) throw new SlackError('no_text');
  if (body['replace_original'] === true && original !== undefined) {
    edit(workspace, channel, original, { text, blocks: blocks ?? [] });
    return original;
  }
  const draft = { text, blocks, threadTs: threadOf(body, record) };
  return body['response_type'] === 'in_channel'
    ? post(workspace, channel, BOT.userId, draft)
    : postEphemeral(workspace, channel, record.user, draft);
}

/** An answer to a click inside a thread stays in that thread. */
function threadOf(body: JsonObject, record: ResponseUrl): string | undefined {
  return typeof body['thread_ts'] === 'string' ? body['thread_ts'] : record.threadTs;
}
