// Hôm nay: one's places, the coming meetings with their briefs, what has to be brought back.
import { brief, pack } from './brief.js';
import { card, fold, h, inDays, inWords, lines, more } from './dom.js';
import { invited } from './invitations.js';
import { meta, rowsOf } from './store.js';
import { awaited, labelOf } from './petitions.js';
/** Meetings that are still to come or began a few hours ago, the nearest first. */
async function coming() {
  const at = ({ startsAt }) => Date.parse(startsAt) - Date.now();
  return (await rowsOf('meeting')).map(({ d }) => d).filter((row) => at(row) > -6 * 3_600_000
    && !['proposed', 'postponed', 'cancelled'].includes(row.status)).sort((a, b) => at(a) - at(b));
}

const about = ({ startsAt, place }) => h('p', { class: 'when' }, [inWords(startsAt), place].filter(Boolean).join(' · '));
/** What one carries to a meeting, and the way to write down what is said there. */
const carried = (meeting, petitions) => [meeting.agenda && [h('h4', {}, 'Chương trình'), lines(meeting.agenda)],
  h('h4', {}, 'Điều cần biết trước'), brief(meeting, petitions),
  h('a', { class: 'button', href: `#ghi/${meeting.id}` }, 'Ghi ý kiến cử tri')];

const COUNTED = { to_clarify: 'phiếu', to_group: 'phiếu', to_cosign: 'báo cáo', synthesis_overdue: 'báo cáo' };
/** What waits in an office or a body that answers. A delegate's own is counted here, also of what was told without signal. */
async function duties(lists) {
  const rows = (await rowsOf('agenda')).filter(({ d }) => d.scope !== 'voters' || d.kind === 'to_clarify');
  return rows.map(({ d: { scope, kind, count, overdue, dueAt } }) => h('div', { class: 'item' },
    h('h3', {}, labelOf(lists, 'agenda_kind', kind)),
    h('p', { class: 'fine' }, [labelOf(lists, 'agenda_scope', scope), `${count} ${COUNTED[kind] ?? 'kiến nghị'}`,
      overdue && `${overdue} quá hạn`, dueAt && `sớm nhất ${inDays(dueAt)}`].filter(Boolean).join(' · '))));
}
export async function today({ install, wake }) {
  const mayWake = window.PushManager && Notification.permission === 'default';
  const [profile, waiting, meetings, petitions] = [await meta('profile'), await awaited(), await coming(), await pack()];
  const [next, ...later] = meetings.filter(({ family }) => family === 'contact');
  const work = await duties(profile?.lists);
  return [
    h('h1', {}, 'Hôm nay'),
    await invited(meetings),
    card('Cuộc tiếp xúc cử tri sắp tới', next ? [
      h('h3', {}, next.title), about(next), carried(next, petitions),
      more('Các cuộc sau đó', later.map((meeting) => h('div', { class: 'item', id: `cuoc-${meeting.id}` },
        h('h3', {}, meeting.title), about(meeting), fold('Xem trước cuộc này', carried(meeting, petitions))))),
    ] : h('p', {}, 'Chưa có cuộc nào được thông báo.')),
    card('Mang về cho cử tri', waiting.length
      ? h('a', { class: 'button quiet', href: '#kien-nghi' }, `${waiting.length} câu trả lời chưa thông tin lại`)
      : h('p', {}, 'Không còn câu trả lời nào chờ thông tin lại.')),
    work.length > 0 && card('Việc đang chờ', work),
    card('Địa bàn của tôi', h('ul', { class: 'chips' }, (profile?.units ?? []).map(({ name }) => h('li', {}, name)))),
    install, mayWake && h('button', { class: 'quiet', onclick: wake }, 'Báo cho tôi khi có tin mới'),
    h('p', { class: 'fine' }, profile && `${profile.account.name}. `,
      `Dữ liệu trên máy đến ${inDays(await meta('synced')) ?? 'nay chưa có'}. `,
      h('a', { href: '#roi-may' }, 'Rời máy này')),
  ];
}
