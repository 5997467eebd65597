import { useEffect, useRef } from "preact/hooks";
import { route } from "../state/route";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { now } from "../state/clock";
import { Call } from "./Call";
import { shooting } from "./Camera";
import { loadedAt } from "./cases";
import { call } from "./live";
import { loggedOut, me, reached } from "./me";
import { Me } from "./Me";
import { Queue } from "./Queue";
import { Report } from "./Report";
import { mine, stopped, waiting } from "./sender";
import { SignIn } from "./SignIn";
import { TaskList } from "./TaskList";
import { TaskPage } from "./TaskPage";
import { Notice } from "./Notice";
import { text } from "./words";

const TABS = [
  { name: "", page: "incidents", word: "tasks", sign: "M4 5h16M4 12h16M4 19h10" },
  { name: "report", page: "report", word: "report", sign: "M12 5v14M5 12h14" },
  { name: "queue", page: "queue", word: "queue", sign: "M12 19V6m-5 5 5-5 5 5" },
  { name: "me", page: "me", word: "me", sign: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20c1-4 4-5 7-5s6 1 7 5" },
] as const;

export function App() {
  const user = me.value;
  if (user === undefined) return null;
  if (user === null) return <SignIn />;
  // Who is taking a photo is not covered up: the call comes when the camera is put away.
  const calling = shooting.value ? null : call.value;
  return (
    <div class="phone">
      <div inert={calling !== null}>
        <Strips />
        <Page />
        <Tabs />
      </div>
      {calling && <Call call={calling} />}
    </div>
  );
}

function Page() {
  const { page, rest } = route.value;
  const frame = useRef<HTMLElement>(null);
  const here = [page, ...rest].join("/");
  useEffect(() => {
    scrollTo(0, 0);
    frame.current?.querySelector<HTMLElement>("h1")?.focus();
  }, [here]);
  return (
    <main ref={frame} class={`page page-${page}`}>
      {page === "task" ? <TaskPage key={rest[0]} id={rest[0] ?? ""} /> : page === "notice" ? <Notice token={rest[0] ?? ""} />
        : page === "report" ? <Report /> : page === "queue" ? <Queue /> : page === "me" ? <Me /> : <TaskList />}
    </main>
  );
}

/** What one has to know wherever one is: no network, logged out, something that needs a person. */
function Strips() {
  const { state } = text.value;
  const when = loadedAt.value && formatWhen(loadedAt.value, words.value.locale, now.value);
  return (
    <div class="strips" role="status">
      {loggedOut.value && (
        <p class="strip bad">{state.loggedOut} <button type="button" class="button" onClick={() => (me.value = null)}>{state.logIn}</button></p>
      )}
      {!reached.value && <p class="strip away">{when ? state.awayLong(when) : state.never}</p>}
      {stopped.value > 0 && <p class="strip bad"><a href="#/queue">{state.stopped(stopped.value)}</a></p>}
    </div>
  );
}

function Tabs() {
  const words = text.value;
  return (
    <nav class="tabs" aria-label={words.title}>
      {TABS.map(({ name, page, word, sign }) => (
        <a key={word} href={`#/${name}`} aria-current={route.value.page === page ? "page" : undefined}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d={sign} /></svg>
          <span>{words.tabs[word]}</span>
          {word === "queue" && mine.value.length > 0 && (
            <b class={stopped.value ? "count bad" : "count"} aria-label={words.state.waiting(waiting.value + stopped.value)}>{mine.value.length}</b>
          )}
        </a>
      ))}
    </nav>
  );
}
