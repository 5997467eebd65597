import { describe, expect, test } from "vitest";
import { sentence } from "../src/words/sentences";

describe("a node's sentence", () => {
  test("is Chinese for readers of Chinese, with its figures, also as a part of several", () => {
    const said = "the new site file is refused, version 3 stays in force: nodes.0.id: missing; " +
      "this node runs version 3 of its site, the cloud still has 2";
    expect(sentence(said, "zh-CN")).toBe(
      "新站点文件被拒，版本 3 仍然有效：nodes.0.id: missing; 节点使用站点文件版本 3，云端仍为版本 2",
    );
    expect(sentence("no picture came from P02-C1 within 20 s", "zh-CN")).toBe("P02-C1 在 20 秒内没有送来画面");
  });

  test("stays as it was said where it is not known, and in English", () => {
    expect(sentence("something new", "zh-CN")).toBe("something new");
    expect(sentence("P02-C1 is no camera of this node", "en-GB")).toBe("P02-C1 is no camera of this node");
  });
});
