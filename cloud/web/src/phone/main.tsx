import "../look/tokens.css";
import "../look/base.css";
import "../look/phone.css";
import "../look/phone-task.css";
import "../look/phone-over.css";
import "./theme";
import { effect } from "@preact/signals";
import { render } from "preact";
import { giveUpAfter } from "../api/calls";
import { startClock } from "../state/clock";
import { App } from "./App";
import { forgetCases, recall } from "./cases";
import { recallDuty } from "./duty";
import { recallCalls, wake } from "./live";
import { me, resume } from "./me";
import { prepare } from "./offline";
import { flush, reload } from "./sender";

const root = document.getElementById("app");
if (!root) throw new Error("phone.html has no element with the id app");
// In a lift a connection stays open and says nothing; what waits must not wait for that.
giveUpAfter(30_000);
startClock();
await recall();
await recallCalls();
await recallDuty();
await reload();
await resume();
render(<App />, root);
effect(() => {
  if (me.value === null) forgetCases();
  wake();
});
void flush();
void prepare();
addEventListener("online", wake);
document.addEventListener("visibilitychange", wake);
