import { catalogue } from "../words/catalogue";

const units = catalogue<Readonly<Record<string, string>>>(
  { s: "秒", min: "分钟", h: "小时", d: "天", "work min": "工作分钟", "work h": "工作小时", "work d": "个工作日" },
  { s: "s", min: "min", h: "h", d: "days", "work min": "working min", "work h": "working h", "work d": "working days" },
);

/** "4 work h" as people say it; what is not written so stays as it is. */
export function limitInWords(written: string): string {
  const parts = /^(\S+) (.+)$/.exec(written);
  const unit = parts?.[2] && units.value[parts[2]];
  return parts && unit ? `${parts[1]} ${unit}` : written;
}
