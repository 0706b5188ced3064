/** What sign-in windows report to every open page of ours. */

/** One report: from window to page inside the browser (`public/callback.js`), so no part of the server's API. */
export interface SignInEvent {
  type: "sign-in";
  conn_id: string;
  ok: boolean;
  code?: string;
  message?: string;
  remedy?: string;
}

export const CHANNEL = "third-party-accounts";

type Listener = (event: SignInEvent) => void;

const listeners = new Set<Listener>();
let channel: BroadcastChannel | null = null;

/** Whether a message is one of ours, and whole. */
export function isSignInEvent(data: unknown): data is SignInEvent {
  const event = data as Partial<SignInEvent> | null;
  return (
    typeof event === "object" &&
    event !== null &&
    event.type === "sign-in" &&
    typeof event.conn_id === "string" &&
    typeof event.ok === "boolean"
  );
}

/** Ask the window that has just reported a success to stay: another sign-in follows in it. */
export function keepOpen(): void {
  const more = new BroadcastChannel(CHANNEL);
  more.postMessage({ type: "keep-open" });
  more.close();
}

/** Listen for sign-in events; returns a function that stops it. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  if (channel === null && typeof BroadcastChannel !== "undefined") {
    channel = new BroadcastChannel(CHANNEL);
    channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (isSignInEvent(data)) {
        for (const each of listeners) {
          each(data);
        }
      }
    });
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      channel?.close();
      channel = null;
    }
  };
}
