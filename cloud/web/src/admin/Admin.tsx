import { useEffect } from "preact/hooks";
import { needPlaces } from "../office/places";
import { Sheet, Tabs } from "../office/Sheet";
import { go, route } from "../state/route";
import { hasRole } from "../state/session";
import "../look/admin.css";
import { Audit } from "./Audit";
import { Hooks } from "./Hooks";
import { NodeCredentials } from "./NodeCredentials";
import { People } from "./People";
import { Policies } from "./Policies";
import { Tokens } from "./Tokens";
import { text } from "./words";

const PARTS = { people: People, policies: Policies, nodes: NodeCredentials, tokens: Tokens, hooks: Hooks, audit: Audit } as const;
type Part = keyof typeof PARTS;

/** What an administrator looks after; to street and auditors the proof of the logs alone. */
export function Admin() {
  useEffect(needPlaces, []);
  const mine: readonly Part[] = hasRole("administrator") ? (Object.keys(PARTS) as Part[]) : ["audit"];
  const part = mine.find((one) => one === route.value.rest[0]) ?? mine[0] ?? "audit";
  const Shown = PARTS[part];
  return (
    <Sheet
      name="admin" title={text.value.title}
      tools={
        <Tabs tabs={mine.map((name) => ({ name, title: text.value.parts[name] }))} shown={part} label={text.value.title} onPick={(name) => go("admin", name)} />
      }
    >
      <Shown key={part} />
    </Sheet>
  );
}
