// What the form of a report can do better with a script: find the place, and make photos small before they go.
// Without it (or where the browser has no position to give) the form works as it stands.
"use strict";

const LONGEST = 1600; // pixels: enough to read a number plate from, a tenth of the bytes
const QUALITY = 0.8;

const form = document.querySelector("form[data-tell]");
const here = document.querySelector("[data-here]");
const said = document.querySelector("[data-said]");

if (form && here && navigator.geolocation && isSecureContext) {
  here.hidden = false;
  here.addEventListener("click", () => {
    here.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.lon.value = coords.longitude.toFixed(6);
        form.lat.value = coords.latitude.toFixed(6);
        form.grid.required = false;
        here.disabled = false;
        said.textContent = said.dataset.found.replace("{}", Math.round(coords.accuracy));
      },
      () => {
        here.disabled = false;
        said.textContent = said.dataset.failed;
      },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 },
    );
  });
}

if (form) {
  form.grid.addEventListener("change", () => {
    form.lon.value = form.lat.value = "";
    said.textContent = "";
  });
  form.photos.addEventListener("change", async () => {
    const small = new DataTransfer();
    for (const file of [...form.photos.files].slice(0, Number(form.photos.dataset.most))) small.items.add(await shrunk(file));
    form.photos.files = small.files;
  });
  form.addEventListener("submit", (event) => {
    const button = form.querySelector("button.primary");
    if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
    button.setAttribute("aria-disabled", "true");
  });
}

async function shrunk(file) {
  try {
    const picture = await createImageBitmap(file);
    const by = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * by);
    canvas.height = Math.round(picture.height * by);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
  } catch {
    return file; // not a picture that this browser reads: the cloud says what is wrong with it
  }
}
