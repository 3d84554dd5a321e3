// Điều cần biết trước: the brief of a meeting, JSON that the server made (docs/sync.md), or else the office's own words; and
// what else this phone knows of the place.
import { h, inDays, lines, more } from './dom.js';
import { due, isOverdue, isPromiseLate, PROCESS } from './petitions.js';
import { rowsOf } from './store.js';
const line = (...parts) => h('p', { class: 'fine' }, parts.filter(Boolean).join(' · '));
const item = (title, ...rest) => h('div', { class: 'item' }, h('h3', {}, title), rest);
const asked = (petition) => item(petition.title ?? 'Kiến nghị',
  line(PROCESS[petition.process], petition.agency,
    due(petition) && `${isOverdue(petition) ? 'quá hạn từ' : 'hạn'} ${inDays(due(petition))}`,
    petition.roadmapAt && `${isPromiseLate(petition) ? 'đã qua ngày hứa' : 'hứa xong'} ${inDays(petition.roadmapAt)}`,
    petition.repeats && `đã hỏi lại ${petition.repeats} lần`), petition.answer && lines(petition.answer));
const paper = ({ title, number, council, date, summary }) =>
  item(title, line(number, council, date && inDays(date)), summary && lines(summary));

const MOST = 50;
/** All petitions that lie on this phone, told as those of a brief are: what has to be done by a day first, by that day. */
export async function pack() {
  const names = new Map((await rowsOf('agency')).map(({ d }) => [d.id, d.name]));
  const until = (petition) => (petition.process === 'forwarded' && due(petition)) || '9';
  return (await rowsOf('petition')).map(({ d }) => ({ ...d, agency: names.get(d.agencyId), answer: d.outcome && d.answerText }))
    .sort((a, b) => until(a).localeCompare(until(b)));
}

/** Those of them about a place of the meeting of which its brief says nothing: the province's, and what had no room there.
 * What was split or merged goes on in others. */
function others({ unitIds }, listed, petitions) {
  const [places, told] = [unitIds?.split(' ') ?? [], new Set(listed.map(({ id }) => id))];
  const rest = petitions.filter(({ id, process, unitIds: about }) => !told.has(id) && !['split', 'merged'].includes(process)
    && about?.split(' ').some((unit) => places.includes(unit)));
  return more('Kiến nghị khác của nơi này', rest.slice(0, MOST).map(asked), Math.max(rest.length - MOST, 0), 'trang Kiến nghị');
}

/** The brief of a meeting; `petitions` is what this phone has. */
export function brief(meeting, petitions) {
  let made = meeting.brief;
  try { made = JSON.parse(made); } catch { /* the office's words, before the server made more of them */ }
  if (!made?.format) return [lines(meeting.brief ?? 'Văn phòng chưa gửi tài liệu tóm tắt.'), others(meeting, [], petitions)];
  const told = [
    made.note && lines(made.note),
    more('Nơi này đã kiến nghị', (made.asked ?? []).map(asked), made.left?.asked),
    others(meeting, made.asked ?? [], petitions),
    more('Đã trả lời tại chỗ', (made.onSpot ?? []).map(({ on, subject, answer }) => item(subject ?? 'Ý kiến',
      line(inDays(on)), lines(answer ?? ''))), made.left?.onSpot),
    more('Nghị quyết đang có hiệu lực', (made.resolutions ?? []).map(paper), made.left?.resolutions),
    more('Hướng dẫn, báo cáo', [made.guide, made.report].filter(Boolean).map(paper)),
    more('Gọi cho ai', (made.agencies ?? []).map(({ name, hotline, email }) => item(name, line(email), hotline
      && h('a', { class: 'button quiet', href: `tel:${hotline.replace(/\s/g, '')}` }, `Gọi ${hotline}`))), made.left?.agencies),
  ].filter(Boolean);
  return told.length ? told : lines('Chưa có kiến nghị, nghị quyết hay báo cáo nào về nơi này.');
}
