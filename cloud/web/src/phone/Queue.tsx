import { now } from "../state/clock";
import { words } from "../words";
import { formatWhen } from "../words/format";
import { isHeld, type Item } from "./queue";
import { itemAbout, itemNamed, stopNamed } from "./say";
import { drop, hurry, mine, others, redo, sent } from "./sender";
import { text } from "./words";

/** What is not acknowledged yet, item by item; what needs a person says why and what can be done. */
export function Queue() {
  const { queue } = text.value;
  const all = mine.value;
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>{queue.title}</h1>
        {all.length > 0 && <button type="button" class="button" onClick={() => void hurry()}>{queue.send}</button>}
      </div>
      {all.length === 0 && <p class="nothing">{queue.empty}</p>}
      <ul class="cards">{all.map((item) => <Row key={item.key} item={item} all={all} />)}</ul>
      {others.value > 0 && <p class="note">{queue.others(others.value)}</p>}
      {sent.value.length > 0 && (
        <section aria-labelledby="sent-title">
          <h2 id="sent-title">{queue.done}</h2>
          <ul class="lines">
            {sent.value.map(({ item, at, number }) => (
              <li key={item.key}>
                <time>{formatWhen(at, words.value.locale, now.value)}</time> <b>{itemNamed(item)}</b> {itemAbout(item)}
                {number && <> · {queue.number(number)}</>}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Row({ item, all }: { item: Item; all: readonly Item[] }) {
  const { queue } = text.value;
  const state = item.state !== "stopped" && isHeld(item, all) ? "held" : item.state;
  const gone = item.stop?.code === "not_found";
  return (
    <li class={`item item-${state}`} data-state={state}>
      <p class="item-head"><b>{itemNamed(item)}</b> <span class={`chip ${state}`}>{queue.states[state]}</span></p>
      <p>{itemAbout(item)}</p>
      <p class="note">
        {queue.at(formatWhen(item.at, words.value.locale, now.value))}
        {item.photos.length > 0 && <> · {queue.photos(item.photos.length)}</>}
        {item.tries > 1 && <> · {queue.tried(item.tries)}</>}
      </p>
      {item.stop && (
        <>
          <p class="told" role="alert">{stopNamed(item, now.value)}</p>
          <p class="note">{queue.whatNow}</p>
          <div class="row">
            <button type="button" class="button" onClick={() => void drop(item)}>{queue.drop}</button>
            {!gone && <button type="button" class="button" onClick={() => void redo(item)}>{queue.redo}</button>}
            {item.caseId && !gone && <a class="button" href={`#/task/${item.caseId}`}>{queue.look}</a>}
          </div>
        </>
      )}
    </li>
  );
}
