import { Flex, Text } from "@chakra-ui/react";
import { useEffect } from "react";

import { lastPage, pageMessage } from "../messages/groups";
import { Button } from "./Button";
import { t } from "../words/words";

interface Props {
  label: string;
  offset: number;
  size: number;
  total: number;
  onChange: (offset: number) => void;
}

/** Where in a long list one is, and the way to its neighbours; nothing where all stands on one page. */
export const Pager = ({ label, offset, size, total, onChange }: Props) => {
  const last = lastPage(size, total);
  useEffect(() => {
    if (offset > last) {
      onChange(last); // all that stood there has gone meanwhile
    }
  }, [offset, last, onChange]);
  return total <= size ? null : (
    <Flex as="nav" aria-label={label} gap={3} align="center" justify="flex-end" flexWrap="wrap">
      <Text fontSize="sm" color="fg.muted" role="status">
        {pageMessage(offset, size, total)}
      </Text>
      <Button
        disabled={offset === 0}
        onClick={() => {
          onChange(Math.max(0, offset - size));
        }}
      >
        {t("button.previous")}
      </Button>
      <Button
        disabled={offset + size >= total}
        onClick={() => {
          onChange(offset + size);
        }}
      >
        {t("button.next")}
      </Button>
    </Flex>
  );
};
