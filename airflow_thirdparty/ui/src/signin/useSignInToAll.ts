import { useCallback, useEffect, useReducer, useRef } from "react";

import { refetchAll, startSignIn } from "../api/queries";
import type { AccountView, Problem } from "../api/types";
import { nameOf } from "../messages/status";
import { t } from "../words/words";
import { keepOpen, listen } from "./signInEvents";
import { checkedAddress, problemFrom, refusal } from "./useSignIn";
import { IDLE, step, type Walk } from "./walk";
import { closeWindow, navigate, openWindow } from "./window";

const WATCH_MS = 1_000;

export interface SignInToAll {
  walk: Walk;
  start: (accounts: readonly AccountView[]) => void;
  cancel: () => void;
}

/** Sign in to several accounts in one window, one after the other. */
export function useSignInToAll(): SignInToAll {
  const [walk, dispatch] = useReducer(step, IDLE);
  const opened = useRef<Window | null>(null);
  const current = walk.phase === "under_way" ? (walk.rest[0] ?? null) : null;
  const last = walk.phase === "under_way" && walk.rest.length === 1;
  const connId = current?.conn_id ?? null;

  // Take the window to the service that comes next.
  useEffect(() => {
    if (connId === null) {
      return;
    }
    startSignIn(connId, { return_to: null })
      .then(({ authorization_url: address }) => {
        const checked = checkedAddress(address);
        if (opened.current !== null && !opened.current.closed) {
          navigate(opened.current, checked);
        }
      })
      .catch((error: unknown) => {
        closeWindow(opened.current);
        dispatch({ type: "failed", problem: problemFrom(error) });
      });
  }, [connId]);

  // The window says how each sign-in ended.
  useEffect(() => {
    if (connId === null) {
      return undefined;
    }
    const stop = listen((event) => {
      if (event.conn_id !== connId) {
        return;
      }
      void refetchAll();
      if (!event.ok) {
        closeWindow(opened.current);
        dispatch({ type: "failed", problem: refusal(event) });
        return;
      }
      if (!last) {
        keepOpen();
      }
      dispatch({ type: "signed_in", connId });
    });
    const timer = setInterval(() => {
      if (opened.current?.closed && document.hasFocus()) {
        dispatch({ type: "closed" });
      }
    }, WATCH_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [connId, last]);

  return {
    walk,
    start: useCallback((accounts) => {
      const [first] = accounts;
      const popup = first === undefined ? null : openWindow(nameOf(first));
      opened.current = popup;
      if (popup === null) {
        dispatch({ type: "start", accounts });
        dispatch({ type: "failed", problem: blocked() });
        return;
      }
      dispatch({ type: "start", accounts });
    }, []),
    cancel: useCallback(() => {
      closeWindow(opened.current);
      dispatch({ type: "cancel" });
    }, []),
  };
}

const blocked = (): Problem => ({
  code: "window_blocked",
  message: t("problem.window_blocked"),
  remedy: t("problem.window_blocked.remedy"),
});
