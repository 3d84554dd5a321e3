// Waking: a push says that there is something, never what. The worker passes it on, and the page syncs.
import { ask } from './api.js';
import { nudge } from './sync.js';
navigator.serviceWorker?.addEventListener('message', ({ data }) => data === 'wake' && nudge());
/** Tells the server where to wake this device: at every start, since a browser may change the address. */
export async function register() {
  const { pushManager } = await navigator.serviceWorker.ready;
  const { pushKey } = await ask('{ pushKey }');
  const { endpoint, keys } = (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: pushKey })).toJSON();
  await ask('mutation($input: RegisterPushInput!) { registerPush(input: $input) { userErrors { code } } }',
    { input: { kind: 'WEB_PUSH', endpoint, ...keys } });
}
/** Browsers want a finger before they ask. A push service that is not there now is asked again at the next start. */
export const askToWake = async ({ target }) => {
  target.remove();
  if (await Notification.requestPermission() === 'granted') await register().catch(() => {});
};
