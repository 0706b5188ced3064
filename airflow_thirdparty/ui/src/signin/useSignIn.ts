import { useCallback, useEffect, useReducer, useRef } from "react";

import { safeUrl } from "../api/base";
import { Failure, pageUrl } from "../api/client";
import { fetchAccount, refetchAll, startSignIn, updateCachedAccount } from "../api/queries";
import type { AccountView, Problem } from "../api/types";
import { nameOf } from "../messages/status";
import { t } from "../words/words";
import { type Flow, IDLE, step } from "./flow";
import { listen, type SignInEvent } from "./signInEvents";
import { closeWindow, navigate, openWindow } from "./window";

const POLL_MS = 2_000;
const LINGER_MS = 1_500;

const badAddress = (): Problem => ({
  code: "bad_address",
  message: t("problem.bad_address"),
  remedy: t("problem.bad_address.remedy"),
});

/** An address that the server told to go to; anything that no browser should follow is a failure. */
export function checkedAddress(address: string | null | undefined): string {
  const checked = safeUrl(address, pageUrl());
  if (checked === null) {
    throw new Failure(0, badAddress());
  }
  return checked;
}

/** Words for anything thrown. */
export function problemFrom(error: unknown): Problem {
  return error instanceof Failure
    ? error.problem
    : { code: "unexpected", message: t("problem.unexpected"), remedy: t("problem.unexpected.remedy") };
}

/** Words for what a window reported. */
export const refusal = (event: SignInEvent): Problem => ({
  code: event.code ?? "sign_in_failed",
  message: event.message ?? t("problem.sign_in_failed"),
  remedy: event.remedy ?? t("problem.sign_in_failed.remedy"),
});

export interface SignIn {
  flow: Flow;
  start: () => void;
  /** Start over, agreeing to become somebody else at the service than before. */
  startAsOther: () => void;
  dismiss: () => void;
}

/** Poll while a window is open; the channel is faster, but not every browser lets it through. */
function usePolling(flow: Flow, opened: React.RefObject<Window | null>, poll: () => void, tick: () => void) {
  const waiting = flow.phase === "waiting";
  useEffect(() => {
    if (!waiting) {
      return undefined;
    }
    const timer = setInterval(() => {
      poll();
      tick();
    }, POLL_MS);
    return () => {
      clearInterval(timer);
    };
  }, [waiting, opened, poll, tick]);
}

/** Everything a row needs to let its user sign in to one account. */
export function useSignIn(account: AccountView): SignIn {
  const [flow, dispatch] = useReducer(step, IDLE);
  const opened = useRef<Window | null>(null);
  const { conn_id: connId, signed_in_at: before } = account;
  const serviceName = nameOf(account);

  const begin = useCallback(
    async (asOther: boolean) => {
      closeWindow(opened.current);
      const popup = openWindow(serviceName);
      opened.current = popup;
      dispatch({ type: "start" });
      try {
        const { authorization_url: address } = await startSignIn(connId, {
          return_to: popup === null ? window.location.pathname + window.location.search : null,
          ...(asOther ? { confirm_other_subject: true } : {}),
        });
        const checked = checkedAddress(address);
        dispatch({ type: "started", now: Date.now(), before });
        if (popup === null || !popup.closed) {
          navigate(popup, checked);
        }
      } catch (error) {
        closeWindow(popup);
        dispatch({ type: "failed", problem: problemFrom(error) });
      }
    },
    [connId, serviceName, before],
  );

  const poll = useCallback(() => {
    fetchAccount(connId).then(
      (seen) => {
        updateCachedAccount(seen);
        dispatch({ type: "seen", account: seen });
      },
      () => undefined, // the next poll may do better
    );
  }, [connId]);

  const tick = useCallback(() => {
    dispatch({
      type: "tick",
      now: Date.now(),
      windowClosed: opened.current?.closed ?? false,
      pageFocused: document.hasFocus(),
    });
  }, []);

  usePolling(flow, opened, poll, tick);

  useEffect(
    () =>
      listen((event) => {
        if (event.conn_id !== connId) {
          return;
        }
        if (event.ok) {
          // The window says so for a moment and closes itself, or is helped to.
          setTimeout(closeWindow, LINGER_MS, opened.current);
          void refetchAll();
          dispatch({ type: "dismiss" });
        } else {
          // The reason is shown here, where there is more room.
          closeWindow(opened.current);
          dispatch({ type: "refused", problem: refusal(event) });
          poll();
        }
      }),
    [connId, poll],
  );

  return {
    flow,
    start: useCallback(() => void begin(false), [begin]),
    startAsOther: useCallback(() => void begin(true), [begin]),
    dismiss: useCallback(() => {
      closeWindow(opened.current);
      dispatch({ type: "dismiss" });
    }, []),
  };
}
