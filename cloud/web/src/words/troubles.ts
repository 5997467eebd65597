/** What a node says of a device in codes, as sentences: why it does not deliver, and whose clock is wrong. */

import { formatAge } from "./format";

type Facts = Readonly<Record<string, string | number | boolean>>;

const reasons: Readonly<Record<"zh" | "en", Readonly<Record<string, string>>>> = {
  en: {
    no_answer: "Nobody answers: no power, no network, or a wrong address",
    connection_refused: "The machine answers, but its video service is off",
    name_unknown: "Its host name is not known",
    login_refused: "It refuses the user or the password",
    secret_missing: "The node has no password for it",
    hung: "It takes the connection and then says nothing: restart it",
    fault: "It answers with an error",
    no_stream: "It has no stream of this name",
    no_video: "It sends sound, but no picture",
    codec_unknown: "Its video is neither H.264 nor H.265",
    silent: "The stream is open, but nothing comes",
    no_picture: "Data come, but no picture can be made of them",
    broken: "The connection broke off",
    defect: "A defect of the node; its log says more",
  },
  zh: {
    no_answer: "无应答：断电、断网或地址有误",
    connection_refused: "设备在线，但视频服务未开启",
    name_unknown: "主机名无法解析",
    login_refused: "用户名或口令被拒",
    secret_missing: "节点缺少该设备的口令",
    hung: "连接后无响应：请重启设备",
    fault: "设备返回错误",
    no_stream: "没有该名称的视频流",
    no_video: "只有声音，没有画面",
    codec_unknown: "视频编码既非 H.264 也非 H.265",
    silent: "视频流已打开，但没有数据",
    no_picture: "有数据，但无法解出画面",
    broken: "连接中断",
    defect: "节点程序缺陷，详见其日志",
  },
};

/** Seconds a camera's clock may be off before it is said. */
export const CAMERA_CLOCK_TOLERANCE_S = 60;

/** The sentences that a device's facts come to, the reason first; none when all is well. */
export function troubles(facts: Facts, locale: string): string[] {
  const zh = locale.startsWith("zh");
  const said: string[] = [];
  const { reason, clock_offset_s: off, clock_step_s: step, clock_step_at: at, jumps } = facts;
  if (typeof reason === "string" && reason) said.push(reasons[zh ? "zh" : "en"][reason] ?? reason);
  if (typeof off === "number" && Math.abs(off) >= CAMERA_CLOCK_TOLERANCE_S) {
    const by = formatAge(Math.abs(off) * 1000, locale);
    said.push(zh ? `摄像机时钟${off > 0 ? "快" : "慢"} ${by}` : `Camera clock ${by} ${off > 0 ? "ahead" : "behind"}`);
  }
  const { undecoded, undecoded_why: why } = facts;
  if (typeof undecoded === "number" && undecoded > 0) {
    const cause = typeof why === "string" && why ? `${zh ? "：" : ": "}${why}` : "";
    said.push(zh ? `${undecoded} 条消息无法读取${cause}` : `${undecoded === 1 ? "One message" : `${undecoded} messages`} could not be read${cause}`);
  }
  if (typeof jumps === "number" && jumps > 0) {
    said.push(zh ? `视频时间跳变 ${jumps} 次` : `Its video's time jumped ${jumps === 1 ? "once" : `${jumps} times`}`);
  }
  if (typeof step === "number" && typeof at === "string") {
    const by = formatAge(Math.abs(step) * 1000, locale);
    const when = new Date(at).toLocaleString(locale);
    const way = zh ? (step > 0 ? "前" : "后") : step > 0 ? "forward" : "back";
    said.push(zh ? `节点时钟于 ${when} 向${way}调整 ${by}` : `Node clock stepped ${way} by ${by} at ${when}`);
  }
  return said;
}
