import { Box, HStack, Stack, Text } from "@chakra-ui/react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { checkAccount } from "../api/administration";
import { refetchAll } from "../api/queries";
import type { AccountOverview, CheckReport, Finding } from "../api/types";
import { outcomeOf, stepName } from "../messages/administration";
import { said } from "../messages/problems";
import { nameOf } from "../messages/status";
import { problemFrom } from "../signin/useSignIn";
import { t } from "../words/words";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { Icon, STATUS_SHAPES, UNKNOWN_SHAPE } from "./icons";
import { Panel } from "./Panel";
import { Rich } from "./Rich";
import { When } from "./When";

const SHAPES = { fine: STATUS_SHAPES.signed_in, change: STATUS_SHAPES.lapsed, unknown: UNKNOWN_SHAPE } as const;

const Step = ({ finding }: { finding: Finding }) => {
  const { label, palette } = outcomeOf(finding.outcome);
  const { message, remedy } = said(finding);
  return (
    <HStack as="li" listStyleType="none" align="flex-start" gap={3} py={2} data-step={finding.step} data-outcome={finding.outcome}>
      <Box
        colorPalette={palette}
        color="colorPalette.600"
        _dark={{ color: "colorPalette.400" }}
        css={{ "--icon-ink": "var(--chakra-colors-bg)" }}
        pt="1px"
      >
        <Icon>{SHAPES[finding.outcome]}</Icon>
      </Box>
      <Box fontSize="sm" minW={0} overflowWrap="anywhere">
        <Text fontWeight="medium" color="fg">
          {stepName(finding.step)}: {label}
        </Text>
        <Text color="fg.muted">{message}</Text>
        {remedy ? <Text color="fg">{remedy}</Text> : null}
      </Box>
    </HStack>
  );
};

/** What a check found, step by step. */
export const Findings = ({ report }: { report: CheckReport }) => (
  <Stack gap={2}>
    <Text fontSize="sm">
      <Rich text="check.at" values={{ when: <When at={report.at} /> }} />
    </Text>
    <Box as="ul" m={0} p={0}>
      {report.findings.map((finding) => (
        <Step key={`${finding.step} ${finding.text}`} finding={finding} />
      ))}
    </Box>
  </Stack>
);

/** Tries all that can be tried of an account without a person, and says what each step showed. */
export const CheckAccount = ({ account }: { account: AccountOverview }) => {
  const [open, setOpen] = useState(false);
  const check = useMutation({ mutationFn: () => checkAccount(account.conn_id), onSuccess: refetchAll });
  return (
    <>
      <Button
        size="xs"
        aria-label={t("sign_in.label", { action: t("check.check"), name: nameOf(account), id: account.conn_id })}
        onClick={() => {
          setOpen(true);
          check.mutate();
        }}
      >
        {t("check.check")}
      </Button>
      <Panel
        open={open}
        title={t("check.title", { name: nameOf(account) })}
        busy={check.isPending ? t("check.under_way") : null}
        onClose={() => {
          setOpen(false);
        }}
      >
        {check.error ? <ProblemCallout problem={problemFrom(check.error)} /> : null}
        {check.data ? <Findings report={check.data} /> : null}
      </Panel>
    </>
  );
};
