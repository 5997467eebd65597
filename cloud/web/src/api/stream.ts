import { SseParser } from "./sse";

/** Without any sign of life for this long a connection is given up and made anew. */
export const SILENCE_MS = 12_000;
const BACKOFF_MS = [500, 1_000, 2_000, 4_000, 8_000] as const;

export interface StreamHandlers {
  /** One event; `id` is "" where the server gave none. */
  event(name: string, data: string): void;
  /** Anything at all arrived, a keep-alive too. */
  heard(): void;
  /** The session is over: no further attempt is made. */
  signedOut(): void;
}

/**
 * Follow the cloud's stream until `signal` aborts: resumes after the last event seen and
 * reconnects with growing waits. EventSource would do all of it but hides keep-alives.
 */
export async function follow(url: string, handlers: StreamHandlers, signal: AbortSignal): Promise<void> {
  let cursor = "";
  let failures = 0;
  while (!signal.aborted) {
    const attempt = new AbortController();
    const giveUp = (): void => attempt.abort();
    signal.addEventListener("abort", giveUp, { once: true });
    let silence = setTimeout(giveUp, SILENCE_MS);
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (cursor) headers["Last-Event-ID"] = cursor;
      const response = await fetch(url, { headers, signal: attempt.signal, cache: "no-store" });
      if (response.status === 401) {
        handlers.signedOut();
        return;
      }
      if (response.ok && response.body) {
        const parser = new SseParser();
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          failures = 0;
          clearTimeout(silence);
          silence = setTimeout(giveUp, SILENCE_MS);
          handlers.heard();
          for (const item of parser.push(value)) {
            if (item.kind === "comment") continue;
            // `hello` names the head of the stream: it is a cursor only for who has none yet.
            if (item.name !== "hello") cursor = item.id || cursor;
            else if (!cursor) cursor = cursorOfHello(item.data);
            handlers.event(item.name, item.data);
          }
        }
      }
    } catch (error) {
      // A broken or aborted connection is why this loop exists; a fault of our own is not.
      if (!(error instanceof TypeError) && !(error instanceof DOMException)) throw error;
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", giveUp);
      attempt.abort();
    }
    const wait = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 8_000;
    failures += 1;
    await pause(wait * (0.75 + Math.random() / 2), signal);
  }
}

function cursorOfHello(data: string): string {
  const hello = JSON.parse(data) as { at?: string };
  return hello.at ?? "";
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, signal.aborted ? 0 : ms);
    signal.addEventListener("abort", done);
  });
}
