import { HStack, Text } from "@chakra-ui/react";
import { Suspense, useEffect, useState } from "react";

import type { AccountView } from "../api/types";
import { hasSignIn, nameOf, needsUser, signInLabel } from "../messages/status";
import type { SignIn } from "../signin/useSignIn";
import { Button } from "./Button";
import { SignOut } from "./SignOut";
import { t } from "../words/words";
import { later } from "./later";

/** Loaded when somebody types a credential, which most services never ask for. */
const Credentials = later(() => import("./Credentials").then((module) => module.Credentials));

interface Props {
  account: AccountView;
  signIn: SignIn;
  onSignedOut?: (message: string) => void;
  /** The sign-in is possible, but nothing waits for it. */
  calm?: boolean;
}

/** While the window is open: both in one row, so that the way out stays where it is. */
const Waiting = ({ account, signIn }: Props) => (
  <HStack gap={2}>
    <Button onClick={signIn.start} aria-label={t("sign_in.open_again.label", { name: nameOf(account) })}>
      {t("sign_in.open_again")}
    </Button>
    <Button tone="quiet" onClick={signIn.dismiss}>
      {t("button.cancel")}
    </Button>
  </HStack>
);

const SLOW_MS = 3_000;

/** Words for whoever waits for the service before its window opens. */
const Slow = ({ account }: { account: AccountView }) => {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(setSlow, SLOW_MS, true);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  return slow ? (
    <Text fontSize="sm" color="fg.muted" role="status">
      {t("sign_in.slow", { name: nameOf(account) })}
    </Text>
  ) : null;
};

/** The buttons of one account: the one that helps now stands out. */
export const SignInActions = ({ account, signIn, onSignedOut, calm = false }: Props) => {
  const [typing, setTyping] = useState(false);
  if (signIn.flow.phase === "waiting") {
    return <Waiting account={account} signIn={signIn} />;
  }
  const label = signInLabel(account);
  return (
    <>
      <Button
        tone={needsUser(account.status) ? (calm ? "plain" : "main") : "quiet"}
        aria-label={t("sign_in.label", { action: label, name: nameOf(account), id: account.conn_id })}
        disabled={!account.sign_in_allowed}
        loading={signIn.flow.phase === "starting"}
        onClick={
          account.kind === "oauth2"
            ? signIn.start
            : () => {
                setTyping(true);
              }
        }
      >
        {label}
      </Button>
      {signIn.flow.phase === "starting" ? (
        <>
          <Button tone="quiet" onClick={signIn.dismiss}>
            {t("button.cancel")}
          </Button>
          <Slow account={account} />
        </>
      ) : null}
      {hasSignIn(account) && onSignedOut ? <SignOut account={account} onDone={onSignedOut} /> : null}
      {account.kind === "oauth2" || !typing ? null : (
        <Suspense fallback={null}>
          <Credentials
            account={account}
            open={typing}
            onClose={() => {
              setTyping(false);
            }}
          />
        </Suspense>
      )}
    </>
  );
};
