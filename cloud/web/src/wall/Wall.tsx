import { useEffect } from "preact/hooks";
import type { Session } from "../api/types";
import { GridMap } from "../map/GridMap";
import { SeatBar } from "../seat/SeatBar";
import { MuteDialog } from "../sound/MuteDialog";
import { loadMute } from "../sound/mute";
import { keepSounding } from "../sound/speaker";
import { keepDuty } from "../state/duty";
import { liveWaiting, opened } from "../state/incidents";
import { announcement, goLive, loadFailed } from "../state/live";
import { pane } from "../state/panes";
import { keepStatuses } from "../state/places";
import { addressOf, HOME, page } from "../state/route";
import { standUp } from "../state/seat";
import { SupportBar } from "../support/SupportBar";
import { words } from "../words";
import { Detail } from "./Detail";
import { FootLine } from "./FootLine";
import { Help } from "./Help";
import { IncidentList } from "./IncidentList";
import { focusHeading, Lazy } from "./Lazy";
import { LostBar } from "./LostBar";
import { Menu } from "./Menu";
import { Picture } from "./Picture";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";
import { onKey } from "./keys";
import { maySee, PAGES } from "./pages";

export function Wall({ session }: { session: Session }) {
  useEffect(goLive, []);
  useEffect(keepDuty, []);
  useEffect(keepStatuses, []);
  useEffect(keepSounding, []);
  useEffect(() => void loadMute(), []);
  useEffect(() => standUp, []);
  useEffect(() => {
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  const text = words.value;
  const count = liveWaiting.value.length;
  const beside = PAGES.find((one) => one.name === page.value);
  const title = beside ? `${beside.title()} · ${text.product}` : `${text.product} · ${text.wall}`;
  useEffect(() => {
    document.title = `${count > 0 ? `(${count}) ` : ""}${title}`;
  }, [count, title]);
  return (
    <div class="wall" data-pane={pane.value} data-opened={opened.value} data-screen={page.value}>
      <TopBar session={session} />
      <LostBar />
      {loadFailed.value && <p class="load-failed" role="alert">{text.live.loadFailed}</p>}
      <SupportBar />
      <SeatBar />
      <div class="wall-body">
        <Rail />
        {!beside ? <Live /> : maySee(beside) ? <Lazy key={beside.name} page={beside} /> : <NotForYou />}
      </div>
      <FootLine />
      <Menu session={session} />
      <Help />
      <MuteDialog />
      <Picture />
      <p class="unseen" role="status" aria-live="polite">{announcement.value}</p>
    </div>
  );
}

let visited = false;

function Live() {
  // The first page of all leaves the focus alone; a page that somebody comes back to takes it.
  useEffect(() => {
    if (visited) focusHeading();
    visited = true;
  }, []);
  return (
    <main class="wall-main">
      <IncidentList />
      <GridMap />
      <Detail />
    </main>
  );
}

function NotForYou() {
  const { nav } = words.value;
  return (
    <main class="loading">
      <h2>{nav.notForYou}</h2>
      <p class="nothing">{nav.notForYouWhy} <a href={addressOf(HOME)}>{nav.home}</a></p>
    </main>
  );
}
