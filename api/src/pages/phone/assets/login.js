// Signing in, the first time or again. Again changes nothing on the phone: what waits is sent, nothing is lost.
import { login, NoAnswer, Refused, send } from './api.js';
import { card, field, form, h, whyNot } from './dom.js';
import { handOver } from './store.js';
/** Who is signed in on this phone, and which device each account is here. No secrets: those are in IndexedDB. */
export const signedInHere = () => JSON.parse(localStorage.getItem('cutri-account') ?? '{}');

export async function signIn({ then, why }) {
  const { username = '', devices = {} } = signedInHere();
  const wrong = h('p', { class: 'warning', role: 'alert', id: 'khong-vao-duoc' }, why ?? '');
  const name = h('input', { name: 'username', required: true, autocomplete: 'username', autocapitalize: 'none',
    'aria-describedby': wrong.id });
  const password = h('input', { name: 'password', type: 'password', required: true, autocomplete: 'current-password',
    'aria-describedby': wrong.id });
  name.value = username;
  const enter = form({}, async () => {
    try {
      const { account, session } = await login(name.value, password.value, devices[name.value]);
      await handOver(account, session);
      const known = { ...devices, [name.value]: session.deviceId };
      localStorage.setItem('cutri-account', JSON.stringify({ account, username: name.value, devices: known }));
      await then(account);
    } catch (error) {
      wrong.textContent = error instanceof NoAnswer ? 'Chưa có sóng để đăng nhập. Phiếu đã ghi vẫn nằm trên máy.'
        : whyNot(error, error instanceof Refused ? error.message : undefined);
    }
  }, field('Tên đăng nhập', name), field('Mật khẩu', password), wrong, h('button', { class: 'main' }, 'Đăng nhập'));
  // Only a demo has these.
  const demo = await send('/dien-thoai/thu', {}).then((answer) => (answer.ok ? answer.json() : [])).catch(() => []);
  const fill = (account) => () => { name.value = account.username; password.value = account.password; enter.requestSubmit(); };
  return [
    h('h1', {}, 'Sổ tay đại biểu'),
    h('p', {}, 'Ghi điều cử tri nói, kể cả khi không có sóng. Có sóng, từng phiếu đến Văn phòng đúng một lần.'),
    card('Đăng nhập', enter),
    demo.length > 0 && card('Tài khoản dùng thử', demo.map((account) => h('button', { class: 'quiet', onclick: fill(account) },
      `${account.username}, ${account.unit}`))),
  ];
}
