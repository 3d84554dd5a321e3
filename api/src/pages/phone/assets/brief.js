// Điều cần biết trước: the brief of a meeting, JSON that the server made (docs/sync.md), or else the office's own words.
import { h, inDays, lines, more } from './dom.js';
import { due, isOverdue, isPromiseLate, PROCESS } from './petitions.js';
const line = (...parts) => h('p', { class: 'fine' }, parts.filter(Boolean).join(' · '));
const item = (title, ...rest) => h('div', { class: 'item' }, h('h3', {}, title), rest);
const asked = (petition) => item(petition.title ?? 'Kiến nghị',
  line(PROCESS[petition.process], petition.agency,
    due(petition) && `${isOverdue(petition) ? 'quá hạn từ' : 'hạn'} ${inDays(due(petition))}`,
    petition.roadmapAt && `${isPromiseLate(petition) ? 'đã qua ngày hứa' : 'hứa xong'} ${inDays(petition.roadmapAt)}`,
    petition.repeats && `đã hỏi lại ${petition.repeats} lần`), petition.answer && lines(petition.answer));
const paper = ({ title, number, date, summary }) => item(title, line(number, date && inDays(date)), summary && lines(summary));

export function brief(text) {
  let made = text;
  try { made = JSON.parse(text); } catch { /* the office's words, before the server made more of them */ }
  if (!made?.format) return lines(text ?? 'Văn phòng chưa gửi tài liệu tóm tắt.');
  const told = [
    made.note && lines(made.note),
    more('Nơi này đã kiến nghị', (made.asked ?? []).map(asked), made.left?.asked),
    more('Đã trả lời tại chỗ', (made.onSpot ?? []).map(({ on, subject, answer }) => item(subject ?? 'Ý kiến',
      line(inDays(on)), lines(answer ?? ''))), made.left?.onSpot),
    more('Nghị quyết đang có hiệu lực', (made.resolutions ?? []).map(paper), made.left?.resolutions),
    more('Hướng dẫn, báo cáo', [made.guide, made.report].filter(Boolean).map(paper)),
    more('Gọi cho ai', (made.agencies ?? []).map(({ name, hotline, email }) => item(name, line(email), hotline
      && h('a', { class: 'button quiet', href: `tel:${hotline.replace(/\s/g, '')}` }, `Gọi ${hotline}`))), made.left?.agencies),
  ].filter(Boolean);
  return told.length ? told : lines('Chưa có kiến nghị, nghị quyết hay báo cáo nào về nơi này.');
}
