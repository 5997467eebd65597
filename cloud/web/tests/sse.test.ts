import { describe, expect, test } from "vitest";
import { SseParser, type StreamItem } from "../src/api/sse";

const TEXT = ': keep-alive\n\nid: 7-1\nevent: incident\ndata: {"a":\ndata: 1}\n\nevent: reset\ndata:x\n\ndata: last\nid\n\n';

function parsed(pieces: readonly string[]): StreamItem[] {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

describe("the parser of server-sent events", () => {
  test("reports comments, and events with their name, joined data and id", () => {
    expect(parsed([TEXT])).toEqual([
      { kind: "comment" },
      { kind: "event", name: "incident", data: '{"a":\n1}', id: "7-1" },
      { kind: "event", name: "reset", data: "x", id: "7-1" },
      { kind: "event", name: "message", data: "last", id: "" },
    ]);
  });

  test.each(["\n", "\r\n", "\r"])("says the same wherever the text is cut, with line ends %j", (end) => {
    const text = TEXT.replaceAll("\n", end);
    const whole = parsed([text + ":"]);
    for (let cut = 0; cut <= text.length; cut += 1) {
      expect(parsed([text.slice(0, cut), text.slice(cut) + ":"])).toEqual(whole);
    }
    expect(parsed([...text, ":"])).toEqual(whole);
    expect(whole).toHaveLength(4);
  });

  test("says nothing of an event that has not ended, or has no data", () => {
    expect(parsed(["data: half\n"])).toEqual([]);
    expect(parsed(["event: empty\n\n"])).toEqual([]);
  });

  test("does not let the name of one event stick to the next", () => {
    const [, second] = parsed(["event: a\ndata: 1\n\ndata: 2\n\n"]);
    expect(second).toMatchObject({ name: "message", data: "2" });
  });

  test("skips a byte order mark, unknown fields and ids with NUL", () => {
    expect(parsed(["\uFEFFdata: 1\nretry: 5\nid: a\0b\n\n"])).toEqual([
      { kind: "event", name: "message", data: "1", id: "" },
    ]);
  });
});
