// The page: opens the account's store, shows one view at a time, and keeps the sync running.
import { ask, lostSignal } from './api.js';
import { card, h, inHours, whyNot } from './dom.js';
import { signedInHere, signIn } from './login.js';
import { outbox } from './outbox.js';
import { awaited, petitionList } from './petitions.js';
import { isUnsent } from './photo.js';
import * as store from './store.js';
import { nudge, run } from './sync.js';
import { today } from './today.js';
import { write } from './write.js';
import { askToWake, register } from './wake.js';
const [view, tabs, state, lost, trouble] = 'view tabs state lost trouble'.split(' ').map((id) => document.getElementById(id));
const VIEWS = {
  'hom-nay': today, ghi: write, sua: write, 'hop-gui': outbox, 'kien-nghi': petitionList, 'roi-may': leaving, 'dang-nhap': again,
};
const now = { isOpen: false, standing: 'busy', install: null, shown: '', turns: 0 };
/** What somebody sees as the same when the view is drawn anew. */
const nameOf = (element) => `${element.closest('[id]').id} ${element.textContent}`;
const isInUse = () => view.querySelector('.card > form, details[open] > form');
/** Shows the view that the address names. A form in use is never drawn anew under somebody's fingers. */
async function show() {
  const address = location.hash;
  const [name, id] = address.slice(1).split('/');
  const isNew = now.shown !== address;
  // Whoever comes back before the other view was drawn stays where he is: that one has lost its turn.
  const turn = ++now.turns;
  if (!isNew && isInUse()) return tellState();
  const content = await (now.isOpen ? VIEWS[name] ?? today : again)({ name, id, install: now.install, wake: askToWake });
  if (turn !== now.turns || (!isNew && isInUse())) return undefined;
  const open = new Set([...view.querySelectorAll('details[open] > summary')].map(nameOf));
  const { activeElement } = document;
  const [focused, around] = view.contains(activeElement) ? [nameOf(activeElement), activeElement.closest('[id]').id] : [];
  now.shown = address;
  view.replaceChildren(...content.flat(Infinity).filter(Boolean));
  for (const summary of isNew ? [] : view.querySelectorAll('summary')) summary.parentNode.open = open.has(nameOf(summary));
  // Whoever goes by the keyboard, or has the page read out, stays where he was: where that is gone, at what it lay in.
  const same = [...view.querySelectorAll('a, button, summary')].find((element) => nameOf(element) === focused);
  const places = isNew || !focused ? [] : [same, document.getElementById(around), view].filter(Boolean);
  for (const it of places) {
    if (view.contains(document.activeElement)) break;
    if (it !== same) it.tabIndex = -1;
    it.focus({ preventScroll: true });
  }
  if (isNew) view.focus({ preventScroll: true });
  if (isNew) (document.getElementById(id) ?? document.body).scrollIntoView({ block: id ? 'center' : 'start' });
  await tellState();
}
/** The line on top, and the counts on the tabs. */
async function tellState() {
  lost.checked = lostSignal.isOn;
  tabs.hidden = !now.isOpen;
  for (const tab of tabs.children) tab.ariaCurrent = (now.shown || '#hom-nay').startsWith(tab.hash) ? 'page' : null;
  if (!now.isOpen) return state.replaceChildren(lostSignal.isOn ? 'Đang giả như mất sóng' : 'Chưa đăng nhập');
  const waiting = (await store.all('outbox')).filter((entry) => entry.state === 'waiting').length;
  for (const [i, count, what] of [[2, waiting, 'việc chờ gửi'], [3, (await awaited()).length, 'câu trả lời cần thông tin lại']]) {
    tabs.children[i].lastChild.textContent = count || '';
    tabs.children[i].ariaLabel = count ? `${tabs.children[i].firstChild.textContent}${count} ${what}` : null;
  }
  state.dataset.standing = lostSignal.isOn ? 'waiting' : now.standing;
  state.replaceChildren({
    ok: `Đã đồng bộ lúc ${inHours(await store.meta('synced'))}`, busy: 'Đang đồng bộ…',
    signin: 'Cần đăng nhập lại để gửi và nhận ',
    waiting: `${lostSignal.isOn ? 'Đang giả như mất sóng' : 'Chưa liên lạc được máy chủ'}: `
      + (waiting ? `${waiting} việc chờ trên máy` : 'mọi việc đã gửi'),
  }[state.dataset.standing], now.standing === 'signin' ? h('a', { href: '#dang-nhap' }, 'Đăng nhập') : '');
  [view.inert, trouble.hidden] = [false, true];
}
/** What lies on this phone is out of reach: why, and what to do. What was typed can still be read; no more is taken. */
function outOfReach(error) {
  console.error(error);
  trouble.querySelector('p').textContent = whyNot(error);
  [view.inert, tabs.hidden, trouble.hidden, state.dataset.standing] = [true, true, false, 'waiting'];
  state.replaceChildren('Chưa mở được sổ tay');
}
/** Who signs in again finds everything as it was. */
function again() {
  return signIn({ why: localStorage.getItem('cutri-farewell'), then: async (account) => {
    localStorage.removeItem('cutri-farewell');
    if (now.isOpen && account !== store.owner) return begun();
    await begin(account);
    await navigator.storage?.persist?.();
    nudge();
    location.hash = '#hom-nay';
    await show();
  } });
}
/** The page from the beginning, with the store of whoever is signed in now. */
const begun = () => { location.hash = '#hom-nay'; location.reload(); };
/** Opens the account's store and begins to sync. */
async function begin(account) {
  if (now.isOpen || !account) return;
  await store.open(account);
  now.isOpen = true;
  store.changes.addEventListener('changed', () => { clearTimeout(begin.soon); begin.soon = setTimeout(show, 50); });
  run((standing) => { now.standing = standing; tellState(); });
  if (globalThis.Notification?.permission === 'granted') register().catch(() => {});
}
/** How much is on this phone alone. */
const onlyHere = async () => (await store.all('photos')).filter(isUnsent).length
  + (await store.all('outbox')).filter((entry) => ['waiting', 'by_hand'].includes(entry.state)).length;
