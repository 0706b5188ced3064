import { chakra, HStack, Spinner, Text } from "@chakra-ui/react";

import type { AccountView } from "../api/types";
import { appearanceOf, identityName, nameOf } from "../messages/status";
import { Icon, STATUS_SHAPES, UNKNOWN_SHAPE } from "./icons";
import { t } from "../words/words";
import { Rich } from "./Rich";

/** The state of a sign-in: shape, colour and words; never colour alone. */
export const StatusBadge = ({ account, pending = false }: { account: AccountView; pending?: boolean }) => {
  const { label, palette } = appearanceOf(account.status);
  if (pending) {
    return (
      <HStack gap={2} minW={0} data-status="pending" color="fg.muted" fontSize="sm" role="status">
        <Spinner size="sm" css={{ "@media (prefers-reduced-motion: reduce)": { animation: "none" } }} />
        <Text fontWeight="medium">{t("sign_in.waiting", { name: nameOf(account) })}</Text>
      </HStack>
    );
  }
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
        {account.status === "signed_in" && who ? (
          <Rich
            text="status.signed_in_as"
            values={{
              who: (
                <chakra.bdi color="fg" title={account.identity?.subject}>
                  {who}
                </chakra.bdi>
              ),
            }}
          />
        ) : (
          label
        )}
      </Text>
    </HStack>
  );
};
