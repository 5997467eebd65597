/** A photo as it is kept and sent: stamped in the picture, small enough, known by its hash. */
import type { Position } from "./queue";
import { sha256 } from "./sha256";
import type { KeptPhoto } from "./store";

/** What is sent is at most so large. */
export const MOST_BYTES = 500_000;
const LONGEST_SIDE = 1600;
const QUALITIES = [0.85, 0.75, 0.65, 0.5, 0.4] as const;
const SHRINK = 0.75;

/** The lines in the picture's foot: when, where by the device, of what and by whom. Pure. */
export function stampLines(at: Date, place: Position | null, what: string, who: string, nowhere: string): string[] {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const where = place ? `${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}` : nowhere;
  return [`${day} ${time}  ${where}`, `${what}  ${who}`];
}

/** The size with the same proportions whose longer side is at most `longest`. Pure. */
export function fit(width: number, height: number, longest: number): { width: number; height: number } {
  const by = Math.min(1, longest / Math.max(width, height));
  return { width: Math.round(width * by), height: Math.round(height * by) };
}

/** Stamp, shrink and hash what the camera gave. */
export async function keep(original: Blob, at: Date, place: Position | null, lines: readonly string[]): Promise<KeptPhoto> {
  const picture = await createImageBitmap(original, { imageOrientation: "from-image" });
  let longest = LONGEST_SIDE;
  let small = await draw(picture, longest, lines);
  while (small.size > MOST_BYTES) {
    longest = Math.round(longest * SHRINK);
    small = await draw(picture, longest, lines);
  }
  picture.close();
  const hash = await sha256(new Uint8Array(await small.arrayBuffer()));
  return { sha256: hash, small, original, at: at.toISOString(), place, sent: false };
}

/** The largest JPEG of that size that is small enough, or the smallest there is. */
async function draw(picture: ImageBitmap, longest: number, lines: readonly string[]): Promise<Blob> {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, fit(picture.width, picture.height, longest));
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser draws no pictures");
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const size = Math.max(14, Math.round(canvas.width / 48));
  const foot = Math.round(size * (0.7 + 1.4 * lines.length));
  pen.fillStyle = "rgb(0 0 0 / 62%)";
  pen.fillRect(0, canvas.height - foot, canvas.width, foot);
  pen.fillStyle = "#ffffff";
  pen.font = `500 ${size}px sans-serif`;
  pen.textBaseline = "top";
  lines.forEach((line, at) => {
    pen.fillText(line, size * 0.6, canvas.height - foot + size * (0.5 + 1.4 * at), canvas.width - size * 1.2);
  });
  let blob = await encode(canvas, QUALITIES[0]);
  for (const quality of QUALITIES.slice(1)) {
    if (blob.size <= MOST_BYTES) break;
    blob = await encode(canvas, quality);
  }
  return blob;
}

function encode(canvas: HTMLCanvasElement, quality: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no JPEG came"))), "image/jpeg", quality);
  });
}
