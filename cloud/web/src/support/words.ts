import { catalogue } from "../words/catalogue";

export const text = catalogue(
  { title: "现场需要支援", look: "看案件", read: "知道了，我来处理" },
  { title: "Support needed in the street", look: "See the case", read: "Got it: I see to it" },
);
