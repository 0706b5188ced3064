import { Box, chakra, Heading, HStack, Link, Stack, Text } from "@chakra-ui/react";
import { type ReactNode, useId, useState } from "react";

import { safeUrl } from "../api/base";
import { pageUrl } from "../api/client";
import type { Problem } from "../api/types";
import { told } from "../messages/problems";
import { remedySentence } from "../messages/status";
import { paragraphs } from "../messages/why";
import { Button } from "./Button";
import { Icon, STATUS_SHAPES } from "./icons";
import { t } from "../words/words";

type Tone = "error" | "warning" | "info" | "good";

const PALETTE: Record<Tone, string> = { error: "red", warning: "amber", info: "blue", good: "green" };

const INFO_SHAPE = (
  <>
    <circle cx="10" cy="10" r="8" />
    <path d="M10 9.4v4.4" />
    <path d="M10 6.3h.01" strokeWidth="2.2" />
  </>
);

const SHAPES: Record<Tone, ReactNode> = {
  error: STATUS_SHAPES.lapsed,
  warning: STATUS_SHAPES.scopes_missing,
  info: INFO_SHAPE,
  good: STATUS_SHAPES.signed_in,
};

interface CalloutProps {
  tone: Tone;
  children: ReactNode;
  /** Buttons under the words. */
  actions?: ReactNode;
  /** Offers a cross that makes it go away. */
  onDismiss?: (() => void) | undefined;
  /** Read out when it appears. */
  live?: boolean;
}

/** A quiet box with a shape, a colour and words. */
export const Callout = ({ tone, children, actions, onDismiss, live = false }: CalloutProps) => (
  <HStack
    {...(live ? { role: tone === "error" ? "alert" : "status" } : {})}
    align="flex-start"
    gap={3}
    px={4}
    py={3}
    borderRadius="md"
    borderWidth="1px"
    colorPalette={PALETTE[tone]}
    borderColor="colorPalette.500/35"
    bg="colorPalette.500/8"
    css={{ "--icon-ink": "var(--chakra-colors-bg)" }}
  >
    <chakra.span color="colorPalette.600" _dark={{ color: "colorPalette.400" }} display="inline-flex" pt="1px">
      <Icon>{SHAPES[tone]}</Icon>
    </chakra.span>
    <Box flex="1" minW={0} fontSize="sm" overflowWrap="anywhere">
      {children}
      {actions ? (
        <HStack mt={3} gap={2} flexWrap="wrap">
          {actions}
        </HStack>
      ) : null}
    </Box>
    {onDismiss ? (
      <Button tone="quiet" size="2xs" aria-label={t("button.dismiss")} onClick={onDismiss} mt="-1px" me={-1}>
        <Icon size="0.875rem">
          <path d="m4 4 12 12M16 4 4 16" />
        </Icon>
      </Button>
    ) : null}
  </HStack>
);

interface ProblemCalloutProps {
  problem: Problem;
  actions?: ReactNode;
  onDismiss?: () => void;
  tone?: Tone;
}

/** What the user did on purpose, or can simply do again, is no error. */
const HARMLESS = new Set(["sign_in_cancelled", "window_closed", "timed_out"]);

/** What happened, and what to do about it. */
export const ProblemCallout = ({ problem, actions, onDismiss, tone }: ProblemCalloutProps) => {
  const { message, remedy, detail } = told(problem);
  const address = safeUrl(problem.link, pageUrl());
  // The page that a task's log points to is this one.
  const link = address?.startsWith(pageUrl()) ? null : address;
  const shown = tone ?? (HARMLESS.has(problem.code) ? "info" : "error");
  return (
    <Callout tone={shown} live actions={actions} onDismiss={onDismiss}>
      <Text fontWeight="medium">{message}</Text>
      {remedy ? <Text color="fg.muted">{remedySentence(remedy)}</Text> : null}
      {detail === null ? null : (
        <Text color="fg.muted" fontSize="xs" lang="en" dir="auto" mt={1}>
          {detail}
        </Text>
      )}
      {link === null ? null : (
        <Link href={link} color="colorPalette.fg" textDecoration="underline">
          {t("problem.go_there")}
        </Link>
      )}
    </Callout>
  );
};

interface WhyProps {
  message: string;
  why: string;
}

/** A warning with its reasons behind a button. */
export const WarningWithWhy = ({ message, why }: WhyProps) => {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <Callout
      tone="warning"
      actions={
        <Button
          tone="quiet"
          ms={open ? 0 : -3}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => {
            setOpen(!open);
          }}
        >
          {t(open ? "button.hide" : "button.why")}
        </Button>
      }
    >
      <Text fontWeight="medium">{message}</Text>
      <Stack id={id} hidden={!open} {...(open ? {} : { display: "none" })} gap={3} mt={3} maxW="46rem">
        {paragraphs(why).map(({ heading, text }) => (
          <Box key={heading ?? text}>
            {heading === null ? null : (
              <Heading as="h3" fontSize="sm" lineHeight="1.25rem" fontWeight="semibold">
                {heading}
              </Heading>
            )}
            <Text color="fg.muted">{text}</Text>
          </Box>
        ))}
      </Stack>
    </Callout>
  );
};
