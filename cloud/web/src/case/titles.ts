import { catalogue } from "../words/catalogue";

/** Titles of the pages about cases: the navigation knows them before the pages are loaded. */
export const titles = catalogue(
  { case: "案卷", handover: "交接班", replay: "历史回放" },
  { case: "Case", handover: "Hand-over", replay: "Replay" },
);
