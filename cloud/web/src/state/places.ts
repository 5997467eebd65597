import { computed, signal } from "@preact/signals";
import { areas as fetchAreas, nodes as fetchNodes, points as fetchPoints, Refused } from "../api/calls";
import type { AreaFeature, DeviceStatus, Health, Incident, NodeState, PointFeature } from "../api/types";
import { named } from "../words";
import { open, replayed } from "./incidents";

export const areas = signal<readonly AreaFeature[]>([]);
export const points = signal<readonly PointFeature[]>([]);
const fetchedNodes = signal<readonly NodeState[]>([]);
/** What the stream said of devices since they were fetched. */
const heard = signal<ReadonlyMap<string, DeviceStatus>>(new Map());

export async function loadPlaces(): Promise<void> {
  const [areaSet, pointSet, nodeSet] = await Promise.all([fetchAreas(), fetchPoints(), fetchNodes()]);
  areas.value = areaSet;
  points.value = pointSet;
  fetchedNodes.value = nodeSet;
  heard.value = new Map();
}

/** Who falls silent says nothing of it: how devices are is asked for so often, beside what the stream tells. */
const AGAIN_MS = 20_000;

/** Keep the devices' statuses current until the returned function is called. */
export function keepStatuses(): () => void {
  const timer = setInterval(() => void lookAgain(), AGAIN_MS);
  return () => clearInterval(timer);
}

async function lookAgain(): Promise<void> {
  const before = heard.value;
  try {
    const [pointSet, nodeSet] = await Promise.all([fetchPoints(), fetchNodes()]);
    const devices = pointSet.flatMap(({ properties: { cameras, sensors } }) => [...cameras, ...sensors]);
    const told = new Map<string, DeviceStatus>([...nodeSet, ...devices].map((one) => [one.id, one.status]));
    // What the stream said meanwhile is newer.
    for (const [id, status] of heard.value) if (before.get(id) !== status) told.set(id, status);
    heard.value = told;
  } catch (error) {
    // The cloud is away, which the bar says, or the session ended, which the stream finds out.
    if (!(error instanceof Refused)) throw error;
  }
}

export function hearHealth(health: Health): void {
  if (heard.value.get(health.device) === health.status) return;
  heard.value = new Map(heard.value).set(health.device, health.status);
}

/** The newest status of a device. */
export function statusOf(device: { id: string; status: DeviceStatus }): DeviceStatus {
  return heard.value.get(device.id) ?? device.status;
}

export const nodes = computed(() => fetchedNodes.value.map((node) => ({ ...node, status: statusOf(node) })));
export const cameras = computed(() =>
  points.value.flatMap((point) => point.properties.cameras.map((camera) => ({ ...camera, status: statusOf(camera) }))),
);

const cameraIds = computed(() => new Set(cameras.value.map((camera) => camera.id)));

/** Whether a device that found something is a camera; else it is a sensor. */
export function isCamera(device: string): boolean {
  return cameraIds.value.has(device);
}

/** The camera that shows where it is: its own, else the first of the point where a sensor found it; null: none. */
export function cameraOf(incident: Incident): string | null {
  if (isCamera(incident.camera)) return incident.camera;
  const point = points.value.find((one) => one.properties.id === incident.point.id);
  return point?.properties.cameras[0]?.id ?? null;
}

/** What a camera, sensor or node is called; its id where it is not known (any more). */
export function deviceNamed(device: string): string {
  const devices = points.value.flatMap((one) => [...one.properties.cameras, ...one.properties.sensors]);
  const known = [...devices, ...fetchedNodes.value].find((one) => one.id === device);
  return known ? named(known.name) : device;
}

/** A place (a zone, a sensor, a node) by the device whose id it begins with, as zones are numbered; else as it is. */
export function placeNamed(place: string): string {
  const devices = points.value.flatMap((one) => [...one.properties.cameras, ...one.properties.sensors]);
  const own = devices.find((one) => place === one.id || place.startsWith(`${one.id}-`));
  return own ? named(own.name) : place;
}

/** Whether it is a node, of which the cloud itself tells that it is silent. */
export function isNode(device: string): boolean {
  return fetchedNodes.value.some((node) => node.id === device);
}

export const grids = computed(() => areas.value.filter((area) => area.properties.level === "grid"));

/** Open incidents of each point, worst first. */
export const openAt = computed(() => {
  const at = new Map<string, Incident[]>();
  for (const incident of open.value) {
    const there = at.get(incident.point.id);
    if (there) there.push(incident);
    else at.set(incident.point.id, [incident]);
  }
  return at;
});

/** Whether any camera or sensor of the point is down. */
export function isDown(point: PointFeature): boolean {
  const { cameras: eyes, sensors } = point.properties;
  // How devices were on a day that is played again, no log of cases tells.
  if (replayed.value) return false;
  return [...eyes, ...sensors].some((device) => isBad(statusOf(device)));
}

/** Known to be down; of "unknown" nothing is known. */
export function isBad(status: DeviceStatus): boolean {
  return status !== "up" && status !== "unknown";
}
