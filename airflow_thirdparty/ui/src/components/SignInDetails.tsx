import { chakra, Flex, HStack } from "@chakra-ui/react";
import { type ReactNode, useState } from "react";

import type { AccountView } from "../api/types";
import { hasSignIn, shortScope } from "../messages/status";
import { expiryMessage, fullDate } from "../messages/time";
import { useNow } from "./useNow";
import { When } from "./When";
import { t } from "../words/words";

const SHOWN_SCOPES = 4;

const Detail = ({ name, children }: { name: string; children: ReactNode }) => (
  <Flex gap={2} minW={0} align="baseline">
    <chakra.dt color="fg.muted" flexShrink={0}>
      {name}
    </chakra.dt>
    <chakra.dd minW={0} m={0}>
      {children}
    </chakra.dd>
  </Flex>
);

const Scope = ({ scope, words, missing = false }: { scope: string; words: string | undefined; missing?: boolean }) => (
  <chakra.li
    {...(missing
      ? { bg: "amber.500/10", color: "amber.700", _dark: { color: "amber.300" } }
      : { bg: "gray.500/15", color: "fg" })}
    borderRadius="sm"
    px={1.5}
    fontFamily="mono"
    fontSize="xs"
    lineHeight="1.35rem"
    maxW="full"
    overflowWrap="anywhere"
    title={scope}
  >
    {words === undefined ? shortScope(scope) : <chakra.span fontFamily="body">{words}</chakra.span>}
    {missing ? <chakra.span fontFamily="body"> · {t("details.missing")}</chakra.span> : null}
  </chakra.li>
);

const Scopes = ({ account }: { account: AccountView }) => {
  const [all, setAll] = useState(false);
  const granted = account.scopes.filter((scope) => !account.missing_scopes.includes(scope));
  const shown = all ? granted : granted.slice(0, SHOWN_SCOPES);
  const hidden = granted.length - shown.length;
  return (
    <HStack as="ul" listStyleType="none" p={0} m={0} gap={1} flexWrap="wrap">
      {account.missing_scopes.map((scope) => (
        <Scope key={scope} scope={scope} words={account.scope_words[scope]} missing />
      ))}
      {shown.map((scope) => (
        <Scope key={scope} scope={scope} words={account.scope_words[scope]} />
      ))}
      {hidden > 0 || all ? (
        <li>
          <chakra.button
            type="button"
            aria-expanded={all}
            color="fg.muted"
            cursor="pointer"
            fontSize="xs"
            textDecoration="underline"
            onClick={() => {
              setAll(!all);
            }}
          >
            {all ? t("details.fewer") : t("details.more", { count: hidden })}
          </chakra.button>
        </li>
      ) : null}
    </HStack>
  );
};

/** What is known about the caller's sign-in: scopes, how long it lasts, when it was last used. */
export const SignInDetails = ({ account }: { account: AccountView }) => {
  const now = useNow();
  const signedIn = hasSignIn(account);
  if (!signedIn && account.scopes.length === 0) {
    return null;
  }
  return (
    <Flex as="dl" fontSize="sm" columnGap={5} rowGap={1.5} flexWrap="wrap" m={0}>
      {account.scopes.length + account.missing_scopes.length > 0 ? (
        <Detail name={t(signedIn ? "details.scopes" : "details.asks_for")}>
          <Scopes account={account} />
        </Detail>
      ) : null}
      {signedIn && (account.status === "signed_in" || account.status === "scopes_missing") ? (
        <Detail name={t("details.expiry")}>
          <chakra.span title={account.expires_at === null ? undefined : fullDate(account.expires_at)}>
            {expiryMessage(account.expires_at, account.refreshable, now)}
          </chakra.span>
        </Detail>
      ) : null}
      {signedIn ? (
        <Detail name={t("details.last_used")}>
          {account.last_used_at === null ? t("details.never") : <When at={account.last_used_at} />}
        </Detail>
      ) : null}
    </Flex>
  );
};
