import { Box, chakra, Flex, Heading, Stack, Text } from "@chakra-ui/react";
import { type ReactNode, useEffect, useRef, useState } from "react";

import type { AccountView } from "../api/types";
import { explanation, told } from "../messages/problems";
import { announcement, epithetOf, iconName, nameOf, needsUser } from "../messages/status";
import { endMessage } from "../messages/time";
import { type SignIn, useSignIn } from "../signin/useSignIn";
import { Callout, ProblemCallout } from "./Callout";
import { Confirm } from "./Confirm";
import { ServiceIcon } from "./icons";
import { announce } from "./LiveRegion";
import { Rich } from "./Rich";
import { SignInActions } from "./SignInActions";
import { SignInDetails } from "./SignInDetails";
import { StatusBadge } from "./StatusBadge";
import { LINE, Surface } from "./Surface";
import { useNow } from "./useNow";
import { When } from "./When";
import { t } from "../words/words";

/** How long a dialog that goes away still keeps the focus from what was behind it. */
const DIALOG_LEAVES_MS = 150;

/** Say state changes aloud, and keep the focus in the card whose button went away. */
function useChanges(account: AccountView): React.RefObject<HTMLHeadingElement | null> {
  const title = useRef<HTMLHeadingElement>(null);
  const previous = useRef(account.status);
  const signedInAt = useRef(account.signed_in_at);
  useEffect(() => {
    if (previous.current === account.status && signedInAt.current === account.signed_in_at) {
      return;
    }
    previous.current = account.status;
    signedInAt.current = account.signed_in_at;
    announce(announcement(account));
    const keep = () => {
      if (document.activeElement === document.body) {
        title.current?.focus({ preventScroll: true });
      }
    };
    keep();
    setTimeout(keep, DIALOG_LEAVES_MS);
  }, [account]);
  return title;
}

/** Bring the account that a link names (`?account=`) into view. */
function useArrival(connId: string, title: React.RefObject<HTMLHeadingElement | null>): boolean {
  const [named] = useState(() => new URLSearchParams(window.location.search).get("account") === connId);
  useEffect(() => {
    if (named) {
      title.current?.scrollIntoView({ block: "center" });
      title.current?.focus({ preventScroll: true });
    }
  }, [named, title]);
  return named;
}

/** The question when somebody signed in as somebody else than before. */
const OtherSubject = ({ account, signIn }: { account: AccountView; signIn: SignIn }) => (
  <Confirm
    open={signIn.flow.phase === "conflict"}
    title={t("sign_in.switch.title", { name: nameOf(account) })}
    action={t("sign_in.switch")}
    onConfirm={signIn.startAsOther}
    onCancel={signIn.dismiss}
  >
    {signIn.flow.phase === "conflict" ? (
      <Stack gap={2}>
        <Text color="fg">{told(signIn.flow.problem).message}</Text>
        <Text>
          {told(signIn.flow.problem).remedy ||
            t("sign_in.switch.hint")}
        </Text>
      </Stack>
    ) : null}
  </Confirm>
);

const Name = ({ account, title }: { account: AccountView; title: React.Ref<HTMLHeadingElement> }) => (
  <Box minW={0}>
    <Heading as="h3" ref={title} tabIndex={-1} outline="none" fontSize="md" lineHeight="1.5rem" fontWeight="semibold">
      {nameOf(account)}{" "}
      <chakra.span color="fg.muted" fontFamily="mono" fontSize="xs" fontWeight="normal" overflowWrap="anywhere">
        {epithetOf(account)}
      </chakra.span>
    </Heading>
    {account.description ? (
      <Text color="fg.muted" fontSize="sm">
        {account.description}
      </Text>
    ) : null}
  </Box>
);

/** Before a sign-in ends that cannot refresh itself, or that nobody uses. */
const EndNotice = ({ account }: { account: AccountView }) => {
  const { text, soon } = endMessage(account, useNow());
  return text === "" ? null : (
    <Text fontSize="sm" {...(soon ? { color: "amber.700", _dark: { color: "amber.300" } } : { color: "fg.muted" })}>
      {text}
    </Text>
  );
};

/** Words under the state, where the state needs some. */
const Explanation = ({ account }: { account: AccountView }) =>
  account.status === "signed_in" ? (
    <EndNotice account={account} />
  ) : account.status === "sign_in_needed" && account.sign_in_allowed ? null : (
    <Text fontSize="sm" color="fg.muted">
      {explanation(account)}
      {account.status === "service_unreachable" && account.status_at ? (
        <>
          {" "}
          <Rich text="status.last_tried" values={{ when: <When at={account.status_at} /> }} />
        </>
      ) : null}
    </Text>
  );

