import { catalogue } from "../words/catalogue";

export const text = catalogue(
  { lately: "10 分钟告警 / 上限", flood: "告警泛滥", onDuty: "在岗" },
  { lately: "Alarms in 10 min / limit", flood: "flood", onDuty: "On shift" },
);
