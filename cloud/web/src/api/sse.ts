/** What one server-sent-events stream says, in order. A comment is kept: it is the sign of life. */
export type StreamItem =
  | { kind: "comment" }
  | { kind: "event"; name: string; data: string; id: string };

/**
 * A parser of `text/event-stream` (WHATWG HTML, section 9.2.6) that takes text in any pieces.
 *
 * It differs from the browser's EventSource in one thing: comments are reported. The cloud's
 * keep-alives are comments, and a wall must know whether the stream lives.
 */
export class SseParser {
  #rest = "";
  #data: string[] = [];
  #name = "";
  #id = "";
  #started = false;

  push(text: string): StreamItem[] {
    let input = this.#rest + text;
    if (!this.#started && input.length > 0) {
      this.#started = true;
      if (input.startsWith("\uFEFF")) input = input.slice(1);
    }
    const items: StreamItem[] = [];
    let from = 0;
    for (;;) {
      const end = lineEnd(input, from);
      if (end === null) break;
      this.#line(input.slice(from, end.at), items);
      from = end.next;
    }
    this.#rest = input.slice(from);
    return items;
  }

  #line(line: string, items: StreamItem[]): void {
    if (line === "") {
      if (this.#data.length > 0) {
        items.push({ kind: "event", name: this.#name || "message", data: this.#data.join("\n"), id: this.#id });
      }
      this.#data = [];
      this.#name = "";
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) {
      items.push({ kind: "comment" });
      return;
    }
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#name = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }
}

/** Where the line from `from` ends. A CR at the very end may be half of a CRLF, so it waits for more. */
function lineEnd(text: string, from: number): { at: number; next: number } | null {
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char === "\n") return { at, next: at + 1 };
    if (char === "\r") {
      if (at + 1 === text.length) return null;
      return { at, next: text[at + 1] === "\n" ? at + 2 : at + 1 };
    }
  }
  return null;
}
