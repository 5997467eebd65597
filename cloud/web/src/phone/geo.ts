/** Distances, and positions as Chinese map apps count them. Everything is kept in WGS-84; only links are shifted. */
import type { Position } from "./queue";

const EARTH_M = 6_371_008.8;
const rad = (degrees: number): number => (degrees * Math.PI) / 180;

/** Metres between two positions on the sphere (haversine). */
export function metres(a: Position, b: Position): number {
  const h =
    Math.sin(rad(b.lat - a.lat) / 2) ** 2 + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.sin(rad(b.lon - a.lon) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The ellipsoid of GCJ-02 (Krasovsky 1940): its half axis and squared eccentricity. */
const AXIS_M = 6_378_245;
const ECCENTRICITY = 0.006_693_421_622_965_943;

function waves(x: number): number {
  return (20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * (2 / 3);
}

/** GCJ-02 is shifted inside this box alone, as the apps have it. */
function inChina({ lon, lat }: Position): boolean {
  return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;
}

/** As Amap and Tencent count (GCJ-02). */
export function gcj02(at: Position): Position {
  if (!inChina(at)) return at;
  const x = at.lon - 105;
  const y = at.lat - 35;
  const north =
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + waves(x) +
    ((20 * Math.sin(y * Math.PI) + 40 * Math.sin((y / 3) * Math.PI)) * 2) / 3 +
    ((160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y * Math.PI) / 30)) * 2) / 3;
  const east =
    300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + waves(x) +
    ((20 * Math.sin(x * Math.PI) + 40 * Math.sin((x / 3) * Math.PI)) * 2) / 3 +
    ((150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * 2) / 3;
  const sine = Math.sin(rad(at.lat));
  const bend = 1 - ECCENTRICITY * sine * sine;
  const lat = at.lat + (north * 180) / (((AXIS_M * (1 - ECCENTRICITY)) / (bend * Math.sqrt(bend))) * Math.PI);
  const lon = at.lon + (east * 180) / ((AXIS_M / Math.sqrt(bend)) * Math.cos(rad(at.lat)) * Math.PI);
  return { lon, lat };
}

const BAIDU = (Math.PI * 3000) / 180;

/** As Baidu counts (BD-09). */
export function bd09(at: Position): Position {
  const { lon, lat } = gcj02(at);
  const far = Math.hypot(lon, lat) + 0.000_02 * Math.sin(lat * BAIDU);
  const angle = Math.atan2(lat, lon) + 0.000_003 * Math.cos(lon * BAIDU);
  return { lon: far * Math.cos(angle) + 0.0065, lat: far * Math.sin(angle) + 0.006 };
}

export type MapApp = "amap" | "baidu" | "other";

/** The link that has a map app on this device lead there. */
export function leadTo(app: MapApp, at: Position, name: string): string {
  const called = encodeURIComponent(name);
  if (app === "amap") {
    const { lon, lat } = gcj02(at);
    return `https://uri.amap.com/navigation?to=${lon.toFixed(6)},${lat.toFixed(6)},${called}&mode=walk&callnative=1`;
  }
  if (app === "baidu") {
    const { lon, lat } = bd09(at);
    return `baidumap://map/walknavi?destination=name:${called}|latlng:${lat.toFixed(6)},${lon.toFixed(6)}&coord_type=bd09ll`;
  }
  return `geo:${at.lat.toFixed(6)},${at.lon.toFixed(6)}?q=${at.lat.toFixed(6)},${at.lon.toFixed(6)}(${called})`;
}
