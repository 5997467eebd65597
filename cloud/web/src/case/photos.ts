import { putPhoto } from "../api/case";
import { sha256 } from "../phone/sha256";

/** Longest side of a photo that is sent, in pixels: a plate is legible, and it is well below 8 MiB. */
const LONGEST = 2560;
const QUALITY = 0.85;

/** A picture as JPEG of at most that size, upright as it was taken. Throws a DOMException for what is no picture. */
export async function asJpeg(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((done, failed) => {
    canvas.toBlob((jpeg) => (jpeg ? done(jpeg) : failed(new DOMException("no JPEG", "EncodingError"))), "image/jpeg", QUALITY);
  });
}

/** Send photos ahead; their hashes, by which a step or note names them. */
export async function send(photos: readonly Blob[]): Promise<string[]> {
  const hashes: string[] = [];
  for (const photo of photos) {
    const bytes = new Uint8Array(await photo.arrayBuffer());
    const hash = await sha256(bytes);
    await putPhoto(hash, photo);
    hashes.push(hash);
  }
  return hashes;
}
