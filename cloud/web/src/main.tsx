import "leaflet/dist/leaflet.css";
import "./look/tokens.css";
import "./look/base.css";
import "./look/wall.css";
import "./look/rail.css";
import "./look/list.css";
import "./look/detail.css";
import "./look/case.css";
import "./look/care.css";
import "./look/map.css";
import "uplot/dist/uPlot.min.css";
import "./look/nodes.css";
import "./look/charts.css";
import { render } from "preact";
import { App } from "./app";
import { startClock } from "./state/clock";
import { resume } from "./state/session";

const root = document.getElementById("app");
if (!root) throw new Error("index.html has no element with the id app");
startClock();
void resume();
render(<App />, root);
// After the page is on screen: its hundred faces are only ranges until a character of one is shown.
void import("./look/fonts");
