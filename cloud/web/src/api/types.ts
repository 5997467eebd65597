/** The shapes of the cloud's API as this page uses them. */
export type Severity = "critical" | "high" | "medium" | "low";
export type IncidentState =
  | "detected" | "verifying" | "accepted" | "filed" | "dispatched" | "in_progress" | "resolved" | "checking"
  | "closed" | "evaluated" | "rejected" | "void" | "false_alarm" | "suspended";
export type Action =
  | "accept" | "file" | "dispatch" | "start" | "resolve" | "check_failed" | "close" | "false_alarm" | "reject"
  | "void" | "suspend" | "resume" | "rate";
export type DeviceStatus = "up" | "stalled" | "refused" | "unreachable" | "unknown";
export interface Names { zh: string; en: string }
export interface EventClass { code: string; name: Names }
export interface Measured { quantity: string; value: number; unit: string; limit: number }
export interface Evidence {
  id: string; kind: "empty" | "present" | "cleared"; captured_at: string; url: string; width: number; height: number;
}
export interface Alarm {
  id: string; condition_id: string; device: string; zone: string | null; rule: string; label: string; score: number;
  since: string; at_least: boolean; condition_state: "open" | "held" | "cleared"; changed_at: string;
  cleared_at: string | null; count: number | null; measured: Measured | null;
}
export interface Incident {
  id: string; number: string; state: IncidentState; version: number; severity: Severity; event_class: EventClass;
  place: string; point: { id: string; name: Names; position: { lon: number; lat: number } };
  area: { grid: { id: string; name: Names }; community: { id: string; name: Names } };
  opened_at: string; since: string; at_least: boolean; updated_at: string; closed_at: string | null;
  camera: string | null; label: string; count: number | null; measured: Measured | null;
  condition: { state: "open" | "held" | "cleared"; changed_at: string } | null;
  alarms: Alarm[]; evidence: Evidence[]; thumbnail_url: string | null; allowed_actions: Action[];
  seen_gone_at: string | null;
}
export interface IncidentEvent {
  id: string; at: string; actor: { kind: "system" | "user" | "node"; name: Names | string };
  action: string; from_state: IncidentState | null; to_state: IncidentState; cause: string | null; reason: string | null;
}
export interface Session {
  user: { id: string; username: string; name: Names; roles: string[] }; csrf: string; expires_at: string;
}
export interface Health {
  node: string; device: string; kind: "camera" | "sensor" | "broker" | "node"; status: DeviceStatus; detail: string;
  checked_at: string;
}
export interface NodeState {
  id: string; name: Names; status: DeviceStatus; last_seen_at: string | null; cameras_up: number; cameras_total: number;
}
export interface PointDevice { id: string; name: Names; status: DeviceStatus; kind?: string }
export interface PointProperties {
  id: string; name: Names; grid: string; node: string; cameras: PointDevice[]; sensors: PointDevice[];
  open_incidents: number; worst: Severity | null;
}
export interface AreaProperties {
  id: string; level: "street" | "community" | "grid"; parent: string | null; code: string | null; name: Names;
  households: number | null;
}
export interface Feature<P, G> { type: "Feature"; geometry: G; properties: P }
export interface Collection<F> { type: "FeatureCollection"; features: F[] }
export type AreaFeature = Feature<AreaProperties, { type: "Polygon"; coordinates: [number, number][][] }>;
export type PointFeature = Feature<PointProperties, { type: "Point"; coordinates: [number, number] }>;
