import { describe, expect, test } from "vitest";
import {
  begun, type Draft, newRuleId, newZoneId, placed, redone, stepped, undone, withCornerAfter, withoutCorner, type Zone,
} from "../src/editor/draft";
import { durationOf, fieldOf, fieldsOf, percentOf } from "../src/editor/fields";

const zone: Zone = { id: "Z1", name: { zh: "门", en: "Gate" }, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]], rules: [] };
const draft = (purpose: string): Draft => ({ zones: [zone], purpose, signage: true });

describe("steps", () => {
  test("go back and forth, and a new one forgets what was undone", () => {
    let course = stepped(stepped(begun(draft("a")), draft("b")), draft("c"));
    course = undone(course);
    expect(course.now.purpose).toBe("b");
    expect(redone(course).now.purpose).toBe("c");
    course = stepped(course, draft("d"));
    expect(redone(course).now.purpose).toBe("d");
    expect(undone(undone(undone(course))).now.purpose).toBe("a");
  });

  test("of the same thing in a row are one step back, of another not", () => {
    let course = begun(draft(""));
    for (const typed of ["w", "wo", "wor"]) course = stepped(course, draft(typed), "purpose");
    course = stepped(course, { ...course.now, signage: false }, "signage");
    expect(undone(course).now).toEqual(draft("wor"));
    expect(undone(undone(course)).now.purpose).toBe("");
  });

  test("after a step back what is typed on is a step of its own", () => {
    const typed = stepped(begun(draft("")), draft("w"), "purpose");
    const again = stepped(undone(typed), draft("x"), "purpose");
    expect(undone(again).now.purpose).toBe("");
  });

  test("that change nothing are none", () => {
    const course = begun(draft("a"));
    expect(stepped(course, draft("a"))).toBe(course);
  });
});

describe("corners", () => {
  test("stay in the picture", () => {
    expect(placed(-0.2, 1.7)).toEqual([0, 1]);
    expect(placed(0.123_456, 0.5)).toEqual([0.1235, 0.5]);
  });

  test("are added in the middle of an edge, the last one too, and three are left", () => {
    expect(withCornerAfter(zone, 0).polygon[1]).toEqual([0.5, 0]);
    expect(withCornerAfter(zone, 3).polygon[4]).toEqual([0, 0.5]);
    const three = withoutCorner(zone, 0);
    expect(three.polygon).toEqual([[1, 0], [1, 1], [0, 1]]);
    expect(withoutCorner(three, 0)).toBe(three);
  });
});

test("ids of zones and rules are free ones", () => {
  expect(newZoneId("P01-C1", [{ ...zone, id: "P01-C1-Z2" }])).toBe("P01-C1-Z3");
  const rule = { kind: "left", id: "left", event_class: "1" };
  expect([newRuleId("left", []), newRuleId("left", [rule])]).toEqual(["left", "left-2"]);
});

describe("fields", () => {
  const duration = { anyOf: [{ minimum: 0, type: "number" }, { pattern: "^\\d+(\\.\\d+)? *(ms|s|min|h|d)$", type: "string" }] };
  const share = { anyOf: [{ anyOf: [{ maximum: 1, type: "number" }, { pattern: "^\\d+(\\.\\d+)? *%$", type: "string" }] }, { type: "null" }] };

  test.each([
    ["dwell", duration, { kind: "duration", least: 0 }],
    ["share", share, { kind: "share" }],
    ["count", { minimum: 2, type: "integer" }, { kind: "count", least: 2 }],
    ["clear_count", { anyOf: [{ minimum: 1, type: "integer" }, { type: "null" }] }, { kind: "count", least: 1 }],
    ["looks", { minimum: 1, maximum: 60, type: "integer" }, { kind: "count", least: 1, most: 60 }],
    ["unknown", { enum: ["report", "ignore"], type: "string" }, { kind: "choice", of: ["report", "ignore"] }],
    ["labels", { items: { type: "string" }, type: "array" }, { kind: "labels" }],
    ["note", { type: "string" }, { kind: "text" }],
  ])("%s is known by its schema", (name, schema, kind) => expect(fieldOf(name, schema)).toEqual(kind));

  test("stand in the order people think of them, without kind and id", () => {
    const schema = { required: ["dwell"], properties: { kind: {}, id: {}, dwell: duration, clear_after: { ...duration, default: 30 }, event_class: {} } };
    expect(fieldsOf(schema).map((one) => [one.name, one.required, one.usual])).toEqual([
      ["event_class", false, null], ["dwell", true, null], ["clear_after", false, 30],
    ]);
  });

  test.each([
    ["90 s", { figure: 90, unit: "s" }], ["5 min", { figure: 5, unit: "min" }], [7200, { figure: 2, unit: "h" }],
    ["1 d", { figure: 24, unit: "h" }], ["500 ms", { figure: 0.5, unit: "s" }], [0, { figure: 0, unit: "s" }], ["soon", null], [undefined, null],
  ])("%j is a duration in figures and a unit", (given, told) => expect(durationOf(given)).toEqual(told));

  test.each([[0.3, 30], ["12.5 %", 12.5], ["much", null]])("%j is a share in percent", (given, told) => expect(percentOf(given)).toBe(told));
});
