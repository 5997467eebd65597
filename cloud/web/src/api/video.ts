import { body, client } from "./calls";
import type { components, paths } from "./schema";

export type CameraVideo = components["schemas"]["CameraVideo"];

const ABOUT = "/api/v1/cameras/{camera}/video" satisfies keyof paths;

/** Whether a camera may be watched live now; a `Refused` says why not. */
export function cameraVideo(camera: string, reason: string | null): Promise<CameraVideo> {
  const params = { path: { camera }, query: reason ? { reason } : {} };
  return body(client.GET(ABOUT, { params }));
}

/** Where a camera's live picture is. */
export function liveUrl(camera: string, reason: string | null): string {
  return socketUrl(`/api/v1/cameras/${encodeURIComponent(camera)}/live`, reason);
}

/** Where the stills of a page of cameras are. */
export function stillsUrl(reason: string | null): string {
  return socketUrl("/api/v1/cameras/stills", reason);
}

function socketUrl(path: string, reason: string | null): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (reason) url.searchParams.set("reason", reason);
  return url.href;
}
