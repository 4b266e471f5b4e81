// Entry of the page: who may read, which view, and how it stays fresh.
import { el, replace } from './dom.mjs';
import { events, forgetToken, keepToken, Unauthorized } from './feed.mjs';
import { overviewView } from './overview.mjs';
import { streamView } from './stream.mjs';

const RETRY_MS = [1000, 2000, 5000, 10_000];
const root = document.getElementById('root');
const STREAM = '/streams/';

async function show() {
  const room = location.pathname.startsWith(STREAM) ? location.pathname.slice(STREAM.length) : undefined;
  try {
    await (room === undefined ? overview() : streamView(root, room));
  } catch (error) {
    if (!(error instanceof Unauthorized)) throw error;
    askForToken();
  }
}

/** Follows the process for ever; only a missing token ends it. */
async function overview() {
  const view = overviewView(root);
  for (let failures = 0; ; failures += 1) {
    try {
      for await (const { event, data } of events('/api/events')) {
        if (event === 'hello') view.begin(data);
        else view.look(data);
        failures = 0;
      }
      view.lost('the connection ended');
    } catch (error) {
      if (error instanceof Unauthorized) throw error;
      view.lost(error.message);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]));
  }
}

function askForToken() {
  const wasTried = sessionStorage.length > 0;
  forgetToken();
  const input = el('input', {
    type: 'password',
    id: 'token',
    autocomplete: 'current-password',
    required: true,
  });
  const form = el(
    'form',
    {
      class: 'login',
      onsubmit: (event) => {
        event.preventDefault();
        keepToken(input.value.trim());
        show();
      },
    },
    el('h1', {}, 'Connector'),
    wasTried && el('p', { class: 'error', role: 'alert' }, '✕ This token is not accepted.'),
    el('label', { for: 'token' }, 'Token (STATUS_TOKEN of the process)'),
    input,
    el('button', { type: 'submit' }, 'Show'),
    el('p', { class: 'quiet' }, 'Kept for this tab only.'),
  );
  replace(root, form);
  input.focus();
}

show();
