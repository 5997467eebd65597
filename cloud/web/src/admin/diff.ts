/** What differs between two texts, line by line. Pure. */

export interface Line {
  sign: " " | "-" | "+";
  text: string;
}

const MOST = 4_000_000;
const AROUND = 2;

/** Lines that were taken away and added, with two around each change; empty where nothing differs. */
export function diff(before: string, after: string): Line[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const middle = between(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const same = (lines: string[]): Line[] => lines.map((text) => ({ sign: " ", text }));
  if (middle.length === 0) return [];
  return near([...same(a.slice(Math.max(0, head - AROUND), head)), ...middle, ...same(a.slice(a.length - tail, a.length - tail + AROUND))]);
}

/** By the longest common subsequence; where that is too much to compute, all of one and all of the other. */
function between(a: string[], b: string[]): Line[] {
  const gone = (text: string): Line => ({ sign: "-", text });
  const come = (text: string): Line => ({ sign: "+", text });
  if (a.length * b.length > MOST) return [...a.map(gone), ...b.map(come)];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const found: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      found.push({ sign: " ", text: left });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      found.push(gone(left));
      i += 1;
    } else if (right !== undefined) {
      found.push(come(right));
      j += 1;
    }
  }
  return found;
}

/** Without what is far from any change. */
function near(lines: Line[]): Line[] {
  const changed = lines.flatMap((line, at) => (line.sign === " " ? [] : [at]));
  return lines.filter((_, at) => changed.some((one) => Math.abs(one - at) <= AROUND));
}
