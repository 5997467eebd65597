/** On which line each value of a JSON text begins, by JSON pointer (RFC 6901). Pure. */

/** The lines by pointer, from 1; the text must be JSON. */
export function linesOf(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  let at = 0;
  let line = 1;

  function blank(): void {
    for (; at < text.length && /\s/.test(text[at] ?? ""); at += 1) if (text[at] === "\n") line += 1;
  }

  function string(): string {
    const begin = at;
    for (at += 1; text[at] !== '"'; at += 1) if (text[at] === "\\") at += 1;
    at += 1;
    return JSON.parse(text.slice(begin, at)) as string;
  }

  function value(pointer: string): void {
    blank();
    found.set(pointer, line);
    if (text[at] === '"') string();
    else if (text[at] === "{" || text[at] === "[") container(pointer, text[at] === "{");
    else while (at < text.length && !/[\s,\]}]/.test(text[at] ?? "")) at += 1;
  }

  function container(pointer: string, object: boolean): void {
    at += 1;
    blank();
    for (let index = 0; text[at] !== "}" && text[at] !== "]"; index += 1) {
      const begins = line;
      const name = object ? string() : String(index);
      if (object) {
        blank();
        at += 1;
      }
      const inner = `${pointer}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`;
      value(inner);
      if (object) found.set(inner, begins);
      blank();
      if (text[at] === ",") at += 1;
      blank();
    }
    at += 1;
  }

  value("");
  return found;
}

/** The line of the nearest value around a pointer that is there. */
export function lineAt(lines: ReadonlyMap<string, number>, pointer: string): number {
  for (let one = pointer; one; one = one.slice(0, one.lastIndexOf("/"))) {
    const line = lines.get(one);
    if (line !== undefined) return line;
  }
  return 1;
}
