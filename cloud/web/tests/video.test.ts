import { describe, expect, test } from "vitest";
import { matching, ordered, pageCount, pageOf, pageWith, type Seen } from "../src/video/paging";
import { jump, parseStill } from "../src/video/protocol";

function seen(id: string, grid = "G01", community = "C01"): Seen {
  const name = (text: string) => ({ zh: `${text}号`, en: `No ${text}` });
  return {
    id, name: name(id), point: id.slice(0, 3), pointName: name(`点${id.slice(0, 3)}`),
    grid, gridName: name(grid), community, communityName: name(community),
  };
}

describe("paging", () => {
  const street = ordered([seen("P03-C1", "G02", "C02"), seen("P02-C1", "G09"), seen("P01-C2"), seen("P01-C1")]);

  test("cameras stand by community, grid and point", () => {
    expect(street.map((one) => one.id)).toEqual(["P01-C1", "P01-C2", "P02-C1", "P03-C1"]);
  });

  test("every word must be said somewhere, and the area hold", () => {
    expect(matching(street, "p01 c2", "").map((one) => one.id)).toEqual(["P01-C2"]);
    expect(matching(street, "G09号", "").map((one) => one.id)).toEqual(["P02-C1"]);
    expect(matching(street, "", "C02").map((one) => one.id)).toEqual(["P03-C1"]);
    expect(matching(street, "p01", "C02")).toEqual([]);
  });

  test("a page beyond the last is the last, and none is one empty page", () => {
    const many = Array.from({ length: 38 }, (_, n) => seen(`P${String(n + 10)}-C1`));
    expect(pageCount(38, 9)).toBe(5);
    expect(pageOf(many, 4, 9)).toHaveLength(2);
    expect(pageOf(many, 99, 9)).toEqual(pageOf(many, 4, 9));
    expect(pageCount(0, 9)).toBe(1);
    expect(pageWith(many, "P30-C1", 9)).toBe(2);
    expect(pageWith(many, "P30-C1", 16)).toBe(1);
    expect(pageWith(many, "nobody", 9)).toBeNull();
  });
});

describe("the player", () => {
  test("stays where it is while it is near the newest", () => {
    expect(jump(10, [[9, 10.5]])).toBeNull();
    expect(jump(10, [])).toBeNull();
  });

  test("goes on at the newest when it is behind, also over a gap", () => {
    expect(jump(10, [[9, 14]])).toBeCloseTo(13.85);
    expect(jump(10, [[9, 10.1], [12, 12.05]])).toBe(12);
  });

  test("begins where the picture begins, and comes back from beyond it", () => {
    expect(jump(0, [[0.5, 1]])).toBe(0.5);
    expect(jump(0, [[500, 502]])).toBeCloseTo(501.85);
    expect(jump(900, [[5, 6]])).toBeCloseTo(5.85);
  });

  test("jumps a short gap at once", () => {
    expect(jump(10.2, [[9, 10.1], [10.4, 10.6]])).toBe(10.4);
  });
});

test("a still is its head and its picture", () => {
  const head = new TextEncoder().encode('{"camera":"P01-C1","age":1.5}');
  const data = new Uint8Array([0, head.length, ...head, 0xff, 0xd8, 1, 2]);
  const still = parseStill(data.buffer);
  expect([still.camera, still.age, [...still.jpeg]]).toEqual(["P01-C1", 1.5, [0xff, 0xd8, 1, 2]]);
});
