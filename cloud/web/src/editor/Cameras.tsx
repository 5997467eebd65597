import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { CameraBrief } from "../api/editor";
import { addressOf } from "../state/route";
import { named, words } from "../words";
import { camera, cameras, camerasRefused, loadCameras, unsaved } from "./state";
import { text } from "./words";

/** Every camera under its point; what is typed narrows them. */
export function Cameras() {
  const wanted = useSignal("");
  useEffect(() => void loadCameras(), []);
  const needle = wanted.value.trim().toLocaleLowerCase();
  const shown = (cameras.value ?? []).filter((one) =>
    [one.camera, one.point, ...Object.values(one.name), ...Object.values(one.point_name)].some((name) => name.toLocaleLowerCase().includes(needle)),
  );
  return (
    <nav class={camera.value ? "editor-cameras chosen" : "editor-cameras"} aria-label={text.value.choose}>
      <label class="asked">
        <span class="unseen">{text.value.find}</span>
        <input
          type="search"
          placeholder={text.value.find}
          value={wanted.value}
          onInput={(event) => (wanted.value = event.currentTarget.value)}
        />
      </label>
      {camerasRefused.value && (
        <p class="fault" role="alert">
          {text.value.loadFailed} <button type="button" class="button" onClick={() => void loadCameras()}>{text.value.again}</button>
        </p>
      )}
      {!cameras.value && !camerasRefused.value && <p class="nothing">{words.value.list.loading}</p>}
      {cameras.value && shown.length === 0 && <p class="nothing">{text.value.none}</p>}
      <ul>
        {pointsOf(shown).map(({ point, name, there }) => (
          <li key={point}>
            <span class="point-name">{name}</span>
            <ul>{there.map((one) => <Choice key={one.camera} one={one} />)}</ul>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Choice({ one }: { one: CameraBrief }) {
  return (
    <li>
      <a href={addressOf("editor", one.camera)} aria-current={camera.value === one.camera ? "page" : undefined}>
        <span>{named(one.name)} <small>{one.camera}</small></span>
        {unsaved.value.has(one.camera) ? (
          <b class="changed">● {text.value.unsaved}</b>
        ) : (
          <small>{text.value.zones.count(one.zones)}</small>
        )}
      </a>
    </li>
  );
}

function pointsOf(all: readonly CameraBrief[]): { point: string; name: string; there: CameraBrief[] }[] {
  const found = new Map<string, { point: string; name: string; there: CameraBrief[] }>();
  for (const one of all) {
    const known = found.get(one.point);
    if (known) known.there.push(one);
    else found.set(one.point, { point: one.point, name: named(one.point_name), there: [one] });
  }
  return [...found.values()];
}
