import { useEffect } from "preact/hooks";
import { asked } from "../office/filters";
import { needPlaces } from "../office/places";
import { Sheet, Tabs } from "../office/Sheet";
import { text as shared } from "../office/words";
import { go } from "../state/route";
import { hasRole } from "../state/session";
import "../look/reports.css";
import { IndexPage } from "./IndexPage";
import { Periods } from "./Periods";
import { text } from "./words";

/** What the street is measured by: its indices with the cases behind them, and the reports of periods. */
export function Reports() {
  useEffect(needPlaces, []);
  const { parts } = asked();
  const periods = parts[0] === "periods";
  const wholeStreet = hasRole("operator", "leader", "street", "auditor");
  const tabs = (["indices", "periods"] as const).map((name) => ({ name, title: text.value.parts[name] }));
  return (
    <Sheet
      name="reports" title={text.value.title}
      tools={
        <>
          {wholeStreet && (
            <Tabs
              tabs={tabs} shown={periods ? "periods" : "indices"} label={text.value.title}
              onPick={(name) => (name === "periods" ? go("reports", "periods") : go("reports"))}
            />
          )}
          <button type="button" class="button" onClick={() => window.print()}>{shared.value.print}</button>
        </>
      }
    >
      {periods && wholeStreet ? <Periods kind={parts[1]} period={parts[2]} /> : <IndexPage code={parts[0]} />}
    </Sheet>
  );
}
