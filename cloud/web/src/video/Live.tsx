import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../api/calls";
import { cameraVideo } from "../api/video";
import { now } from "../state/clock";
import { named, words as common } from "../words";
import { formatNumber } from "../words/format";
import { Move } from "./Move";
import type { Seen } from "./paging";
import { Player, type Shown } from "./player";
import type { Word } from "./protocol";
import { reason } from "./state";
import { text } from "./words";

/** States in which a picture of before may still stand on screen: it must not pass for now. */
const PAST: readonly Shown[] = ["stalled", "away", "held", "node_away", "lost", "given_up"];

/** A camera's live picture in the place of its tile. */
export function Live({ seen, close }: { seen: Seen; close(): void }) {
  const words = text.value;
  const box = useRef<HTMLLIElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const player = useRef<Player | null>(null);
  const [state, setState] = useState<Shown>("connecting");
  const [word, setWord] = useState<Word | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [first, setFirst] = useState<number | null>(null);
  const [moved, setMoved] = useState("");
  const name = named(seen.name);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const mine = new Player(
      element,
      seen.id,
      reason.value,
      {
        shown: (next, said) => {
          setState(next);
          if (said) setWord(said);
        },
        first: setFirst,
        moved: (one) => setMoved(one.ok ? "" : one.why),
      },
      () => whyNot(seen.id, setRefusal),
    );
    player.current = mine;
    return () => mine.close();
  }, [seen.id]);
  useEffect(() => box.current?.focus(), []);

  const past = PAST.includes(state);
  return (
    <li
      class="live"
      ref={box}
      tabIndex={-1}
      data-state={state}
      data-first-ms={first === null ? undefined : Math.round(first)}
      aria-label={words.liveOf(name)}
    >
      <div class="live-picture" data-past={past}>
        <video ref={video} muted playsInline autoPlay aria-label={words.liveOf(name)} />
        {state !== "live" && (
          <p class="live-state" role="status">
            {refusal ? refused(refusal) : words.states[state]}
            {state === "given_up" && (
              <button
                type="button"
                class="button"
                onClick={() => {
                  setRefusal(null);
                  player.current?.again();
                }}
              >
                {words.again}
              </button>
            )}
          </p>
        )}
      </div>
      <div class="live-bar">
        <span class="live-name">
          <b>{name}</b> <small>{seen.id} · {named(seen.pointName)} · {named(seen.gridName)}</small>
        </span>
        {state === "live" && <Behind player={player.current} />}
        {word?.ptz && player.current && <Move player={player.current} presets={word.presets ?? []} said={moved} box={box} />}
        <button type="button" class="button" disabled={first === null} onClick={() => snapshot(video.current, seen.id)}>
          {words.snapshot}
        </button>
        <button type="button" class="button" onClick={() => void box.current?.requestFullscreen()}>{words.full}</button>
        <button type="button" class="button" onClick={close}>{words.close} <kbd aria-hidden="true">Esc</kbd></button>
      </div>
    </li>
  );
}

/** How far the picture is behind the newest that came, in seconds. */
function Behind({ player }: { player: Player | null }) {
  void now.value;
  const { locale } = common.value;
  if (!player) return null;
  return <small class="live-behind">{text.value.latency(formatNumber(Math.round(player.behind * 10) / 10, locale))}</small>;
}

function refused(code: string): string {
  const known: Readonly<Record<string, string | undefined>> = text.value.refusals;
  return known[code] ?? text.value.states.given_up;
}

/** Why the cloud did not open the connection; whether it makes sense to try again. */
async function whyNot(camera: string, tell: (code: string) => void): Promise<boolean> {
  try {
    await cameraVideo(camera, reason.value);
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 0 || error.status >= 500) return true;
    tell(error.code);
    return false;
  }
}

/** The picture as it stands, as a file. */
function snapshot(video: HTMLVideoElement | null, camera: string): void {
  if (!video || video.videoWidth === 0) return;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  canvas.toBlob(
    (blob) => {
      if (!blob) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${camera}-${new Date(now.value).toISOString().replace(/[:.]/g, "-")}.jpg`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    },
    "image/jpeg",
    0.92,
  );
}
