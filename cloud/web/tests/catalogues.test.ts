import { describe, expect, test, vi } from "vitest";
import { all } from "../src/words/catalogue";
import { en } from "../src/words/en";
import { zh } from "../src/words/zh";

vi.mock("../src/words/index", () => ({ language: { value: "zh" } }));

const modules = import.meta.glob("../src/**/*.{ts,tsx}");
const sources = import.meta.glob<string>("../src/**/*.{ts,tsx}", { eager: true, query: "?raw", import: "default" });

/** The type of a text in both languages: what has it is complete, or does not compile. */
const PAIR = "[zh: string, en: string]";
const makers = Object.keys(sources).filter((path) => /= catalogue(<.*>)?\(/.test(sources[path] ?? ""));
await Promise.all(makers.map((path) => modules[path]?.()));

/** Every path of a catalogue with the kind of value that stands there; a choice of words counts as many as it has. */
function paths(value: unknown, at = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${at}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, `${at}.${key}`));
}

/** What it says; of a sentence with gaps its own text as it was written. */
function texts(value: unknown): string[] {
  if (typeof value === "string" || typeof value === "function") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

const HAN = /\p{Script=Han}/u;
/** The name of the other language, and the alarm that is raised in both. */
const IN_BOTH = new Set(["中文", "切换到中文", "数据中断"]);

describe("the words", () => {
  test("of every page are found", () => {
    expect(makers).toContain("../src/wall/words.ts");
    expect(all.length).toBeGreaterThanOrEqual(makers.length);
  });

  test.each([["the wall", { zh, en }] as const, ...all.map((one, at) => [`catalogue ${at}`, one] as const)])(
    "of %s are complete in both languages, and the English ones English",
    (_, words) => {
      expect(paths(words.en)).toEqual(paths(words.zh));
      expect([...texts(words.en), ...texts(words.zh)].filter((text) => text.trim() === "")).toEqual([]);
      expect(texts(words.en).filter((text) => HAN.test(text) && !IN_BOTH.has(text))).toEqual([]);
    },
  );

  test("stand in the catalogues and nowhere else", () => {
    const elsewhere = Object.entries(sources).filter(
      ([path, source]) => !path.startsWith("../src/words/") && !makers.includes(path) && !source.includes(PAIR),
    );
    expect(elsewhere.length).toBeGreaterThan(10);
    const found = elsewhere.flatMap(([path, source]) => strayWords(source).map((text) => `${path}: ${text}`));
    expect(found).toEqual([]);
  });
});

/** Chinese anywhere but in a remark, and English between tags or in what a screen reader says. */
function strayWords(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const said = /(?:aria-label|title|alt|placeholder)="([^"]*[A-Za-z]{2}[^"]*)"|<(?!kbd)[a-z0-9]+[^<>]*>\s*([A-Za-z][^<>{}=;]*)<\//g;
  return [
    ...code.split("\n").filter((line) => HAN.test(line)),
    ...[...code.matchAll(said)].map((match) => match[0]),
  ];
}
