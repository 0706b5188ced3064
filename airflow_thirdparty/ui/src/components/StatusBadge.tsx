import { chakra, HStack, Text } from "@chakra-ui/react";

import type { AccountView } from "../api/types";
import { appearanceOf, identityName } from "../messages/status";
import { Icon, STATUS_SHAPES, UNKNOWN_SHAPE } from "./icons";

/** The state of a sign-in: shape, colour and words; never colour alone. */
export const StatusBadge = ({ account }: { account: AccountView }) => {
  const { label, palette } = appearanceOf(account.status);
  const who = identityName(account);
  return (
    <HStack gap={2} minW={0} colorPalette={palette} data-status={account.status}>
      <chakra.span
        key={account.status}
        display="inline-flex"
        color="colorPalette.600"
        _dark={{ color: "colorPalette.400" }}
        css={{
          "--icon-ink": "var(--chakra-colors-bg)",
          "@media (prefers-reduced-motion: no-preference)": { animation: "fade-in 300ms ease-out" },
        }}
      >
        <Icon>{STATUS_SHAPES[account.status] ?? UNKNOWN_SHAPE}</Icon>
      </chakra.span>
      <Text
        fontSize="sm"
        fontWeight="medium"
        color="colorPalette.700"
        _dark={{ color: "colorPalette.300" }}
        overflowWrap="anywhere"
      >
        {label}
        {account.status === "signed_in" && who ? (
          <chakra.span color="fg" fontWeight="normal">
            {" as "}
            <chakra.span fontWeight="medium" title={account.identity?.subject}>
              {who}
            </chakra.span>
          </chakra.span>
        ) : null}
      </Text>
    </HStack>
  );
};
