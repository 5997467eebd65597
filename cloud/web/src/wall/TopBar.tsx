import type { Session } from "../api/types";
import { now } from "../state/clock";
import { open } from "../state/incidents";
import { SEVERITIES, isWaiting } from "../state/order";
import { helpShown, pane } from "../state/panes";
import { HOME, page } from "../state/route";
import { signOut } from "../state/session";
import { named, words } from "../words";
import { formatClock, formatDay } from "../words/format";
import { Icon } from "./icons";
import { menuShown } from "./Menu";
import { Preferences } from "./Preferences";
import { SeverityMark } from "./SeverityMark";

export function TopBar({ session }: { session: Session }) {
  const text = words.value;
  const name = named(session.user.name);
  const roles = session.user.roles.map((role) => text.top.roles[role]).filter((role) => role !== name);
  return (
    <header class="top">
      <button
        type="button"
        class="menu-open"
        aria-haspopup="dialog"
        aria-expanded={menuShown.value}
        onClick={() => (menuShown.value = true)}
      >
        <Icon name="menu" /> {text.nav.menu}
      </button>
      <h1 class="brand">
        {text.product} <small>{text.wall}</small>
      </h1>
      {session.user.roles.some((role) => role !== "administrator") && <Tally />}
      <Clock />
      <div class="top-tools">
        <span class="who">
          {name} <small>{roles.join(" · ")}</small>
        </span>
        <Preferences />
        <button type="button" class="quiet" aria-keyshortcuts="?" onClick={() => (helpShown.value = true)}>
          <kbd>?</kbd> <span class="wide">{text.top.help}</span>
        </button>
        <button type="button" class="quiet" onClick={() => void signOut()}>{text.top.signOut}</button>
      </div>
      {page.value === HOME && (
        <div class="panes" role="group" aria-label={text.wall}>
          {(["list", "map"] as const).map((name) => (
            <button key={name} type="button" aria-pressed={pane.value === name} onClick={() => (pane.value = name)}>
              {text.pane[name]}
            </button>
          ))}
        </div>
      )}
    </header>
  );
}

/** Open incidents by severity; of how many nobody has taken yet, above the rest. */
function Tally() {
  const text = words.value;
  return (
    <dl class="tally">
      {SEVERITIES.map((severity) => {
        const ofKind = open.value.filter((incident) => incident.severity === severity);
        const waiting = ofKind.filter(isWaiting).length;
        return (
          <div key={severity} class={ofKind.length > 0 ? "" : "nought"}>
            <dt><SeverityMark severity={severity} /></dt>
            <dd>
              <b>{ofKind.length}</b>
              <span>{waiting > 0 ? `${text.top.waiting} ${waiting}` : ""}</span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function Clock() {
  const { locale } = words.value;
  return (
    <p class="clock">
      <small>{formatDay(now.value, locale)}</small> <time>{formatClock(now.value, locale)}</time>
    </p>
  );
}
