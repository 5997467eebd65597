import { signal, useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import type { Incident } from "../api/types";
import { now } from "../state/clock";
import { keys } from "../state/keymap";
import { isFinished } from "../state/order";
import { cameraOf, cameras, isBad } from "../state/places";
import { hasRole } from "../state/session";
import { followStills, lookAt, shots } from "../video/stills";
import { named, words } from "../words";
import { formatAge } from "../words/format";
import { chordName } from "./commands";
import { text as desk } from "./words";

/** Of which incident the live picture plays beside its photos; a key asks for it, too. */
export const liveOf = signal<string | null>(null);

/** What is only walked past is not looked at: each look is written down. */
const DWELL_MS = 700;
/** Without a still for so long it is said that there is none. */
const PATIENCE_MS = 6_000;
/** After this long a still is no picture of now. */
const STALE_MS = 15_000;

type Player = ComponentType<{ camera: string; close(): void }>;
/** Loaded when somebody first asks for it. */
const player = signal<Player | null>(null);

/** Whether a picture of now belongs beside it: of what still stands, for who looks by duty. */
export function hasNow(incident: Incident): boolean {
  return !isFinished(incident) && hasRole("operator", "leader") && cameraOf(incident) !== null;
}

/** While the wall is shown: stills of what is looked at. */
export function useStills(): void {
  useEffect(() => (hasRole("operator", "leader") ? followStills(null) : undefined), []);
}

/** How the place looks now: its camera's stills as they come, and in their place, larger, the live picture when asked for. */
export function Now({ incident }: { incident: Incident }) {
  const text = desk.value.now;
  const failed = useSignal(false);
  const camera = cameraOf(incident) ?? "";
  const playing = liveOf.value === incident.id;
  useEffect(() => {
    if (playing) return undefined;
    const timer = setTimeout(() => lookAt([camera]), DWELL_MS);
    return () => {
      clearTimeout(timer);
      lookAt([]);
    };
  }, [camera, playing]);
  useEffect(() => () => {
    liveOf.value = null;
  }, []);
  useEffect(() => {
    if (playing) void load().then((there) => (failed.value = !there));
  }, [playing]);
  const Live = player.value;
  const close = (): void => {
    liveOf.value = null;
    document.querySelector<HTMLElement>(".row[aria-current=true]")?.focus();
  };
  if (playing && Live) return <div class="now now-live"><Live camera={camera} close={close} /></div>;
  return (
    <figure class="photo now">
      <Still incident={incident} camera={camera} />
      {failed.value && <p class="fault" role="alert">{text.failed}</p>}
    </figure>
  );
}

/** The newest still and how old it is, as the way to the live picture. */
function Still({ incident, camera }: { incident: Incident; camera: string }) {
  const text = desk.value.now;
  const { locale, statuses } = words.value;
  const since = useSignal(performance.now());
  void now.value; // ages tick
  const known = cameras.value.find((one) => one.id === camera);
  const name = known ? named(known.name) : camera;
  const shot = shots.value.get(camera);
  const age = shot ? Math.max(0, performance.now() - shot.at) : 0;
  const patient = performance.now() - since.value < PATIENCE_MS;
  return (
    <>
      <button
        type="button" class="now-open" data-stale={age > STALE_MS}
        aria-keyshortcuts={chordName(keys.value.live)} onClick={() => (liveOf.value = incident.id)}
      >
        <span class="unseen">{text.play(name)}</span>
        {shot ? <img src={shot.url} width={640} height={360} alt="" /> : (
          <span class="now-none">{known && isBad(known.status) ? statuses[known.status] : patient ? text.waits : text.none}</span>
        )}
        <span class="now-play" aria-hidden="true">▶ {text.live} <kbd>{chordName(keys.value.live)}</kbd></span>
      </button>
      <figcaption><b>{text.title}</b> {shot && <span>{text.ago(formatAge(age, locale))}</span>}</figcaption>
    </>
  );
}

/** Whether the player is there. */
async function load(): Promise<boolean> {
  try {
    player.value ??= (await import("../video/Beside")).Beside;
    return true;
  } catch (error) {
    // A chunk that does not come is a TypeError: the cloud is away, or was replaced by a newer one.
    if (!(error instanceof TypeError)) throw error;
    liveOf.value = null;
    return false;
  }
}
