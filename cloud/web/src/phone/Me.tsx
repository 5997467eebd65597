import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Refused } from "../api/calls";
import { deleteTrack, type Figure, figuresOf, track } from "../api/phone";
import { language, named, words } from "../words";
import { formatNumber, formatPercent } from "../words/format";
import { reference } from "./cases";
import { noPosition, offRoster, onDuty, position, setDuty } from "./duty";
import { canTrack, has, me, signOut } from "./me";
import { offline } from "./offline";
import { act, mine } from "./sender";
import { theme } from "./theme";
import { text } from "./words";

export function Me() {
  const user = me.value;
  const { me: say } = text.value;
  if (!user) return null;
  const roles = words.value.top.roles;
  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>{named(user.name)}</h1></div>
      <p class="note">{user.username} · {user.roles.map((role) => roles[role]).join(" · ")}</p>
      <Duty />
      {!has("department", "auditor") && <GridLog />}
      <Figures username={user.username} />
      {canTrack.value && <Track />}
      <section aria-labelledby="offline-title">
        <h2 id="offline-title">{say.offline}</h2>
        <p data-offline={offline.value}>{say.offlines[offline.value]}</p>
      </section>
      <section class="row" aria-label={say.theme}>
        <button type="button" class="button" onClick={() => (theme.value = theme.value === "light" ? "dark" : "light")}>
          {theme.value === "light" ? say.dark : say.light}
        </button>
        <button type="button" class="button" lang={language.value === "zh" ? "en" : "zh-CN"} title={say.languageHint}
          onClick={() => (language.value = language.value === "zh" ? "en" : "zh")}>
          {say.language}
        </button>
        <button type="button" class="button" onClick={() => void signOut()}>{say.signOut}</button>
      </section>
      {mine.value.length > 0 && <p class="note">{say.signOutWaits(mine.value.length)}</p>}
    </>
  );
}

function Duty() {
  const { me: say } = text.value;
  const on = onDuty.value;
  return (
    <section class="duty" aria-labelledby="duty-title">
      <h2 id="duty-title" class="unseen">{say.duty}</h2>
      <button type="button" class="switch" role="switch" aria-checked={on} onClick={() => void setDuty(!on)}>
        <span class="switch-track" aria-hidden="true"><i /></span>
        <span>{on ? say.dutyOn : say.dutyOff}</span>
      </button>
      {on && (
        <p role="status">
          {noPosition.value ? say.noPosition[noPosition.value] : position.value ? say.accuracy(Math.round(position.value.accuracy)) : say.seeking}
        </p>
      )}
      {on && offRoster.value && <p class="note">{say.offRoster}</p>}
      <p class="note">{canTrack.value ? say.notice : say.noticeOther}</p>
    </section>
  );
}

function GridLog() {
  const { me: say } = text.value;
  const stored = useSignal(false);
  const grids = reference.value.areas.filter((area) => area.properties.level === "grid" && inScope(area.properties.id));
  async function send(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    const said = String(fields.get("words")).trim();
    const grid = grids.find((one) => one.properties.id === fields.get("grid"));
    if (!said || !grid) return;
    await act({ about: grid.properties.name, act: { kind: "gridNote", grid: grid.properties.id, words: said } });
    form.reset();
    stored.value = true;
  }
  if (grids.length === 0) return null;
  return (
    <Part title={say.log}>
      <form onSubmit={(event) => void send(event)}>
        <label class="field">
          <span>{say.logGrid}</span>
          <select name="grid">{grids.map((one) => <option key={one.properties.id} value={one.properties.id}>{named(one.properties.name)}</option>)}</select>
        </label>
        <label class="field"><span>{say.logWords}</span><textarea name="words" rows={3} maxLength={2000} required /></label>
        <button type="submit" class="button big">{say.logSend}</button>
        <p class="good" role="status">{stored.value && say.logStored}</p>
      </form>
    </Part>
  );
}

/** Within the areas that the person has; without any they have all. */
function inScope(grid: string): boolean {
  const areas = me.value?.areas ?? [];
  const parents = new Map(reference.value.areas.map((one) => [one.properties.id, one.properties.parent]));
  for (let at: string | null | undefined = grid; at; at = parents.get(at)) if (areas.includes(at)) return true;
  return areas.length === 0;
}

function Figures({ username }: { username: string }) {
  const { me: say } = text.value;
  const all = useSignal<readonly Figure[] | null>(null);
  const failed = useSignal(false);
  async function load(): Promise<void> {
    try {
      all.value = (await figuresOf(username)).filter((one) => one.denominator > 0);
      failed.value = false;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      failed.value = true;
    }
  }
  return (
    <Part title={say.figures}>
      <button type="button" class="button" onClick={() => void load()}>{say.show}</button>
      {failed.value && <p class="note" role="alert">{say.figuresFailed}</p>}
      {all.value?.length === 0 && <p class="note">{say.figuresNone}</p>}
      <dl class="figures">{all.value?.map((one) => <div key={one.code}><dt>{named(one.name)}</dt><dd>{valueOf(one)}</dd></div>)}</dl>
    </Part>
  );
}

function valueOf(one: Figure): string {
  const { locale } = words.value;
  if (one.how === "seconds") return one.mean_s === null ? "–" : `${formatNumber(one.mean_s / 3600, locale)} h`;
  if (one.how === "plain") return formatNumber(one.numerator, locale);
  return one.share === null ? "–" : `${formatPercent(one.share, locale)} (${text.value.me.of(one.numerator, one.denominator)})`;
}

function Track() {
  const { me: say } = text.value;
  const count = useSignal<number | null>(null);
  const told = useSignal<"trackDeleted" | "trackFailed" | null>(null);
  async function ask(what: () => Promise<number | null>, then: "trackDeleted" | null): Promise<void> {
    try {
      count.value = await what();
      told.value = then;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      told.value = "trackFailed";
    }
  }
  return (
    <Part title={say.track}>
      <div class="row">
        <button type="button" class="button" onClick={() => void ask(async () => (await track()).items.length, null)}>{say.show}</button>
        <button type="button" class="button" onClick={() => void ask(() => deleteTrack().then(() => null), "trackDeleted")}>{say.trackDelete}</button>
      </div>
      <p class="note" role="status">{told.value ? say[told.value] : count.value !== null && say.trackCount(count.value)}</p>
    </Part>
  );
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return <details class="part"><summary>{title}</summary>{children}</details>;
}