/** Leaving this phone: what was not sent stays until it is, also what was written while the server was told. */
async function leaving() {
  const unsent = await onlyHere();
  const leave = () => ask('mutation { logout { userErrors { code } } }').catch(() => {}).then(onlyHere)
    .then((left) => (left ? show() : store.erase('Đã rời máy này.')));
  return [h('h1', {}, 'Rời máy này'), card('Xóa dữ liệu trên máy', unsent
    ? h('p', { class: 'warning' }, `Còn ${unsent} việc chưa gửi hoặc chưa bàn giao, chỉ có trên máy này. Hãy gửi xong đã.`)
    : [h('p', {}, 'Mọi điều đã lưu đều ở Văn phòng. Điều đang gõ dở sẽ mất.'),
      h('button', { class: 'main', onclick: leave }, 'Rời máy và xóa')])];
}

/** Opens the store of whoever is signed in, and listens from then on. */
async function start() {
  await begin(signedInHere().account);
  addEventListener('hashchange', show);
  addEventListener('storage', () => { if (now.isOpen && signedInHere().account !== store.owner) begun(); nudge(); tellState(); });
  lost.addEventListener('change', () => { lostSignal.isOn = lost.checked; nudge(); tellState(); });
}
store.changes.addEventListener('closed', ({ detail }) => outOfReach(detail));
addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  now.install = h('button', { class: 'quiet', onclick: () => event.prompt() }, 'Cài lên màn hình chính');
});

const policy = window.trustedTypes?.createPolicy('worker', { createScriptURL: (url) => url });
navigator.serviceWorker?.register(policy?.createScriptURL('/dien-thoai/sw.js') ?? '/dien-thoai/sw.js', { scope: '/dien-thoai' });
if (isSecureContext) await start().then(show, outOfReach);
else view.replaceChildren(h('p', { class: 'warning' }, 'Sổ tay chỉ chạy qua địa chỉ https.'));
