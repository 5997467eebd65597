import { Live } from "./Live";
import { all } from "./state";
import "../look/video.css";

/** One camera's live picture beside something else; nothing where the camera is not known. */
export function Beside({ camera, close }: { camera: string; close(): void }) {
  const seen = all.value.find((one) => one.id === camera);
  return seen ? <ul class="live-beside"><Live seen={seen} close={close} /></ul> : null;
}
