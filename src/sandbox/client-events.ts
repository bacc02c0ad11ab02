import type { ReceivedEvent } from './client-types.ts';

/** Parses server-sent events as they arrive; ends with the stream. The sandbox sends one `data` line for each event. */
export async function* parseEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ReceivedEvent, void, undefined> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of body) {
    pending += decoder.decode(chunk, { stream: true });
    const blocks = pending.split('\n\n');
    pending = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event !== undefined) yield event;
    }
  }
}

function parseEvent(block: string): ReceivedEvent | undefined {
  const lines = block.split('\n');
  const type = lines.find((line) => line.startsWith('event: '))?.slice(7);
  const data = lines.find((line) => line.startsWith('data: '))?.slice(6);
  if (type === undefined || data === undefined) return undefined;
  return { type, data: JSON.parse(data) } as ReceivedEvent;
}
