import { Spinner, Text } from "@chakra-ui/react";
import { useState } from "react";

import type { AccountView } from "../api/types";
import { hasSignIn, nameOf, needsUser, signInLabel } from "../messages/status";
import type { SignIn } from "../signin/useSignIn";
import { Button } from "./Button";
import { Credentials } from "./Credentials";
import { SignOut } from "./SignOut";

interface Props {
  account: AccountView;
  signIn: SignIn;
  onSignedOut?: (message: string) => void;
}

/** While the window is open. */
const Waiting = ({ account, signIn }: Props) => (
  <>
    <Spinner size="sm" color="fg.muted" css={{ "@media (prefers-reduced-motion: reduce)": { animation: "none" } }} />
    <Text fontSize="sm" color="fg.muted" role="status">
      Waiting for {nameOf(account)}
    </Text>
    <Button onClick={signIn.start} aria-label={`Open the sign-in window of ${nameOf(account)} again`}>
      Open again
    </Button>
    <Button tone="quiet" onClick={signIn.dismiss}>
      Cancel
    </Button>
  </>
);

/** The buttons of one account: the one that helps now stands out. */
export const SignInActions = ({ account, signIn, onSignedOut }: Props) => {
  const [typing, setTyping] = useState(false);
  if (signIn.flow.phase === "waiting") {
    return <Waiting account={account} signIn={signIn} />;
  }
  const label = signInLabel(account);
  return (
    <>
      <Button
        tone={needsUser(account.status) ? "main" : "quiet"}
        aria-label={`${label}: ${nameOf(account)} (${account.conn_id})`}
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
      {hasSignIn(account) && onSignedOut ? <SignOut account={account} onDone={onSignedOut} /> : null}
      {account.kind === "oauth2" ? null : (
        <Credentials
          account={account}
          open={typing}
          onClose={() => {
            setTyping(false);
          }}
        />
      )}
    </>
  );
};
