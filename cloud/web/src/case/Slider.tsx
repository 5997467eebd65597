import { useSignal } from "@preact/signals";
import type { Evidence } from "../api/types";
import { now } from "../state/clock";
import { words } from "../words";
import { formatPercent, formatWhen } from "../words/format";
import { addressOf } from "./originals";
import { text } from "./words";

/** The same place before and after, one over the other; a native slider moves the edge between them. */
export function Slider({ before, after }: { before: Evidence; after: Evidence }) {
  const at = useSignal(50);
  const { locale } = words.value;
  const say = text.value;
  return (
    <figure class="slider">
      <div class="slider-frame">
        <img src={addressOf(after)} width={after.width} height={after.height} alt={say.after} />
        <img
          src={addressOf(before)} width={before.width} height={before.height} alt={say.before}
          style={{ clipPath: `inset(0 ${100 - at.value}% 0 0)` }}
        />
        <span class="slider-edge" aria-hidden="true" style={{ left: `${at.value}%` }} />
        <input
          type="range" min={0} max={100} step={5} value={at.value} aria-label={say.slider}
          aria-valuetext={`${say.before} ${formatPercent(at.value / 100, locale)}`}
          onInput={(event) => (at.value = Number(event.currentTarget.value))}
        />
      </div>
      <figcaption>
        <span><b>{say.before}</b> <time>{formatWhen(before.captured_at, locale, now.value)}</time></span>
        <small>{say.sliderHint}</small>
        <span><b>{say.after}</b> <time>{formatWhen(after.captured_at, locale, now.value)}</time></span>
      </figcaption>
    </figure>
  );
}
