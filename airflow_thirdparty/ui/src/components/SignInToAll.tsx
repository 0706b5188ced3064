import { Flex, Text } from "@chakra-ui/react";

import type { ListedAccount } from "../api/types";
import { nameOf } from "../messages/status";
import { useSignInToAll } from "../signin/useSignInToAll";
import { Button } from "./Button";
import { Callout, ProblemCallout } from "./Callout";
import { t } from "../words/words";

/** One window, one service after the other; offered where there are at least two. */
export const SignInToAll = ({ accounts }: { accounts: readonly ListedAccount[] }) => {
  const { walk, start, cancel } = useSignInToAll();
  const walkable = accounts.filter((account) => account.kind === "oauth2" && account.sign_in_allowed);
  if (walk.phase === "under_way") {
    const [current] = walk.rest;
    return (
      <Callout
        tone="info"
        live
        actions={
          <Button size="xs" onClick={cancel}>
            {t("button.stop")}
          </Button>
        }
      >
        <Text fontWeight="medium">
          {t("walk.under_way", {
            name: current ? nameOf(current) : "",
            number: walk.done.length + 1,
            total: walk.done.length + walk.rest.length,
          })}
        </Text>
      </Callout>
    );
  }
  return (
    <>
      {walk.phase === "stopped" && walk.problem ? (
        <ProblemCallout problem={walk.problem} onDismiss={cancel} />
      ) : null}
      {walkable.length < 2 ? null : (
        <Flex>
          <Button
            tone="main"
            onClick={() => {
              start(walkable);
            }}
          >
            {t("walk.start", { count: walkable.length })}
          </Button>
        </Flex>
      )}
    </>
  );
};
