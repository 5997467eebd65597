import { catalogue } from "../words/catalogue";

/** Known before the page's own words are loaded. */
export const titles = catalogue({ video: "视频" }, { video: "Video" });
