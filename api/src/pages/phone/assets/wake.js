// Waking: a push says that there is something, never what. The worker passes it on, and the page syncs.
import { ask } from './api.js';
import { nudge } from './sync.js';
navigator.serviceWorker?.addEventListener('message', ({ data }) => data === 'wake' && nudge());

const REGISTER = 'mutation($input: RegisterPushInput!) { registerPush(input: $input) { userErrors { code } } }';

/** Tells the server where to wake this device: at every start, since a browser may change the address. */
export async function register() {
  const { pushManager } = await navigator.serviceWorker.ready;
  const { pushKey } = await ask('{ pushKey }');
  const subscribed = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: pushKey });
  const { endpoint, keys } = subscribed.toJSON();
  await ask(REGISTER, { input: { kind: 'WEB_PUSH', endpoint, ...keys } });
}
export const askToWake = async () => await Notification.requestPermission() === 'granted' && register();
