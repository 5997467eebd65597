import { useEffect, useRef } from "preact/hooks";
import { type By, type Figure, type Group, indices, type IndexQuery, type Part } from "../api/reports";
import { useLoaded } from "../office/asking";
import type { Filters } from "../office/filters";
import { Pick } from "../office/Pick";
import { organisationNamed } from "../state/organisations";
import { personNamed } from "../state/people";
import { classNamed, named, words } from "../words";
import { formatNumber } from "../words/format";
import { classes } from "../office/places";
import { Behind } from "./Behind";
import { Grade } from "./Grade";
import { Trend } from "./Trend";
import { barOf, partsOf, valueOf } from "./values";
import { text } from "./words";

const BYS = ["community", "grid", "event_class", "source", "organisation", "person"] as const;
const TREND = 6;

/** One index: what it counts, its course, its groups, and the cases behind it. */
export function Drill({ index, groups, query, filters, onFilter, onClose }: {
  index: Figure;
  groups: readonly Group[];
  query: IndexQuery;
  filters: Filters;
  onFilter: (change: Filters) => void;
  onClose: () => void;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: innerWidth >= 900 }), []);
  const { locale } = words.value;
  const part: Part = filters["part"] === "numerator" ? "numerator" : "denominator";
  return (
    <section class="card drill" aria-labelledby="drill-title">
      <header>
        <h3 id="drill-title" ref={heading} tabIndex={-1}>{named(index.name)}</h3>
        <b class="drill-value">{valueOf(index, locale)}</b>
        <Grade figure={index} />
        <button type="button" class="button aside" onClick={onClose}>{text.value.close}</button>
      </header>
      <dl class="drill-terms">
        <div><dt>{text.value.counts} {formatNumber(index.denominator, locale)}</dt><dd>{named(index.counts)}</dd></div>
        {index.how !== "seconds" && (
          <div><dt>{text.value.hits} {formatNumber(index.numerator, locale)}</dt><dd>{named(index.hits)}</dd></div>
        )}
      </dl>
      {index.denominator === 0 ? (
        <p class="nothing">{text.value.nothing}</p>
      ) : (
        <>
          <Course index={index} query={query} />
          <div class="narrow">
            <Pick
              label={text.value.by} value={filters["by"] ?? ""} all={text.value.noBy}
              choices={BYS.map((value) => ({ value, title: text.value.bys[value] }))} onPick={(by) => onFilter({ by })}
            />
          </div>
          {groups.length > 0 && <Bars index={index} groups={groups} by={filters["by"] as By} />}
          <Behind key={part} index={index} part={part} query={query} onPart={(one) => onFilter({ part: one })} />
        </>
      )}
    </section>
  );
}

/** The same index in parts of the span; nothing while it is worked out. */
function Course({ index, query }: { index: Figure; query: IndexQuery }) {
  const { by: _, from, to, ...rest } = query;
  const parts = from && to ? partsOf(from, to < new Date().toISOString() ? to : new Date().toISOString(), TREND) : [];
  const found = useLoaded(
    () => Promise.all(parts.map((one) => indices({ ...rest, ...one }))),
    [JSON.stringify(query), index.code],
  );
  const points = (found.value ?? []).map((one) => one.items.find((each) => each.code === index.code));
  const figures = points.filter((one) => one !== undefined);
  if (figures.length < TREND) return null;
  return <Trend index={index} figures={figures} parts={parts} />;
}

function Bars({ index, groups, by }: { index: Figure; groups: readonly Group[]; by: By }) {
  const { locale } = words.value;
  const rows = groups
    .map((group) => ({ group, figure: group.items.find((one) => one.code === index.code) }))
    .filter((row): row is { group: Group; figure: Figure } => (row.figure?.denominator ?? 0) > 0)
    .sort((a, b) => b.figure.denominator - a.figure.denominator);
  const longest = Math.max(0, ...rows.map((row) => row.figure.mean_s ?? 0));
  return (
    <table class="sheet bars">
      <caption class="unseen">{text.value.bys[by]}</caption>
      <tbody>
        {rows.map(({ group, figure }) => (
          <tr key={group.id ?? ""}>
            <th scope="row">{groupNamed(group, by)}</th>
            <td class="bar-cell"><i class="bar" style={{ width: `${100 * barOf(figure, longest)}%` }} /></td>
            <td class="figure"><b>{valueOf(figure, locale)}</b></td>
            <td class="figure">{index.how === "seconds" ? figure.denominator : `${figure.numerator} / ${figure.denominator}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function groupNamed(group: Group, by: By): string {
  if (group.id === null) return named(group.name);
  if (by === "organisation") return organisationNamed(group.id);
  if (by === "person") return personNamed(group.id);
  const sources: Readonly<Record<string, string | undefined>> = words.value.facts.sources;
  if (by === "source") return sources[group.id] ?? group.id;
  const known = by === "event_class" && classes.value.find((one) => one.code === group.id);
  return known ? classNamed(known) : named(group.name);
}
