import { catalogue } from "../words/catalogue";

/** What the page is called in the navigation: known before its code is loaded. */
export const titles = catalogue({ editor: "区域与规则" }, { editor: "Zones and rules" });
