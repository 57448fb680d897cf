import type { Transport } from '#runtime/client/transport.ts';
import { isFields } from '../object.ts';

/** The events of one watch and how it ended: by the server, or because that many had come. */
export interface WatchedEvents {
  readonly events: readonly unknown[];
  readonly how: 'ended' | 'enough';
}

export async function watchEvents(
  transport: Transport,
  path: string,
  until: number,
  meanwhile: () => Promise<unknown>,
  accept?: string,
): Promise<WatchedEvents> {
  const stream = await transport.stream({ method: 'GET', path, ...(accept === undefined ? {} : { accept }) });
  const events: unknown[] = [];
  let text = '';
  const running = meanwhile();
  try {
    for await (const chunk of stream) {
      text += String(chunk);
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const event: unknown = JSON.parse(line);
        // How many bookmarks come is not promised.
        if (isBookmark(event) && isBookmark(events.at(-1))) continue;
        events.push(isBookmark(event) ? { type: 'BOOKMARK' } : event);
      }
      if (events.filter((event) => !isBookmark(event)).length >= until) break;
    }
  } finally {
    stream.destroy();
    await running;
  }
  const counted = events.filter((event) => !isBookmark(event));
  return {
    events: counted.length >= until ? counted.slice(0, until) : events,
    how: counted.length >= until ? 'enough' : 'ended',
  };
}

function isBookmark(event: unknown): boolean {
  return isFields(event) && event['type'] === 'BOOKMARK';
}
