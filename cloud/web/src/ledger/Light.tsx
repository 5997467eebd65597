import { now } from "../state/clock";
import { words } from "../words";
import { formatAge } from "../words/format";
import type { Light as Colour, Lit } from "./lights";
import { text } from "./words";

/** A light by shape and colour: a circle is in time, a triangle nearly due, a square overdue. */
export function Light({ lit }: { lit: Lit }) {
  const { locale } = words.value;
  const left = lit.due === null ? null : Date.parse(lit.due) - now.value;
  const said = left === null ? "" : left >= 0 ? text.value.left(formatAge(left, locale)) : text.value.over(formatAge(-left, locale));
  return (
    <span class="lights" title={text.value.lights[lit.light]}>
      <Shape colour={lit.light} /> <small>{said}</small>
    </span>
  );
}

function Shape({ colour }: { colour: Colour }) {
  return (
    <svg class={`lit lit-${colour}`} viewBox="0 0 16 16" role="img" aria-label={text.value.lights[colour]}>
      {colour === "green" && <circle cx="8" cy="8" r="6" />}
      {colour === "yellow" && <path d="M8 1 15 14H1Z" />}
      {colour === "red" && <path d="M2 2h12v12H2z" />}
    </svg>
  );
}
