import { expect, test } from "vitest";
import { pieceOf, scrollFor } from "../src/wall/window";

test("of a long list only what is in view is drawn, and a few rows beyond", () => {
  expect(pieceOf(2000, 70, 0, 700)).toEqual({ from: 0, to: 16 });
  expect(pieceOf(2000, 70, 70_000, 700)).toEqual({ from: 994, to: 1016 });
  expect(pieceOf(5, 70, 0, 700)).toEqual({ from: 0, to: 5 });
  expect(pieceOf(5, 70, 9_000, 700)).toEqual({ from: 5, to: 5 });
  expect(pieceOf(100, 70, -9_000, 700)).toEqual({ from: 0, to: 0 });
});

test("a row is scrolled to only as far as it takes", () => {
  expect(scrollFor(100, 70, 0, 700, 27)).toBeNull();
  expect(scrollFor(700, 70, 0, 700, 27)).toBe(70);
  expect(scrollFor(20, 70, 300, 700, 27)).toBe(0);
});
