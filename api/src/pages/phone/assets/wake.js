// Waking: a push says that there is something, never what. The worker passes it on, and the page syncs.
import { nudge } from './sync.js';

navigator.serviceWorker?.addEventListener('message', ({ data }) => data === 'wake' && nudge());
