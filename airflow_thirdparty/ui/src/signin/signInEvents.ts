/** What sign-in windows report to every open page of ours. */

import type { SignInNews } from "../api/types";

export const CHANNEL = "third-party-accounts";

type Listener = (news: SignInNews) => void;

const listeners = new Set<Listener>();
let channel: BroadcastChannel | null = null;

/** Whether a message is one of ours, and whole. */
export function isNews(data: unknown): data is SignInNews {
  const news = data as Partial<SignInNews> | null;
  return (
    typeof news === "object" &&
    news !== null &&
    news.type === "sign-in" &&
    typeof news.conn_id === "string" &&
    typeof news.ok === "boolean"
  );
}

/** Listen for news; answers a function that stops it. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  if (channel === null && typeof BroadcastChannel !== "undefined") {
    channel = new BroadcastChannel(CHANNEL);
    channel.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (isNews(event.data)) {
        for (const each of listeners) {
          each(event.data);
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
