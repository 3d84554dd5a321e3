// The road to the server: one POST for each operation, errors as kinds, and a session that outlives its tokens.
import { meta, setMeta } from './store.js';
/** No answer: whether the server got it is unknown. Ask again later, with the same ids. */
export class NoAnswer extends Error { constructor(seconds = 0) { super('no answer'); this.seconds = seconds; } }
/** The person has to sign in again; what is in the outbox stays. */
export class SignIn extends Error {}
/** The server refused, with a code of docs/errors.md. */
export class Refused extends Error { constructor({ code, message }) { super(message); this.code = code; } }
/** The switch beside the real thing: while it is on nothing leaves the phone. */
export const lostSignal = {
  get isOn() { return localStorage.getItem('cutri-lost-signal') === '1'; },
  set isOn(lost) { localStorage.setItem('cutri-lost-signal', lost ? '1' : '0'); },
};
/** A request that either has an answer or throws NoAnswer. */
export async function send(path, options, seconds = 30) {
  if (lostSignal.isOn) throw new NoAnswer();
  const ends = [AbortSignal.timeout(seconds * 1_000), options.signal].filter(Boolean);
  const request = { ...options, signal: AbortSignal.any(ends), credentials: 'omit', cache: 'no-store' };
  const answer = await fetch(path, request).catch(() => { throw new NoAnswer(); });
  // Too busy, too slow, stopping: nothing is known of the request, and the server may say when to come back.
  if ([408, 429].includes(answer.status) || answer.status >= 500) throw new NoAnswer(+answer.headers.get('retry-after'));
  return answer;
}

async function post(query, variables, token, options) {
  const headers = { 'content-type': 'application/json', accept: 'application/json', 'accept-language': 'vi',
    ...(token && { authorization: `Bearer ${token}` }) };
  const request = { method: 'POST', headers, body: JSON.stringify({ query, variables }), signal: options?.signal };
  const answer = await send('/graphql', request, options?.seconds);
  const { data, errors } = await answer.json().catch(() => { throw new NoAnswer(); });
  const code = errors?.[0].extensions?.code;
  // A field that failed beside others that did not (the page of a push) is null, and asked for again.
  if (errors && !(data && Object.values(data).some(Boolean))) throw new Refused({ code, message: errors[0].message });
  return data;
}
/** Does something with the access token, and again with a fresh one if the server (not the phone's clock) says so. */
export async function signedIn(work) {
  const session = await meta('session');
  if (!session?.access) throw new SignIn();
  try {
    return await work(session.access);
  } catch (error) {
    if (!['TOKEN_EXPIRED', 'UNAUTHENTICATED', 'DEVICE_REVOKED'].includes(error.code)) throw error;
    if (session.isWiping && error.code === 'DEVICE_REVOKED') throw error;
    return work(await refreshed(session.access));
  }
}

export const ask = (query, variables, options) => signedIn((token) => post(query, variables, token, options));
const TOKENS = 'accessToken refreshToken device { id bundleKey } userErrors { code message }';
/** A fresh access token. One tab asks, the others find its answer: a refresh token is good once. Its answer may be
 * lost, so the same token may be sent again within 60 seconds; later that would look like theft, and the device would
 * be revoked. So the moment of sending is kept, and after the grace the person signs in instead. */
const refreshed = (failed) => navigator.locks.request('cutri-session', async () => {
  const session = await meta('session');
  if (session.access && session.access !== failed) return session.access;
  if (session.sentAt && Date.now() - session.sentAt > 60_000) throw new SignIn();
  if (!session.sentAt) await send('/livez', {});
  await setMeta('session', { ...session, sentAt: session.sentAt ?? Date.now() });
  const query = `mutation($input: RefreshInput!) { refresh(input: $input) { ${TOKENS} } }`;
  const { refresh } = await post(query, { input: { refreshToken: session.refresh } });
  const { accessToken: access, refreshToken, userErrors } = refresh;
  const isWiping = userErrors[0]?.code === 'DEVICE_REVOKED';
  await setMeta('session', { ...session, access, refresh: refreshToken ?? session.refresh, isWiping, sentAt: null });
  if (!access) throw new SignIn();
  return access;
});
/** Signs in; with the device's id of last time it stays the same device. Returns the account and its session. */
export async function login(username, password, deviceId) {
  const deviceName = /android/i.test(navigator.userAgent) ? 'Điện thoại Android' : 'Sổ tay đại biểu';
  const query = `mutation($input: LoginInput!) { login(input: $input) { ${TOKENS} } }`;
  const { login } = await post(query, { input: { username, password, deviceName, deviceId } });
  if (!login.accessToken) throw new Refused(login.userErrors[0]);
  const { viewer } = await post('{ viewer { account { id } } }', {}, login.accessToken);
  const { accessToken: access, refreshToken: refresh, device } = login;
  return { account: viewer.account.id, session: { access, refresh, deviceId: device.id, bundleKey: device.bundleKey } };
}
