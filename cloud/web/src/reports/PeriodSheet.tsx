import { useState } from "preact/hooks";
import { type Figure, indices, type Kind, periodReport, type Report, type Star, type Sums } from "../api/reports";
import { useDoing, useLoaded } from "../office/asking";
import { Pick } from "../office/Pick";
import { areaNamed } from "../office/places";
import { Fault, Frame } from "../office/Sheet";
import { text as shared } from "../office/words";
import { now } from "../state/clock";
import { go } from "../state/route";
import { named, words } from "../words";
import { formatDay, formatNumber, formatWhen } from "../words/format";
import { periodNamed } from "./periods";
import { barOf, figureOf, valueOf } from "./values";
import { text } from "./words";

/** One report of a period, to read and to print. */
export function PeriodSheet({ kind, period }: { kind: Kind; period: string }) {
  const report = useLoaded(() => periodReport(kind, period, false), []);
  const known = useLoaded(() => indices({}), []);
  const doing = useDoing();
  const [same, setSame] = useState<boolean | null>(null);
  const { locale } = words.value;
  const { value } = report;
  const refused = report.refused ?? known.refused;
  if (refused) return <Fault refused={refused} again={() => { report.again(); known.again(); }} />;
  if (!value || !known.value) return <p class="nothing">{shared.value.loading}</p>;
  const verify = () => doing.run(async () => setSame((await periodReport(kind, period, true)).same));
  return (
    <article class="period-report" aria-labelledby="period-title">
      <header class="row-tools">
        <h3 id="period-title">{text.value.kinds[kind]} · {periodNamed(kind, period)}</h3>
        <span class="row-tools no-print">
          <button type="button" class="button" aria-disabled={doing.busy} onClick={() => void verify()}>{text.value.verify}</button>
          <button type="button" class="button aside" onClick={() => go("reports", "periods", kind)}>{text.value.back}</button>
        </span>
      </header>
      <p class="note">
        {text.value.span(formatDay(new Date(value.begins), locale), formatDay(new Date(Date.parse(value.ends) - 1), locale))}
        {" · "}{text.value.made(formatWhen(value.made_at, locale, now.value))}{" · "}{text.value.opened(formatNumber(value.body.opened, locale))}
      </p>
      <Fault refused={doing.refused} />
      {same !== null && <p role="status" class={same ? "good" : "bad"}>{same ? text.value.same : text.value.differs}</p>}
      <Street report={value} known={known.value.items} />
      <Parts title={text.value.communities} parts={value.body.community} known={known.value.items} />
      <Parts title={text.value.gridsOf} parts={value.body.grid} known={known.value.items} />
      {value.body.workers && <Stars title={text.value.workerStars} stars={value.body.workers} known={known.value.items} />}
      {value.body.grids && <Stars title={text.value.gridStars} stars={value.body.grids} known={known.value.items} />}
    </article>
  );
}

function Street({ report, known }: { report: Report; known: readonly Figure[] }) {
  const { locale } = words.value;
  return (
    <Frame label={text.value.street}>
      <table class="sheet index-sheet">
        <caption>{text.value.street}</caption>
        <tbody>
          {known.map((one) => {
            const figure = figureOf(one, report.body.street[one.code]);
            return (
              <tr key={one.code} class={figure.denominator === 0 ? "nought" : ""}>
                <th scope="row">{named(one.name)}</th>
                <td class="figure"><b>{valueOf(figure, locale)}</b></td>
                <td class="figure">{one.how === "seconds" ? figure.denominator : `${figure.numerator} / ${figure.denominator}`}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Frame>
  );
}

/** One index at a time over all communities or grids. */
function Parts({ title, parts, known }: { title: string; parts: Readonly<Record<string, Sums>>; known: readonly Figure[] }) {
  const there = known.filter((one) => Object.values(parts).some((sums) => sums[one.code]));
  const [code, setCode] = useState("closed_in_time");
  const index = there.find((one) => one.code === code) ?? there[0];
  const { locale } = words.value;
  if (!index) return null;
  const rows = Object.entries(parts).map(([id, sums]) => ({ id, figure: figureOf(index, sums[index.code]) }));
  const longest = Math.max(0, ...rows.map((row) => row.figure.mean_s ?? 0));
  return (
    <section class="card">
      <header>
        <h4>{title}</h4>
        <Pick
          label={text.value.chooseIndex} value={index.code} onPick={setCode}
          choices={there.map((one) => ({ value: one.code, title: named(one.name) }))}
        />
      </header>
      <table class="sheet bars">
        <caption class="unseen">{title} · {named(index.name)}</caption>
        <tbody>
          {rows.filter((row) => row.figure.denominator > 0).map(({ id, figure }) => (
            <tr key={id}>
              <th scope="row">{areaNamed(id) || shared.value.none}</th>
              <td class="bar-cell"><i class="bar" style={{ width: `${100 * barOf(figure, longest)}%` }} /></td>
              <td class="figure"><b>{valueOf(figure, locale)}</b></td>
              <td class="figure">{index.how === "seconds" ? figure.denominator : `${figure.numerator} / ${figure.denominator}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Stars({ title, stars, known }: { title: string; stars: readonly Star[]; known: readonly Figure[] }) {
  const { starColumns: columns } = text.value;
  const { locale } = words.value;
  const called = (code: string): string => {
    const index = known.find((one) => one.code === code);
    return index ? named(index.name) : code;
  };
  return (
    <section class="card">
      <h4>{title}</h4>
      {stars.length === 0 ? <p class="note">{text.value.noStars}</p> : (
        <table class="sheet">
          <thead><tr>{(["who", "stars", "score", "inputs"] as const).map((one) => <th key={one} scope="col">{columns[one]}</th>)}</tr></thead>
          <tbody>
            {stars.map((one) => (
              <tr key={one.who}>
                <th scope="row">{areaNamed(one.who)}</th>
                <td class="nowrap"><span role="img" aria-label={text.value.stars(one.stars)} class="stars">{"★".repeat(one.stars)}{"☆".repeat(5 - one.stars)}</span></td>
                <td class="figure"><b>{formatNumber(one.score, locale)}</b> {one.grade}</td>
                <td>
                  {one.inputs.filter((input) => input.score !== null).map((input) => (
                    <small key={input.code} class="input">
                      {text.value.weight(
                        called(input.code), formatNumber(Math.round((input.score ?? 0) * 10) / 10, locale), formatNumber(input.weight, locale),
                        `${input.sum.numerator}/${input.sum.denominator}`,
                      )}
                    </small>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
