import { describe, expect, test } from "vitest";
import { formatAge, formatPercent, formatQuantity, formatWhen } from "../src/words/format";

describe("an age", () => {
  const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];

  test.each([
    [-5 * second, "0s", "0秒"],
    [59_999, "59s", "59秒"],
    [minute, "1m 0s", "1分钟 0秒"],
    [3 * minute + 5 * second, "3m 5s", "3分钟 5秒"],
    [hour - 1, "59m 59s", "59分钟 59秒"],
    [hour + 7 * minute, "1h 7m", "1小时 7分钟"],
    [day - 1, "23h 59m", "23小时 59分钟"],
    [4 * day + hour, "4d 1h", "4天 1小时"],
  ])("of %d ms is said in its two largest units", (ms, english, chinese) => {
    expect(formatAge(ms, "en-GB")).toBe(english);
    expect(formatAge(ms, "zh-CN")).toBe(chinese);
  });
});

describe("times and figures", () => {
  const now = new Date(2026, 10, 22, 15, 0, 0).getTime();

  test("a moment of today has no date, another day's has", () => {
    expect(formatWhen(new Date(2026, 10, 22, 7, 4, 9).toISOString(), "zh-CN", now)).toBe("07:04:09");
    expect(formatWhen(new Date(2026, 10, 21, 7, 4, 9).toISOString(), "en-GB", now)).toBe("21/11, 07:04:09");
  });

  test("units are written as people write them", () => {
    expect(formatQuantity(61.257, "Cel", "zh-CN")).toBe("61.26 °C");
    expect(formatQuantity(1421, "mA", "en-GB")).toBe("1,421 mA");
    expect(formatQuantity(-0.36, "uT", "zh-CN")).toBe("-0.36 µT");
    expect(formatQuantity(54, "%EL", "en-GB")).toBe("54 %");
    expect(formatQuantity(1, "1", "zh-CN")).toBe("1");
    expect(formatQuantity(-0.001, "s", "en-GB")).toBe("0 s");
    expect(formatPercent(0.914, "zh-CN")).toBe("91%");
  });
});
