// The little that pages are made of.
/** An element. Children are elements or text, and text never becomes markup: no row can do anything here. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (typeof value === 'boolean') element[name] = value;
    else if (value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}
/** A labelled field; the hint is read out with it. */
export const field = (label, control, hint) => h('label', { class: 'field' }, h('span', {}, label), control,
  hint && h('small', {}, hint));
/** What was chosen stays, also where it is none of the options any more. */
export const select = (name, options, chosen) => h('select', { name },
  [...(chosen && !options.some(([value]) => value === chosen) ? [[chosen, 'Như đã ghi']] : []), ...options]
    .map(([value, label]) => h('option', { value, selected: value === chosen }, label)));
const typed = (tag, value, more) => Object.assign(h(tag, more), { value: value ?? '' });
export const text = (name, value, maxlength) => typed('input', value, { name, maxlength, autocomplete: 'off' });
export const area = (name, value, maxlength, rows) => typed('textarea', value, { name, maxlength, rows });
export const card = (title, ...content) => h('section', { class: 'card' }, h('h2', {}, title), content);
/** What can be opened; and a list, with how many are in it, and how many more there are elsewhere. */
export const fold = (title, ...content) => h('details', {}, h('summary', {}, title), content);
export const more = (title, list, left = 0, where = 'Văn phòng') => list.length > 0
  && fold(`${title} (${list.length + left})`, list, left > 0 && h('p', { class: 'fine' }, `Còn ${left} mục nữa ở ${where}.`));
const CLOSED = 'Trình duyệt không cho sổ tay giữ gì trên máy này, nên chưa ghi phiếu được. Hãy dùng cửa sổ thường (không ẩn '
  + 'danh), cho phép trang này lưu dữ liệu, rồi mở lại.';
const WHY = {
  QuotaExceededError: 'Bộ nhớ của điện thoại đã đầy, chưa lưu được gì. Hãy xóa bớt ảnh, tệp trên máy rồi bấm lại.',
  VersionError: 'Trang này là bản cũ: một thẻ khác đã chuyển sổ tay sang bản mới. Điều đã lưu vẫn còn trên máy. Khi có sóng, '
    + 'hãy mở lại, hai lần nếu cần, để dùng bản mới.',
};
/** Why something could not be kept; where nothing else is known, because this browser keeps nothing. */
export const whyNot = (error, words = CLOSED) => WHY[error.name] ?? words;
/** A form; `work` gets what was filled in, without what was left empty. Sent twice by an eager thumb it is done once, and folds
 * up what it lies in; what could not be kept is told, and stays in the form. Its button is never `disabled`: whoever goes by
 * the keyboard would stand nowhere. */
export const form = (properties, work, ...children) => {
  const trouble = h('p', { class: 'warning', role: 'alert' });
  const made = h('form', { ...properties, onsubmit: async (event) => {
    event.preventDefault();
    const submitter = event.submitter ?? {};
    if (submitter.ariaDisabled === 'true') return;
    submitter.ariaDisabled = 'true';
    trouble.textContent = '';
    const filled = Object.fromEntries([...new FormData(made)].filter(([, value]) => value));
    await work(filled).then(() => {
      const folded = made.closest('details');
      if (made.contains(document.activeElement)) folded?.querySelector('summary').focus({ preventScroll: true });
      folded?.removeAttribute('open');
    }).catch((error) => {
      console.error(error);
      trouble.textContent = whyNot(error, 'Chưa lưu được. Hãy bấm lại.');
    });
    submitter.ariaDisabled = null;
  } }, children, trouble);
  return made;
};
/** A button for what cannot be taken back: it asks once more. */
export const twice = (words, again, work) => h('button', { class: 'quiet', type: 'button', onclick: ({ target }) => {
  if (target.textContent === again) work();
  else target.textContent = again;
} }, words);
export const lines = (words) => h('p', { class: 'lines' }, words);
const format = (options, made = new Intl.DateTimeFormat('vi-VN', { timeZone: 'Asia/Ho_Chi_Minh', ...options })) => (
  (at) => at && made.format(new Date(at)));
const hour = format({ hour: '2-digit', minute: '2-digit' });
const day = format({ day: 'numeric', month: 'numeric' });
const weekday = format({ weekday: 'long' });
export const inDays = format({ day: 'numeric', month: 'numeric', year: 'numeric' });
export const inHours = (at) => at && `${hour(at)}, ${day(at)}`;
export const inWords = (at) => at && `${weekday(at)}, ${inDays(at)}, ${hour(at)}`;
