import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { follow, SILENCE_MS } from "../src/api/stream";

/** One connection of a fake cloud: what it is asked with, and levers to speak and to hang up. */
interface Connection {
  headers: Headers;
  say(text: string): void;
  end(): void;
}

const connections: Connection[] = [];
let status = 200;

function fakeFetch(_url: string, init: RequestInit): Promise<Response> {
  let lever: ReadableStreamDefaultController<Uint8Array> | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      lever = controller;
      init.signal?.addEventListener("abort", () => {
        if (lever) controller.error(new DOMException("given up", "AbortError"));
      });
    },
  });
  connections.push({
    headers: new Headers(init.headers),
    say: (text) => lever?.enqueue(new TextEncoder().encode(text)),
    end: () => {
      lever?.close();
      lever = null;
    },
  });
  return Promise.resolve(new Response(body, { status }));
}

const heard = vi.fn();
const signedOut = vi.fn();
const events: [string, string][] = [];
let life: AbortController;

function start(): Promise<void> {
  life = new AbortController();
  const handlers = { heard, signedOut, event: (name: string, data: string) => void events.push([name, data]) };
  return follow("/stream", handlers, life.signal);
}

function last(): Connection {
  return connections.at(-1) as Connection;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fakeFetch);
  connections.length = events.length = 0;
  status = 200;
});

afterEach(() => {
  life.abort();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

describe("following the stream", () => {
  test("a keep-alive counts as a sign of life", async () => {
    void start();
    await vi.advanceTimersByTimeAsync(1);
    last().say(": keep-alive\n\n");
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(events).toEqual([]);
  });

  test("resumes after the last event it saw", async () => {
    void start();
    await vi.advanceTimersByTimeAsync(1);
    expect(last().headers.has("Last-Event-ID")).toBe(false);
    last().say('event: hello\ndata: {"at":"7-3"}\n\nid: 7-4\nevent: incident\ndata: {}\n\n');
    await vi.advanceTimersByTimeAsync(1);
    last().end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(connections).toHaveLength(2);
    expect(last().headers.get("Last-Event-ID")).toBe("7-4");
    last().say('id: 7-9\nevent: hello\ndata: {"at":"7-9"}\n\n');
    await vi.advanceTimersByTimeAsync(1);
    last().end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(last().headers.get("Last-Event-ID")).toBe("7-4");
  });

  test("resumes after the hello when no event had come", async () => {
    void start();
    await vi.advanceTimersByTimeAsync(1);
    last().say('event: hello\ndata: {"at":"7-3"}\n\n');
    await vi.advanceTimersByTimeAsync(1);
    last().end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(last().headers.get("Last-Event-ID")).toBe("7-3");
  });

  test("gives up a connection that says nothing, and makes a new one", async () => {
    void start();
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
    expect(connections).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(connections).toHaveLength(2);
  });

  test("waits longer and longer while the cloud refuses, at most 10 s", async () => {
    status = 503;
    void start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connections.length).toBeGreaterThan(6);
    expect(connections.length).toBeLessThan(16);
  });

  test("stops when the session is over", async () => {
    status = 401;
    await start();
    expect(signedOut).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(connections).toHaveLength(1);
  });
});
