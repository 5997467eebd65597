import "../look/editor.css";
import { useEffect, useRef } from "preact/hooks";
import { go, route } from "../state/route";
import { named, words } from "../words";
import { Cameras } from "./Cameras";
import { Canvas } from "./Canvas";
import { Privacy } from "./Privacy";
import { Publish } from "./Publish";
import { camera, edited, openCamera, refused } from "./state";
import { Tried } from "./Tried";
import { Versions } from "./Versions";
import { text } from "./words";
import { Zones } from "./Zones";

/** The page on which zones are drawn, tried and published. */
export function Editor() {
  const heading = useRef<HTMLHeadingElement>(null);
  const wanted = route.value.rest[0] ?? "";
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => {
    if (wanted) void openCamera(wanted);
    else camera.value = "";
  }, [wanted]);
  return (
    <main class="editor" aria-labelledby="editor-title">
      <h2 id="editor-title" class="unseen" ref={heading} tabIndex={-1}>{text.value.title}</h2>
      <Cameras />
      {wanted ? <Camera /> : <Start />}
    </main>
  );
}

function Start() {
  return (
    <section class="editor-start" aria-label={text.value.versions.title}>
      <p class="nothing">{text.value.pickOne}</p>
      <Versions />
    </section>
  );
}

function Camera() {
  const one = edited.value;
  if (refused.value) {
    return (
      <section class="editor-start">
        <p class="fault" role="alert">{refused.value.status === 404 ? text.value.notHere : text.value.loadFailed}</p>
        <p>
          <button type="button" class="button" onClick={() => void openCamera(camera.value)}>{text.value.again}</button>{" "}
          <button type="button" class="button" onClick={() => go("editor")}>{text.value.choose}</button>
        </p>
      </section>
    );
  }
  if (!one) return <p class="nothing">{words.value.list.loading}</p>;
  return (
    <>
      <section class="editor-middle" aria-label={named(one.site.name)}>
        <header class="editor-head">
          <h3>{named(one.site.point_name)} · {named(one.site.name)}</h3>
          <small>{one.site.camera} · {one.site.node}</small>
        </header>
        <Canvas />
        <Tried />
      </section>
      <section class="editor-side" aria-label={text.value.zones.title}>
        <Publish />
        <Zones />
        <Privacy />
      </section>
    </>
  );
}
