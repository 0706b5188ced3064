import { Text } from "@chakra-ui/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { dependentsQuery, refetchAll, signOut } from "../api/queries";
import type { AccountView } from "../api/types";
import { affected } from "../messages/groups";
import { nameOf } from "../messages/status";
import { problemFrom } from "../signin/useSignIn";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { Confirm } from "./Confirm";
import { t } from "../words/words";

interface Props {
  account: AccountView;
  onDone: (message: string) => void;
}

/** The DAGs and delegations of the caller that would have nothing to act with. */
const Affected = ({ connId }: { connId: string }) => {
  const { data } = useQuery(dependentsQuery(connId));
  return (
    <>
      {(data ? affected(data) : []).map((line) => (
        <Text key={line} mt={2} color="fg" overflowWrap="anywhere">
          {line}
        </Text>
      ))}
    </>
  );
};

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
        aria-label={t("sign_out.label", { name: nameOf(account), id: account.conn_id })}
        onClick={() => {
          leave.reset();
          setAsking(true);
        }}
      >
        {t("sign_out.sign_out")}
      </Button>
      <Confirm
        open={asking}
        title={t("sign_out.title", { name: nameOf(account) })}
        action={t("sign_out.sign_out")}
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
          {t("sign_out.hint", { name: nameOf(account) })}
        </Text>
        {asking ? <Affected connId={account.conn_id} /> : null}
        {leave.error ? <ProblemCallout problem={problemFrom(leave.error)} /> : null}
      </Confirm>
    </>
  );
};
