import type { TargetedPointerEvent } from "preact";
import { useRef } from "preact/hooks";
import { now } from "../state/clock";
import { named, words } from "../words";
import { formatNumber, formatWhen } from "../words/format";
import { type Corner, placed, type Zone } from "./draft";
import { addCorner, beginDrawing, choose, cross, drawn, finish, key, moveCorner, tooFew } from "./drawing";
import { chosen, corner, draft, edited, picture, pictureRefused, redo, takePicture, undo } from "./state";
import { text } from "./words";

/** Where there is no picture, the shape that most cameras have. */
const WIDE = { width: 640, height: 360 };
/** Of the window's height: what is below the picture begins on the same screen. */
const TALLEST_VH = 68;
/** In the picture's own pixels, of 640 across. */
const NEAR = 14;

/** The camera's picture with its zones: corners are dragged, or moved by keys. */
export function Canvas() {
  const size = picture.value ?? WIDE;
  return (
    <div class="canvas">
      <Tools />
      <div
        class="canvas-picture"
        role="application"
        tabIndex={0}
        aria-label={text.value.picture.label}
        aria-describedby="canvas-keys"
        style={{ aspectRatio: `${size.width} / ${size.height}`, maxWidth: `${(TALLEST_VH * size.width) / size.height}vh` }}
        onKeyDown={(event) => {
          if (!key(event)) return;
          event.preventDefault();
          event.stopPropagation();
        }}
      >
        {picture.value ? <img src={picture.value.url} alt="" draggable={false} /> : <Missing />}
        <Drawing width={640} height={(640 * size.height) / size.width} />
      </div>
      <p class="canvas-said" aria-live="polite">{said()}</p>
      <p id="canvas-keys" class="note">{text.value.picture.keys}</p>
    </div>
  );
}

function Tools() {
  const { picture: t } = text.value;
  const course = edited.value?.course;
  return (
    <div class="canvas-tools" role="toolbar" aria-label={t.label}>
      <button type="button" class="button primary" aria-pressed={drawn.value !== null} onClick={draw}>
        {t.draw} <kbd aria-hidden="true">Z</kbd>
      </button>
      <button type="button" class="button" disabled={!course?.past.length} onClick={undo}>{t.undo}</button>
      <button type="button" class="button" disabled={!course?.future.length} onClick={redo}>{t.redo}</button>
      <button type="button" class="button" onClick={() => void takePicture()}>{t.fresh}</button>
      {picture.value?.takenAt && (
        <span class="canvas-when">
          {t.taken(formatWhen(picture.value.takenAt, words.value.locale, now.value))}
          <small>{t.recorded}</small>
        </span>
      )}
    </div>
  );
}

function draw(): void {
  beginDrawing();
  document.querySelector<HTMLElement>(".canvas-picture")?.focus();
}

function Missing() {
  const { picture: t } = text.value;
  const why = pictureRefused.value;
  if (!why) return <p class="canvas-missing">{t.waiting}</p>;
  const said = why.code === "node_away" ? t.away : why.code === "not_found" ? t.missing : t.failed;
  return <p class="canvas-missing fault" role="alert">{said}</p>;
}

/** What is said of the corner that keys would move, and of what is being drawn. */
function said(): string {
  const { picture: t } = text.value;
  if (tooFew.value) return t.tooFew;
  if (drawn.value) return `${t.drawing(drawn.value.length)} ${t.cross(...spoken(cross.value))}`;
  const zone = draft.value?.zones[chosen.value];
  const at = zone?.polygon[corner.value];
  return zone && at ? `${named(zone.name)}: ${t.corner(corner.value + 1, zone.polygon.length, ...spoken(at))}` : "";
}

function spoken(at: Corner): [string, string] {
  const { locale } = words.value;
  const percent = (part: number): string => `${formatNumber(part * 100, locale)} %`;
  return [percent(at[0]), percent(at[1])];
}

function Drawing({ width, height }: { width: number; height: number }) {
  const held = useRef<{ at: number; about: string } | null>(null);
  const gestures = useRef(0);
  const zones = draft.value?.zones ?? [];
  const mine = zones[chosen.value];

  function where(event: TargetedPointerEvent<SVGSVGElement>): Corner {
    const box = event.currentTarget.getBoundingClientRect();
    return placed((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }

  function down(event: TargetedPointerEvent<SVGSVGElement>): void {
    if (event.button !== 0) return;
    const at = where(event);
    const scale = event.currentTarget.getBoundingClientRect().width / width;
    const reach = Math.max(NEAR, 22 / scale);
    if (drawn.value) {
      const [first] = drawn.value;
      if (first && drawn.value.length > 2 && distance(first, at, width, height) < reach) finish();
      else addCorner(at);
      return;
    }
    const near = mine ? nearest(mine, at, width, height) : null;
    if (near && near.off < reach) {
      corner.value = near.at;
      gestures.current += 1;
      held.current = { at: near.at, about: `drag ${gestures.current}` };
      event.currentTarget.setPointerCapture(event.pointerId);
      return;
    }
    const inside = zones.findIndex((zone) => contains(zone, at));
    if (inside >= 0) choose(inside);
  }

  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
      class={drawn.value ? "drawing" : undefined}
      onPointerDown={down}
      onPointerMove={(event) => {
        if (held.current) moveCorner(chosen.value, held.current.at, where(event), held.current.about);
      }}
      onPointerUp={() => (held.current = null)}
      onPointerCancel={() => (held.current = null)}
    >
      {zones.map((zone, n) => (
        <g key={zone.id} class={n === chosen.value ? "zone mine" : "zone"}>
          <polygon points={points(zone.polygon, width, height)} />
          <text x={(zone.polygon[0]?.[0] ?? 0) * width + 6} y={(zone.polygon[0]?.[1] ?? 0) * height + 18}>{named(zone.name)}</text>
        </g>
      ))}
      {!drawn.value && mine?.polygon.map(([x, y], n) => (
        <circle key={n} class={n === corner.value ? "corner chosen" : "corner"} cx={x * width} cy={y * height} r={n === corner.value ? 8 : 6} />
      ))}
      {drawn.value && (
        <g class="zone mine">
          <polyline points={points(drawn.value, width, height)} />
          {drawn.value.map(([x, y], n) => <circle key={n} class="corner" cx={x * width} cy={y * height} r={6} />)}
          <path
            class="cross"
            d={`M${cross.value[0] * width - 12} ${cross.value[1] * height}h24M${cross.value[0] * width} ${cross.value[1] * height - 12}v24`}
          />
        </g>
      )}
    </svg>
  );
}

function points(polygon: readonly Corner[], width: number, height: number): string {
  return polygon.map(([x, y]) => `${x * width},${y * height}`).join(" ");
}

function distance(one: Corner, other: Corner, width: number, height: number): number {
  return Math.hypot((one[0] - other[0]) * width, (one[1] - other[1]) * height);
}

function nearest(zone: Zone, to: Corner, width: number, height: number): { at: number; off: number } | null {
  return zone.polygon
    .map((one, at) => ({ at, off: distance(one, to, width, height) }))
    .reduce<{ at: number; off: number } | null>((best, one) => (best && best.off <= one.off ? best : one), null);
}

/** Even-odd. */
function contains(zone: Zone, [x, y]: Corner): boolean {
  let inside = false;
  zone.polygon.forEach(([x0, y0], n) => {
    const [x1, y1] = zone.polygon.at(n - 1) ?? [0, 0];
    if (y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) inside = !inside;
  });
  return inside;
}
