import { Flex, Link, Text } from "@chakra-ui/react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { deleteMyData, MY_DATA, refetchAll } from "../api/queries";
import { problemFrom } from "../signin/useSignIn";
import { t } from "../words/words";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { Confirm } from "./Confirm";
import { announce } from "./LiveRegion";

/** What is kept about the caller: to take along, or to have deleted. */
export const MyData = () => {
  const [asking, setAsking] = useState(false);
  const erase = useMutation({
    mutationFn: deleteMyData,
    onSuccess: async () => {
      await refetchAll();
      setAsking(false);
      announce(t("data.deleted"));
    },
  });
  return (
    <Flex as="footer" gap={2} align="center" flexWrap="wrap" fontSize="sm" color="fg.muted" pt={4}>
      <Text flex="1 1 14rem">{t("data.hint")}</Text>
      <Button asChild tone="quiet" size="xs">
        <Link href={MY_DATA()} download="third-party-accounts.json" textDecoration="none">
          {t("data.export")}
        </Link>
      </Button>
      <Button
        tone="quiet"
        size="xs"
        onClick={() => {
          erase.reset();
          setAsking(true);
        }}
      >
        {t("data.delete.open")}
      </Button>
      <Confirm
        open={asking}
        danger
        busy={erase.isPending}
        title={t("data.delete.title")}
        action={t("data.delete")}
        onConfirm={() => {
          erase.mutate();
        }}
        onCancel={() => {
          setAsking(false);
        }}
      >
        <Text>{t("data.delete.hint")}</Text>
        {erase.error ? <ProblemCallout problem={problemFrom(erase.error)} /> : null}
      </Confirm>
    </Flex>
  );
};
