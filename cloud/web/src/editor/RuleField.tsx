import { labelled, named, words } from "../words";
import { formatNumber } from "../words/format";
import { Fault, invalid } from "./Fault";
import { durationOf, type NamedField, percentOf, type Unit, UNITS } from "./fields";
import { classes, forms } from "./state";
import { text } from "./words";

interface Props {
  one: NamedField;
  value: unknown;
  path: string;
  /** Without a value the field is left to what it usually is. */
  put: (value: unknown) => void;
}

/** One field of a rule, with its unit, its bounds and what counts when nothing is given. */
export function RuleField(props: Props) {
  const { one, path } = props;
  const name = text.value.rules.fields[one.name] ?? one.name;
  const hint = hintOf(one);
  if (one.field.kind === "labels") return <Labels {...props} name={name} />;
  const inside = (
    <>
      <span>{name}</span>
      <Control {...props} name={name} />
      {hint && <small>{hint}</small>}
      <Fault at={path} />
    </>
  );
  return one.field.kind === "duration"
    ? <div class="asked" role="group" aria-label={name}>{inside}</div>
    : <label class="asked">{inside}</label>;
}

function Control({ one, value, path, put, name }: Props & { name: string }) {
  const { field } = one;
  const { rules: t } = text.value;
  const wrong = invalid(path);
  switch (field.kind) {
    case "duration":
      return <Duration name={name} value={value} least={field.least} path={path} put={put} required={one.required} />;
    case "share":
      return (
        <span class="with-unit">
          <input type="number" min={0} max={100} step="any" value={percentOf(value) ?? ""} {...wrong} onInput={(event) => {
            const given = event.currentTarget.valueAsNumber;
            put(Number.isFinite(given) ? `${given} %` : undefined);
          }} />
          %
        </span>
      );
    case "count":
      return (
        <input type="number" min={field.least} max={field.most} step={1} value={typeof value === "number" ? value : ""} {...wrong} onInput={(event) => {
          const given = event.currentTarget.valueAsNumber;
          put(Number.isFinite(given) ? given : undefined);
        }} />
      );
    case "choice":
      return (
        <select value={String(value ?? "")} {...wrong} onChange={(event) => put(event.currentTarget.value || undefined)}>
          {!one.required && <option value="">{t.usual(choiceNamed(String(one.usual)))}</option>}
          {field.of.map((choice) => <option key={choice} value={choice}>{choiceNamed(choice)}</option>)}
        </select>
      );
    case "class":
      return (
        <select value={String(value ?? "")} {...wrong} onChange={(event) => put(event.currentTarget.value)}>
          {!classes.value.some((known) => known.code === value) && <option value={String(value ?? "")}>{String(value || t.pick)}</option>}
          {classes.value.map((known) => <option key={known.code} value={known.code}>{known.code} {named(known.name)}</option>)}
        </select>
      );
    case "times":
      return (
        <textarea rows={2} value={(Array.isArray(value) ? value : value ? [value] : []).join("\n")} {...wrong} onChange={(event) => {
          const times = event.currentTarget.value.split("\n").map((line) => line.trim()).filter(Boolean);
          put(times.length ? times : undefined);
        }} />
      );
    default:
      return <input value={String(value ?? "")} {...wrong} onInput={(event) => put(event.currentTarget.value || undefined)} />;
  }
}

function Duration({ name, value, least, path, put, required }: {
  name: string;
  value: unknown;
  least: number;
  path: string;
  put: (value: unknown) => void;
  required: boolean;
}) {
  const given = durationOf(value);
  const unit = given?.unit ?? "min";
  const say = (figure: number, of: string): void => put(Number.isFinite(figure) ? `${figure} ${of}` : undefined);
  return (
    <span class="with-unit">
      <input type="number" aria-label={name} min={least} step="any" required={required} value={given?.figure ?? ""} {...invalid(path)} onInput={(event) => say(event.currentTarget.valueAsNumber, unit)} />
      <select aria-label={text.value.rules.unit} value={unit} onChange={(event) => say(given?.figure ?? 0, event.currentTarget.value)}>
        {(Object.keys(UNITS) as Unit[]).map((one) => <option key={one} value={one}>{text.value.rules.units[one]}</option>)}
      </select>
    </span>
  );
}

function Labels({ one, value, path, put, name }: Props & { name: string }) {
  const { rules: t } = text.value;
  const known = forms.value;
  const ticked = Array.isArray(value) ? (value as string[]) : [];
  const groups = Object.keys(known?.groups ?? {});
  const single = ticked.filter((label) => !groups.includes(label));
  const set = (label: string, on: boolean): void => {
    const labels = on ? [...ticked, label] : ticked.filter((other) => other !== label);
    put(labels.length || one.required ? labels : undefined);
  };
  return (
    <fieldset class="labels">
      <legend>{name}</legend>
      {[...groups, ...single].map((label) => (
        <label key={label} class="tick">
          <input type="checkbox" checked={ticked.includes(label)} onChange={(event) => set(label, event.currentTarget.checked)} />
          {t.groups[label] ?? labelled(label)}
        </label>
      ))}
      <select aria-label={t.more} value="" {...invalid(path)} onChange={(event) => event.currentTarget.value && set(event.currentTarget.value, true)}>
        <option value="">{t.more}</option>
        {(known?.labels ?? []).filter((label) => !ticked.includes(label)).map((label) => <option key={label} value={label}>{labelled(label)}</option>)}
      </select>
      {!one.required && <small>{t.any}</small>}
      <Fault at={path} />
    </fieldset>
  );
}

/** Its bounds, and what counts without it. */
function hintOf({ field, required, usual, name }: NamedField): string {
  const { rules: t } = text.value;
  const { locale } = words.value;
  const said: string[] = [];
  if (field.kind === "times") return t.times;
  if (field.kind === "share") said.push(t.percent);
  if (field.kind === "count" && field.least !== undefined) said.push(t.atLeast(formatNumber(field.least, locale)));
  if (field.kind === "count" && field.most !== undefined) said.push(t.atMost(formatNumber(field.most, locale)));
  if (!required && field.kind !== "choice" && name !== "event_class") {
    const value = usualSaid(field.kind, usual);
    said.push(value ? t.usual(value) : t.optional);
  }
  return said.join(" · ");
}

function usualSaid(kind: string, usual: unknown): string {
  const { rules: t } = text.value;
  if (usual === null || usual === undefined) return "";
  const given = kind === "duration" ? durationOf(usual) : null;
  if (given) return `${formatNumber(given.figure, words.value.locale)} ${t.units[given.unit]}`;
  return typeof usual === "number" ? formatNumber(usual, words.value.locale) : "";
}

function choiceNamed(choice: string): string {
  const severities: Readonly<Record<string, string | undefined>> = words.value.severities;
  return text.value.rules.choices[choice] ?? severities[choice] ?? choice;
}
