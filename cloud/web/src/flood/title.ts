import { catalogue } from "../words/catalogue";

/** Known before the page's own words are loaded. */
export const text = catalogue({ flood: "告警质量" }, { flood: "Alarm flood" });
