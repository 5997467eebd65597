/** Why the cloud will not: its sentences, as people here say them. What is not known stays as the cloud said it. */
import type { IncidentState, Session } from "../api/types";
import { organisationNamed } from "../state/organisations";
import { language, words } from "../words";
import { stepNamed } from "./names";

type Told = readonly [zh: string, en: string];
type Made = (...parts: string[]) => Told;

/** What never changes; a test holds these against the table of guards. */
const FIXED: Readonly<Record<string, Told>> = {
  "who handled it does not check it: another person must": ["四眼原则：处置人不能核查自己办的案件，须由他人核查", "Four eyes: whoever handled it does not check it; another person must"],
  "it is not yours to handle: another handler or organisation has it": ["不归你处置：已由他人或其他单位承办", "Not yours to handle: another person or organisation has it"],
  "somebody has it already": ["已有人认领", "Somebody has claimed it already"],
  "a photo of afterwards must be there first": ["须先有处置后的照片", "A photo of afterwards must be there first"],
  "this class needs a photo of afterwards first": ["该类事件须先有处置后的照片", "This class needs a photo of afterwards first"],
  "its level is closed by a level above yours": ["该层级的案件须由上级结案", "A case of this level is closed by a level above yours"],
  "who reported it must be told first (feedback) and the result made public (feedback, form notice), or the reason why not given (without_feedback)": ["须先回访反映人并公示结果，或写明不回访的理由", "Whoever reported it must be told first and the result made public, or say why not"],
  "a supervision waits for its answer": ["督办尚未答复", "A supervision waits for its answer"],
  "no supervision waits for an answer": ["没有待答复的督办", "No supervision waits for an answer"],
  "nobody asked for that": ["没有人提出过申请", "Nobody has asked for that"],
  "it was closed too long ago: open a new case": ["结案已久，请另立新案", "It was closed too long ago: open a new case"],
  "it is part of another case: split it off": ["已并入其他案件，请先拆分", "It is part of another case: split it off first"],
  "it was not merged with another case": ["没有与其他案件合并", "It was not merged with another case"],
  "another case of this place and class is open": ["同一地点同类案件正在办理", "Another case of this place and class is open"],
  "it cannot go up: it is at the street, and nobody is above": ["已在街道，上面没有层级", "It is at the street already; nobody is above"],
  "a call is withdrawn by those who call": ["吹哨方才能撤销", "A call is withdrawn by those who call"],
  "only the community in which the case lies rates": ["只有案件所在社区可以评价", "Only the community in which the case lies rates"],
  "the other case is part of another one itself: split that first": ["对方案件自身已并入他案，请先拆分", "The other case is part of another one itself: split that first"],
  "into: a case cannot be part of itself": ["不能并入自身", "A case cannot be part of itself"],
  "nobody is meant": ["没有对应的收件人", "nobody is meant"],
  "handler: nobody who handles cases has this user name": ["没有可承办案件的此用户名", "Nobody who handles cases has this user name"],
  "organisation: the policy `organisations` has none of this id": ["没有这个单位", "There is no such organisation"],
};

const state = (name: string): string => {
  const known: Readonly<Record<string, string | undefined>> = words.value.states satisfies Record<IncidentState, string>;
  return known[name] ?? name;
};
const states = (names: string): string => names.split(", ").map(state).join(words.value.locale === "en-GB" ? ", " : "、");
const role = (name: string): string => {
  const known: Readonly<Record<string, string | undefined>> =
    words.value.top.roles satisfies Record<Session["user"]["roles"][number], string>;
  return known[name] ?? name;
};
const roles = (names: string): string => names.split(", ").map(role).join(words.value.locale === "en-GB" ? ", " : "、");
const bodies = (ids: string): string => ids.split(", ").map(organisationNamed).join(words.value.locale === "en-GB" ? ", " : "、");
const level = (name: string): string => {
  const known: Readonly<Record<string, string | undefined>> = words.value.timeline.level;
  return known[name] ?? name;
};

/** What names a state, a role or somebody. */
const MADE: readonly (readonly [RegExp, Made])[] = [
  [/^not while (\S+); it is done while (.+)$/, (now, then) => [`现在是“${state(now ?? "")}”，此项用于：${states(then ?? "")}`, `Not while “${state(now ?? "")}”; it is for: ${states(then ?? "")}`]],
  [/^(\S+) is not possible while (\S+)$/, (what, now) => [`“${state(now ?? "")}”状态下不能${stepNamed(what ?? "")}`, `“${stepNamed(what ?? "")}” is not possible while “${state(now ?? "")}”`]],
  [/^it is for (.+)$/, (who) => [`由${roles(who ?? "")}办理`, `This is for: ${roles(who ?? "")}`]],
  [/^(\S+) is not for (.+)$/, (what, who) => [`${roles(who ?? "")}不能${stepNamed(what ?? "")}`, `“${stepNamed(what ?? "")}” is not for: ${roles(who ?? "")}`]],
  [/^called, and have not reported: (.+); each reports, or its call is withdrawn$/, (who) => [`吹哨未办结：${bodies(who ?? "")}；须各自报告结果，或撤销吹哨`, `Called, and not reported yet: ${bodies(who ?? "")}; each reports, or its call is withdrawn`]],
  [/^(\S+) is finished by the (\S+) at the lowest, and this is at the (\S+)$/, (_, least, now) => [`该类事件至少由${level(least ?? "")}结案，现在在${level(now ?? "")}，请先上报`, `This class is finished by the ${level(least ?? "")} at the lowest; it is at the ${level(now ?? "")}: hand it up first`]],
  [/^called already: (.+)$/, (who) => [`已经吹过哨：${bodies(who ?? "")}`, `Called already: ${bodies(who ?? "")}`]],
  [/^nobody is called to a case that is (\S+)$/, (now) => [`“${state(now ?? "")}”的案件不能吹哨`, `Nobody is called to a case that is “${state(now ?? "")}”`]],
  [/^it cannot go up: it is (\S+)$/, (now) => [`“${state(now ?? "")}”的案件不能上报`, `It cannot go up while “${state(now ?? "")}”`]],
  [/^you do not hand up what is at the (\S+)$/, (now) => [`在${level(now ?? "")}的案件不由你上报`, `You do not hand up what is at the ${level(now ?? "")}`]],
  [/^the other case is (\S+): reopen it first, or take the other way$/, (now) => [`对方案件“${state(now ?? "")}”：请先重新打开它，或反过来合并`, `The other case is “${state(now ?? "")}”: reopen it first, or merge the other way round`]],
  [/^only who has reported is rated; the call is \S+$/, () => ["报告结果后才能评价", "Only who has reported is rated"]],
  [/^(\S+) was rated for this case$/, (who) => [`${bodies(who ?? "")}在本案已评价过`, `${bodies(who ?? "")} was rated for this case already`]],
  [/^(\S+) itself answers its calls$/, (who) => [`由${bodies(who ?? "")}自己答复`, `${bodies(who ?? "")} itself answers its calls`]],
  [/^not configured: (\S+) is not set$/, (name) => [`未配置（${name}）`, `not configured: ${name} is not set`]],
  [/^\S+ is not possible: the call is (\S+)$/, () => ["吹哨状态已变，请刷新后再看", "The call has changed meanwhile; look again"]],
];

/** In the reader's language. */
export function why(said: string): string {
  const at = language.value === "zh" ? 0 : 1;
  const fixed = FIXED[said];
  if (fixed) return fixed[at];
  for (const [pattern, made] of MADE) {
    const found = pattern.exec(said);
    if (found) return made(...found.slice(1))[at];
  }
  return said;
}
