import type { StepClock } from "../api/case";
import type { Clocks as Known } from "../api/desk";
import { now } from "../state/clock";
import { words } from "../words";
import { formatAge, formatPercent, formatWhen } from "../words/format";
import { Light } from "./Light";
import { text } from "./words";

/** Each step against its limit: light, part used, when it is due, or that its clock stands still. */
export function Clocks({ clocks }: { clocks: Known | null }) {
  const say = text.value;
  const { locale } = words.value;
  return (
    <section class="case-clocks" aria-labelledby="clocks-title">
      <h3 id="clocks-title">{say.clocks}</h3>
      {!clocks ? (
        <p class="note">{say.partFailed}</p>
      ) : clocks.steps.length === 0 ? (
        <p class="note">{say.noClocks}</p>
      ) : (
        <ul>{clocks.steps.map((step) => <Step key={step.step} step={step} />)}</ul>
      )}
      {clocks?.clearing && (
        <p class="note">
          {say.clearing[clocks.clearing.clearing]}: {say.clearBy(formatWhen(clocks.clearing.ends_at, locale, now.value))}
        </p>
      )}
    </section>
  );
}

function Step({ step }: { step: StepClock }) {
  const say = text.value;
  const { locale } = words.value;
  return (
    <li class={step.running ? "running" : ""}>
      <b>{say.step[step.step]}</b>
      <Light light={step.light} />
      <meter min={0} max={1} value={Math.min(1, step.used_s / step.limit_s)} aria-label={say.step[step.step] ?? ""} />
      <span>
        {limitInWords(step.limit)} · {say.used(formatPercent(step.used_s / step.limit_s, locale))}
        {step.running && step.due_at ? (
          <> · {say.due(formatWhen(step.due_at, locale, now.value))} <Left due={step.due_at} /></>
        ) : (
          <> · {say.stopped}</>
        )}
      </span>
    </li>
  );
}

/** How long until then, or since, ticking. */
export function Left({ due }: { due: string }) {
  const say = text.value;
  const { locale } = words.value;
  const left = Date.parse(due) - now.value;
  const age = formatAge(Math.abs(left), locale);
  return <b class={left < 0 ? "case-left over" : "case-left"}>{left < 0 ? say.over(age) : say.left(age)}</b>;
}

/** "4 work h" as people say it. */
function limitInWords(limit: string): string {
  const [count = "", ...unit] = limit.split(" ");
  const name = unit.join(" ");
  return text.value.limit(count, text.value.units[name] ?? name);
}
