import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { waiting } from "../state/incidents";
import { HOME, go, route } from "../state/route";
import { named } from "../words";
import { pageWith, SIZES } from "./paging";
import { Live } from "./Live";
import {
  all, area, at, choices, found, live, mustSayWhy, pages, reason, search, shown, size, tour, TOUR_S, turn, unwatch, watch,
} from "./state";
import { followStills, lookAt, stillsLost } from "./stills";
import { Tile } from "./Tile";
import { titles } from "./titles";
import { text } from "./words";
import "../look/video.css";

/** Stills of the street's cameras by the page, and whichever is chosen live in its place. */
export function Video() {
  const [camera] = route.value.rest;
  useEffect(() => {
    if (camera) show(camera);
  }, [camera, all.value.length > 0]);
  useEffect(() => () => {
    live.value = [];
    tour.value = "off";
  }, []);
  if (mustSayWhy() && reason.value === null) return <Why />;
  return <Pictures />;
}

function Pictures() {
  const words = text.value;
  useEffect(() => followStills(reason.value), [reason.value]);
  const ids = shown.value.map((one) => one.id);
  useEffect(() => lookAt(ids.filter((id) => !live.value.includes(id))), [ids.join(), live.value]);
  useTour();
  return (
    <main class="video" aria-labelledby="video-title" onKeyDown={onKey}>
      <Head />
      {stillsLost.value && <p class="fault" role="alert">{words.stillsLost}</p>}
      {tour.value === "paused" && (
        <p class="video-paused" role="status">
          {words.tourPaused}{" "}
          <button type="button" class="button" onClick={() => (tour.value = "on")}>{words.tourGo}</button>
        </p>
      )}
      {found.value.length === 0 && <p class="nothing">{words.none}</p>}
      <ul class="video-grid" data-size={size.value} data-live={live.value.length}>
        {shown.value.map((one) =>
          live.value.includes(one.id) ? (
            <Live key={one.id} seen={one} close={() => close(one.id)} />
          ) : (
            <Tile key={one.id} seen={one} open={() => open(one.id)} />
          ),
        )}
      </ul>
      <p class="video-note">
        <span class="video-keys">{words.keys}</span> <span>{words.recorded}</span>
      </p>
    </main>
  );
}

function Head() {
  const words = text.value;
  return (
    <div class="video-head">
      <h2 id="video-title" tabIndex={-1}>
        {titles.value.video} <small>{words.count(found.value.length)}</small>
      </h2>
      <label>
        <span>{words.search}</span>
        <input
          type="search"
          value={search.value}
          placeholder={words.searchHint}
          onInput={(event) => {
            search.value = event.currentTarget.value;
            at.value = 0;
          }}
        />
      </label>
      <label>
        <span>{words.area}</span>
        <select
          value={area.value}
          onChange={(event) => {
            area.value = event.currentTarget.value;
            at.value = 0;
          }}
        >
          <option value="">{words.anywhere}</option>
          {choices.value.map((one) => (
            <option key={one.id} value={one.id}>{one.level === "grid" ? `\u2003${named(one.name)}` : named(one.name)}</option>
          ))}
        </select>
      </label>
      <div class="video-sizes" role="group" aria-label={words.size}>
        {SIZES.map((one) => (
          <button key={one} type="button" class="button" aria-pressed={size.value === one} onClick={() => resize(one)}>
            {words.sizeOf(one)}
          </button>
        ))}
      </div>
      <div class="video-pages">
        <button type="button" class="button" disabled={pages.value < 2} aria-label={words.previous} onClick={() => turn(-1)}>
          ‹
        </button>
        <span aria-live="polite">{words.page(Math.min(at.value, pages.value - 1) + 1, pages.value)}</span>
        <button type="button" class="button" disabled={pages.value < 2} aria-label={words.next} onClick={() => turn(1)}>
          ›
        </button>
      </div>
      <button
        type="button"
        class="button"
        aria-pressed={tour.value !== "off"}
        title={words.tourEvery(TOUR_S)}
        disabled={pages.value < 2}
        onClick={() => (tour.value = tour.value === "off" ? "on" : "off")}
      >
        {tour.value === "off" ? words.tour : words.tourStop}
      </button>
    </div>
  );
}

const typed = signal("");

/** Who is not of the patrol room says why first. */
function Why() {
  const words = text.value;
  return (
    <main class="video" aria-labelledby="video-title">
      <h2 id="video-title" tabIndex={-1}>{titles.value.video}</h2>
      <form
        class="video-why"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.value.trim()) reason.value = typed.value.trim();
        }}
      >
        <p>{words.whyNote}</p>
        <label>
          <span>{words.why}</span>
          <input
            required
            maxLength={200}
            value={typed.value}
            onInput={(event) => (typed.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button primary">{words.whyGo}</button>
      </form>
    </main>
  );
}

/** A page after the other; an alarm that nobody has taken stops it, so that the eye goes there. */
function useTour(): void {
  const mode = tour.value;
  useEffect(() => {
    if (mode !== "on") return;
    const timer = setInterval(() => {
      if (live.value.length === 0) turn(1);
    }, TOUR_S * 1000);
    const before = waiting.value.map((one) => one.id);
    const stop = waiting.subscribe((now) => {
      if (now.some((one) => !before.includes(one.id))) tour.value = "paused";
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [mode]);
}

function resize(to: (typeof SIZES)[number]): void {
  const first = shown.value[0];
  size.value = to;
  at.value = (first && pageWith(found.value, first.id, to)) ?? 0;
}

/** Turn to a camera's page and watch it. */
function show(camera: string): void {
  let page = pageWith(found.value, camera, size.value);
  if (page === null) {
    search.value = "";
    area.value = "";
    page = pageWith(all.value, camera, size.value);
  }
  if (page === null) return;
  at.value = page;
  watch(camera);
}

function open(camera: string): void {
  if (route.value.rest[0] === camera) watch(camera);
  else go("video", camera);
}

function close(camera: string): void {
  unwatch(camera);
  go("video");
  requestAnimationFrame(() => document.getElementById(`tile-${camera}`)?.focus());
}

function onKey(event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("input, select")) return;
  if (event.code === "PageDown" || event.code === "PageUp") turn(event.code === "PageDown" ? 1 : -1);
  else if (event.code === "Escape" && live.value.length > 0) {
    const newest = live.value.at(-1);
    if (newest) close(newest);
  } else if (event.code === "Escape") go(HOME);
  else return;
  event.preventDefault();
  event.stopPropagation();
}
