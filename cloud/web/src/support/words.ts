import { catalogue } from "../words/catalogue";

export const text = catalogue(
  {
    title: "现场需要支援", look: "看案件", read: "知道了，我来处理",
    notices: (count: number) => `通知 ${count} 条`, known: "知道了",
  },
  {
    title: "Support needed in the street", look: "See the case", read: "Got it: I see to it",
    notices: (count: number) => (count === 1 ? "1 notice" : `${count} notices`), known: "Got it",
  },
);
