import { Text } from "@chakra-ui/react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { refetchAll, signOut } from "../api/queries";
import type { AccountView } from "../api/types";
import { nameOf } from "../messages/status";
import { problemFrom } from "../signin/useSignIn";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { Confirm } from "./Confirm";

interface Props {
  account: AccountView;
  onDone: (message: string) => void;
}

export const SignOut = ({ account, onDone }: Props) => {
  const [asking, setAsking] = useState(false);
  const leave = useMutation({
    mutationFn: () => signOut(account.conn_id),
    onSuccess: async (answer) => {
      await refetchAll();
      setAsking(false);
      onDone(answer.message);
    },
  });
  return (
    <>
      <Button
        aria-label={`Sign out: ${nameOf(account)} (${account.conn_id})`}
        onClick={() => {
          leave.reset();
          setAsking(true);
        }}
      >
        Sign out
      </Button>
      <Confirm
        open={asking}
        title={`Sign out of ${nameOf(account)}?`}
        action="Sign out"
        danger
        busy={leave.isPending}
        onConfirm={() => {
          leave.mutate();
        }}
        onCancel={() => {
          setAsking(false);
        }}
      >
        <Text>
          Until you sign in again, no task can act as you in {nameOf(account)}, whatever the DAG. Runs that
          are waiting or running may fail.
        </Text>
        {leave.error ? <ProblemCallout problem={problemFrom(leave.error)} /> : null}
      </Confirm>
    </>
  );
};
