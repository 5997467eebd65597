import type { Figure } from "../api/reports";
import { named, words } from "../words";
import { formatDay } from "../words/format";
import { barOf, valueOf } from "./values";
import { text } from "./words";

const [WIDTH, HEIGHT] = [960, 120];

/** An index in equal parts of its span, as a line; its values stand below each part and are read out. */
export function Trend({ index, figures, parts }: {
  index: Figure;
  figures: readonly Figure[];
  parts: readonly { from: string; to: string }[];
}) {
  const { locale } = words.value;
  const longest = Math.max(0, ...figures.map((one) => one.mean_s ?? 0));
  const step = WIDTH / figures.length;
  const x = (at: number): number => step * (at + 0.5);
  const y = (figure: Figure): number => HEIGHT - 6 - (HEIGHT - 12) * barOf(figure, longest);
  const known = figures.map((figure, at) => ({ figure, at })).filter(({ figure }) => figure.denominator > 0);
  const line = known.map(({ figure, at }, nth) => `${nth === 0 ? "M" : "L"}${x(at)} ${y(figure)}`).join("");
  const said = figures.map((one) => valueOf(one, locale)).join(", ");
  return (
    <figure class="trend">
      <figcaption>{text.value.trend}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text.value.trendLabel(named(index.name), said)}>
        <path class="trend-rim" d={`M0 6H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 6}H${WIDTH}`} />
        <path class="trend-line" d={line} />
        {known.map(({ figure, at }) => <circle key={at} class="trend-dot" cx={x(at)} cy={y(figure)} r="4" />)}
      </svg>
      <ol aria-hidden="true">
        {figures.map((one, at) => (
          <li key={at}><b>{valueOf(one, locale)}</b><small>{formatDay(new Date(parts[at]?.from ?? 0), locale)}</small></li>
        ))}
      </ol>
    </figure>
  );
}
