import { named, words as shared } from "../words";
import { areas, classes } from "./places";
import { text } from "./words";

export interface Choice {
  value: string;
  title: string;
}

/** One of several; the empty value stands for all. */
export function Pick({ label, value, choices, all, onPick }: {
  label: string;
  value: string;
  choices: readonly Choice[];
  /** The words for none of them; left out: one must be chosen. */
  all?: string;
  onPick: (value: string) => void;
}) {
  return (
    <label class="pick">
      <span>{label}</span>
      <select value={value} onChange={(event) => onPick(event.currentTarget.value)}>
        {all !== undefined && <option value="">{all}</option>}
        {choices.map((one) => <option key={one.value} value={one.value}>{one.title}</option>)}
        {value && !choices.some((one) => one.value === value) && <option value={value}>{value}</option>}
      </select>
    </label>
  );
}

/** Communities with their grids below. */
export function AreaPick({ value, onPick }: { value: string; onPick: (value: string) => void }) {
  const words = text.value;
  const all = areas.value;
  const communities = all.filter((one) => one.level === "community");
  const choices = communities.flatMap((community) => [
    { value: community.id, title: named(community.name) },
    ...all.filter((one) => one.parent === community.id).map((one) => ({ value: one.id, title: `  ${named(one.name)}` })),
  ]);
  return <Pick label={words.area} value={value} choices={choices} all={words.street} onPick={onPick} />;
}

export function ClassPick({ value, all, onPick }: { value: string; all?: string; onPick: (value: string) => void }) {
  const words = text.value;
  const choices = classes.value.map((one) => ({ value: one.code, title: `${named(one.name)} ${one.code}` }));
  return <Pick label={words.eventClass} value={value} choices={choices} all={all ?? words.all} onPick={onPick} />;
}

export function SourcePick({ value, onPick }: { value: string; onPick: (value: string) => void }) {
  const words = text.value;
  const choices = Object.entries(shared.value.facts.sources).map(([one, title]) => ({ value: one, title }));
  return <Pick label={words.source} value={value} choices={choices} all={words.all} onPick={onPick} />;
}
