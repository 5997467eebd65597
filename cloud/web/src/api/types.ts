/** The shapes of the API under short names; `schema.d.ts` is generated from `openapi.json` by `npm run generate`. */
import type { Readable, Writable } from "openapi-typescript-helpers";
import type { components } from "./schema";

/** As the client hands them out. */
type Schemas = Readable<components["schemas"]>;

export type Alarm = Schemas["Alarm"];
export type AreaFeature = Schemas["AreaFeature"];
export type EventClass = Schemas["ClassRef"];
export type Command = Schemas["CommandOut"];
export type CommandRequest =
  | Writable<components["schemas"]["AskPhoto"]>
  | Writable<components["schemas"]["AskLookAgain"]>
  | Writable<components["schemas"]["AskSite"]>
  | Writable<components["schemas"]["AskLogLevel"]>;
export type Evidence = Schemas["Photo"];
export type Incident = Schemas["Incident"];
export type IncidentEvent = Schemas["LogEntry"];
export type IncidentState = Schemas["State"];
export type Names = Schemas["Names"];
export type NodeDevice = Schemas["DeviceOut"];
export type NodeLedger = Schemas["NodeLedger"];
export type Chart = Schemas["ChartOut"];
export type Series = Schemas["SeriesOut"];
export type SeriesLedger = Schemas["SeriesLedger"];
export type NodeState = Schemas["NodeOut"];
export type PointFeature = Schemas["PointFeature"];
export type PointProperties = Schemas["PointProperties"];
export type Session = Schemas["Session"];
export type Severity = Schemas["Severity"];
/** "unknown": the node has said nothing of it yet. */
export type DeviceStatus = Schemas["DeviceStatus"] | "unknown";
export type PointDevice = Schemas["CameraState"] | Schemas["SensorState"];

/** What this page has a button for; what needs more than a reason is done over the API. The document has plain strings. */
export const ACTIONS = [
  "accept", "file", "dispatch", "claim", "start", "resolve", "check", "close", "check_failed", "rate", "resume", "reopen",
  "false_alarm", "reject", "return", "suspend", "void", "ask_return", "ask_suspend", "ask_void",
] as const;
export type Action = (typeof ACTIONS)[number];

/** Of an `event: health` on the stream, what this page reads. */
export interface Health {
  device: string;
  status: DeviceStatus;
}
