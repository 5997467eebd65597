import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { hasRole } from "../state/session";
import type { Player } from "./player";
import { text } from "./words";

type Way = "left" | "right" | "up" | "down" | "in" | "out";

/** Parts of full speed: right and up are positive, as in ONVIF. */
const SPEEDS: Readonly<Record<Way, readonly [pan: number, tilt: number, zoom: number]>> = {
  left: [-0.5, 0, 0],
  right: [0.5, 0, 0],
  up: [0, 0.5, 0],
  down: [0, -0.5, 0],
  in: [0, 0, 0.5],
  out: [0, 0, -0.5],
};
const SIGNS: Readonly<Record<Way, string>> = { left: "◀", right: "▶", up: "▲", down: "▼", in: "+", out: "−" };
const KEYS: Readonly<Record<string, Way | undefined>> = {
  ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down",
  Equal: "in", NumpadAdd: "in", Minus: "out", NumpadSubtract: "out",
};
/** A movement is asked for again this often while a key is held; the camera stops by itself without that. */
const AGAIN_MS = 400;

/** Buttons and keys that move a camera for as long as they are held. */
export function Move(
  { player, presets, said, box }: {
    player: Player;
    presets: readonly { token: string; name: string }[];
    said: string;
    box: RefObject<HTMLElement | null>;
  },
) {
  const words = text.value;
  const held = useRef<{ way: Way; timer: number } | null>(null);

  function begin(way: Way): void {
    if (held.current?.way === way) return;
    end();
    const [pan, tilt, zoom] = SPEEDS[way];
    const ask = (): void => player.send({ type: "move", pan, tilt, zoom });
    ask();
    held.current = { way, timer: window.setInterval(ask, AGAIN_MS) };
  }

  function end(): void {
    if (!held.current) return;
    clearInterval(held.current.timer);
    held.current = null;
    player.send({ type: "move", pan: 0, tilt: 0, zoom: 0 });
  }

  useEffect(() => {
    const element = box.current;
    const down = (event: KeyboardEvent): void => {
      const way = KEYS[event.code];
      if (!way || (event.target instanceof Element && event.target.closest("select"))) return;
      event.preventDefault();
      event.stopPropagation();
      begin(way);
    };
    const up = (event: KeyboardEvent): void => {
      if (KEYS[event.code]) end();
    };
    element?.addEventListener("keydown", down);
    element?.addEventListener("keyup", up);
    window.addEventListener("blur", end);
    return () => {
      end();
      element?.removeEventListener("keydown", down);
      element?.removeEventListener("keyup", up);
      window.removeEventListener("blur", end);
    };
  }, [player]);

  if (!hasRole("operator", "leader")) return null;
  return (
    <div class="live-move" role="group" aria-label={words.ptz}>
      {(Object.keys(SPEEDS) as Way[]).map((way) => (
        <button
          key={way}
          type="button"
          class="button"
          aria-label={words.moves[way]}
          onPointerDown={() => begin(way)}
          onPointerUp={end}
          onPointerLeave={end}
        >
          {SIGNS[way]}
        </button>
      ))}
      {presets.length > 0 && (
        <label>
          <span class="unseen">{words.presets}</span>
          <select
            value=""
            onChange={(event) => {
              player.send({ type: "preset", token: event.currentTarget.value });
              event.currentTarget.value = "";
            }}
          >
            <option value="">{words.presets}</option>
            {presets.map((one) => <option key={one.token} value={one.token}>{one.name}</option>)}
          </select>
        </label>
      )}
      {said && <span class="fault" role="alert">{said}</span>}
    </div>
  );
}
