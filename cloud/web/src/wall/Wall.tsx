import { useEffect } from "preact/hooks";
import type { Session } from "../api/types";
import { GridMap } from "../map/GridMap";
import { opened, waiting } from "../state/incidents";
import { announcement, goLive, loadFailed } from "../state/live";
import { pane } from "../state/panes";
import { page } from "../state/route";
import { words } from "../words";
import { Detail } from "./Detail";
import { FootLine } from "./FootLine";
import { Help } from "./Help";
import { IncidentList } from "./IncidentList";
import { Lazy } from "./Lazy";
import { LostBar } from "./LostBar";
import { Picture } from "./Picture";
import { TopBar } from "./TopBar";
import { onKey } from "./keys";
import { PAGES } from "./pages";

export function Wall({ session }: { session: Session }) {
  useEffect(goLive, []);
  useEffect(() => {
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  const text = words.value;
  const count = waiting.value.length;
  const beside = PAGES.find((one) => one.name === page.value);
  useEffect(() => {
    document.title = `${count > 0 ? `(${count}) ` : ""}${text.product} · ${text.wall}`;
  }, [count, text]);
  return (
    <div class="wall" data-pane={pane.value} data-opened={opened.value} data-screen={page.value}>
      <TopBar session={session} />
      <LostBar />
      {loadFailed.value && <p class="load-failed" role="alert">{text.live.loadFailed}</p>}
      {beside ? (
        <Lazy page={beside} />
      ) : (
        <main class="wall-main">
          <IncidentList />
          <GridMap />
          <Detail />
        </main>
      )}
      <FootLine />
      <Help />
      <Picture />
      <p class="unseen" role="status" aria-live="polite">{announcement.value}</p>
    </div>
  );
}