/** Narrow: below each other.  Wider: beside the icon.  Widest: the buttons at the right. */
const layout = {
  gridTemplateColumns: "auto minmax(0, 1fr)",
  alignItems: "center",
  "& > [data-rest]": { gridColumn: "1 / -1" },
  "@container (min-width: 30rem)": {
    alignItems: "start",
    rowGap: "0.625rem",
    "& > [data-tile]": { gridRow: "1 / span 2" },
    "& > [data-rest]": { gridColumn: "2 / -1" },
  },
  "@container (min-width: 42rem)": {
    gridTemplateColumns: "auto minmax(0, 1fr) auto",
    "& > [data-rest]": { gridColumn: "2 / 3" },
    "& > [data-wide]": { gridColumn: "2 / -1" },
    "& > [data-actions]": { gridColumn: "3", gridRow: "1 / span 2", justifySelf: "end", maxWidth: "22rem" },
  },
} as const;

const Tile = ({ account }: { account: AccountView }) => (
  <Flex
    align="center"
    justify="center"
    data-tile=""
    boxSize={11}
    flexShrink={0}
    borderWidth="1px"
    borderRadius="lg"
    color="fg"
    {...LINE}
  >
    <ServiceIcon icon={account.icon} name={iconName(account)} />
  </Flex>
);

/** Where a card stands among those that look like one box with it. */
export interface Edges {
  first: boolean;
  last: boolean;
}

const boxed = ({ first, last }: Edges) =>
  ({
    borderWidth: "1px",
    ...(first ? { borderTopRadius: "lg" } : { borderTopWidth: "0" }),
    ...(last ? { borderBottomRadius: "lg" } : {}),
    bg: "bg",
    ...LINE,
  }) as const;

interface Props {
  account: AccountView;
  /** Draws the box itself, for a list that mixes cards with headings. */
  edges?: Edges;
  /** Nothing waits for this account. */
  calm?: boolean;
  /** More about the account, below it. */
  children?: ReactNode;
}

/** One account: which service, in what state, who I am there, and the buttons that change it. */
export const AccountCard = ({ account, edges, calm = false, children }: Props) => {
  const signIn = useSignIn(account);
  const title = useChanges(account);
  const named = useArrival(account.conn_id, title);
  const [said, setSaid] = useState<string | null>(null);
  const problem = needsUser(account.status) && account.status !== "sign_in_needed" ? null : account.problem;
  return (
    <Box as="li" data-account={account.conn_id} containerType="inline-size" listStyleType="none" {...(edges ? boxed(edges) : {})} {...(named ? { bg: "brand.500/8" } : {})}>
      <Box
        display="grid"
        columnGap={4}
        rowGap={3}
        px={{ base: 4, md: 5 }}
        py={5}
        css={layout}
      >
        <Tile account={account} />
        <Name account={account} title={title} />
        <Stack gap={2} data-rest="">
          <StatusBadge account={account} pending={signIn.flow.phase === "waiting"} />
          <Explanation account={account} />
          <SignInDetails account={account} />
        </Stack>
        <Flex gap={2} align="center" flexWrap="wrap" data-rest="" data-actions="">
          <SignInActions account={account} signIn={signIn} onSignedOut={setSaid} calm={calm} />
        </Flex>
        {signIn.flow.phase === "failed" ? (
          <Box data-rest="" data-wide="">
            <ProblemCallout problem={signIn.flow.problem} onDismiss={signIn.dismiss} />
          </Box>
        ) : null}
        {problem && signIn.flow.phase === "idle" ? (
          <Box data-rest="" data-wide="">
            <ProblemCallout problem={problem} tone="warning" />
          </Box>
        ) : null}
        {said ? (
          <Box data-rest="" data-wide="">
            <Callout
              tone="info"
              live
              onDismiss={() => {
                setSaid(null);
              }}
            >
              {said}
            </Callout>
          </Box>
        ) : null}
        {children ? (
          <Box data-rest="" data-wide="" css={{ "&:empty": { display: "none" } }}>
            {children}
          </Box>
        ) : null}
      </Box>
      <OtherSubject account={account} signIn={signIn} />
    </Box>
  );
};

/** The frame around cards. */
export const Cards = ({ children, label }: { children: ReactNode; label: string }) => (
  <Surface
    as="ul"
    aria-label={label}
    m={0}
    p={0}
    css={{ "& > li + li": { borderTopWidth: "1px", borderColor: "inherit" } }}
  >
    {children}
  </Surface>
);
