// The session, which shows what a client of Daemun has to do: refresh before the access token expires, refresh once on
// 401, wait once when a 503 asks for it, and never from several tabs at a time. The cookies are out of reach for scripts;
// the access token, for other APIs, is kept in memory only.

export let session = null; // { userId, accessToken, and in milliseconds lifetime, expiresAt, refreshAt }; null: none that we know of

const tabs = new BroadcastChannel("daemun"); // carries a new session, or null when it was ended, to the other tabs

export class Failure extends Error {
  constructor(status, { error, request_id: requestId, problems = [] }) {
    super(error);
    Object.assign(this, { status, code: error, requestId, problems });
  }
}

export const post = { method: "POST" };
export const sending = (method, body) => ({ method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// call sends a request, and sends it once more after a 503 that asks for a short wait.
export async function call(path, options) {
  const send = () => fetch(path, { ...options, cache: "no-store", signal: AbortSignal.timeout(20_000) });
  try {
    const response = await send();
    const wait = Number(response.headers.get("Retry-After"));
    if (response.status !== 503 || !(wait > 0 && wait <= 10)) return response;
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    return await send();
  } catch {
    throw new Failure(0, { error: "unreachable" });
  }
}

export async function answer(response) {
  const body = await response.json().catch(() => ({})); // a logout answers without a body
  if (!response.ok) throw new Failure(response.status, body);
  return body;
}

// authorized calls a route that wants the access cookie. When that has expired, it refreshes and tries once more.
export async function authorized(path, options) {
  const response = await call(path, options);
  if (response.status !== 401) return answer(response);
  await refresh();
  return answer(await call(path, options));
}

// refresh gets a new access token. One tab refreshes at a time; one that had to wait takes what the other tab got, unless
// it wants a token that was made after it asked.
export function refresh({ anew = false } = {}) {
  const before = session;
  return navigator.locks.request("daemun-refresh", async () => {
    if (!anew && session && session !== before) return;
    try {
      begin(await answer(await call("/auth/refresh", post)));
    } catch (error) {
      if (error.status === 401 && before) end();
      throw error;
    }
  });
}

// begin takes the answer to a refresh, or to a registration.
export function begin({ access_token: accessToken, expires_in: seconds, user }) {
  const lifetime = seconds * 1000;
  session = { userId: user.id, accessToken, lifetime, expiresAt: Date.now() + lifetime };
  tabs.postMessage(session);
  scheduleRefresh();
}

export function end() {
  session = null;
  tabs.postMessage(null);
}

// The refresh is due a minute, or a quarter of a short life, before the end: at another moment in every tab, so that
// the first one serves them all.
function scheduleRefresh() {
  const margin = Math.min(60_000, session.lifetime / 4);
  session.refreshAt = session.expiresAt - margin * (1 + Math.random() / 2);
}

// refreshWhenDue starts a refresh, if one is due, and returns it; one that failed is due again in 30 s.
export function refreshWhenDue() {
  if (!session || Date.now() < session.refreshAt) return null;
  session.refreshAt = Date.now() + 30_000;
  return refresh();
}

export const expired = () => !session || Date.now() >= session.expiresAt;

// onOtherTab calls back when another tab has refreshed, logged out, or logged in as somebody else.
export function onOtherTab(callback) {
  tabs.onmessage = ({ data }) => {
    session = data;
    if (session) scheduleRefresh();
    callback();
  };
}
