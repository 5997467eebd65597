import "leaflet/dist/leaflet.css";
import "./look/tokens.css";
import "./look/base.css";
import "./look/wall.css";
import "./look/list.css";
import "./look/detail.css";
import "./look/case.css";
import "./look/map.css";
import { render } from "preact";
import { App } from "./app";
import { startClock } from "./state/clock";
import { resume } from "./state/session";

const root = document.getElementById("app");
if (!root) throw new Error("index.html has no element with the id app");
startClock();
void resume();
render(<App />, root);
