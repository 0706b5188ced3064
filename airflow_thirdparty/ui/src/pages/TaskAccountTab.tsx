import { Box, chakra, Flex, Heading, HStack, Link, Spinner, Stack, Text } from "@chakra-ui/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { dagTabUrl, dagUrl, Failure, NOT_OFFERED } from "../api/client";
import { hasEnded, refetchAll, runAgain, taskQuery } from "../api/queries";
import type { AccountView, Problem, TaskAccount, TaskAccountUse } from "../api/types";
import { Cards } from "../components/AccountCard";
import { Button } from "../components/Button";
import { ProblemCallout } from "../components/Callout";
import { Frame } from "../components/Frame";
import { Icon, STATUS_SHAPES } from "../components/icons";
import { announce } from "../components/LiveRegion";
import { Empty, Failed, Loading, NotOffered } from "../components/Placeholders";
import { SignInActions } from "../components/SignInActions";
import { StatusBadge } from "../components/StatusBadge";
import { Surface } from "../components/Surface";
import { useNow } from "../components/useNow";
import { When } from "../components/When";
import { told } from "../messages/problems";
import { epithetOf, nameOf, remedySentence } from "../messages/status";
import { answerMessage, nextStep, outcomeLabel, overMessage } from "../messages/task";
import { distance } from "../messages/time";
import { listen } from "../signin/signInEvents";
import { problemFrom, useSignIn } from "../signin/useSignIn";
import "../words/tabs";
import { useLanguage } from "../words/useLanguage";
import { t } from "../words/words";

interface TaskInstanceKey {
  dagId: string;
  runId: string;
  taskId: string;
  mapIndex: string;
}

const Person = (
  <>
    <circle cx="10" cy="6.6" r="3.6" />
    <path d="M2.9 17.6a7.2 7.2 0 0 1 14.2 0" />
  </>
);

const Nobody = (
  <>
    <circle cx="10" cy="10" r="8" />
    <path d="m4.4 15.6 11.2-11.2" />
  </>
);

const ActingUser = ({ acting }: { acting: TaskAccount["acting_user"] }) => (
  <Surface display="flex" gap={4} alignItems="center" px={5} py={4}>
    <Flex align="center" justify="center" boxSize={11} flexShrink={0} borderRadius="full" bg="bg.muted" color="fg.muted" _dark={{ bg: "gray.800" }}>
      <Icon>{acting.user_name === null ? Nobody : Person}</Icon>
    </Flex>
    <Box minW={0}>
      <Heading as="h3" fontSize="md" fontWeight="semibold" lineHeight="1.5rem">
        {acting.user_name === null
          ? t("task.acts_for_nobody")
          : t(acting.is_me ? "task.acts_for_you" : "task.acts_for", { user: acting.user_name })}
      </Heading>
      <Text color="fg.muted" fontSize="sm" overflowWrap="anywhere">
        {acting.reason}
      </Text>
    </Box>
  </Surface>
);

const Answered = ({ answer }: { answer: NonNullable<TaskAccount["human_answer"]> }) => (
  <Text fontSize="sm" color="fg.muted" overflowWrap="anywhere" data-testid="human-answer">
    {answerMessage(answer, distance(answer.at, useNow()))}
  </Text>
);

/** Runs the task again in place, for its own user. */
const RunAgain = ({ task, taskInstance }: { task: TaskAccount; taskInstance: TaskInstanceKey }) => {
  const { dagId, runId, taskId, mapIndex } = taskInstance;
  const again = useMutation({
    mutationFn: () => runAgain(dagId, runId, taskId, mapIndex),
    onSuccess: async () => {
      announce(t("task.runs_again"));
      await refetchAll();
    },
  });
  if (!hasEnded(task.state)) {
    return (
      <HStack gap={2} fontSize="sm" color="fg.muted" role="status">
        <Spinner size="sm" css={{ "@media (prefers-reduced-motion: reduce)": { animation: "none" } }} />
        <Text>{t("task.under_way")}</Text>
      </HStack>
    );
  }
  return (
    <Stack gap={3}>
      <Button
        tone="main"
        w="fit-content"
        loading={again.isPending}
        onClick={() => {
          again.mutate();
        }}
      >
        {t("task.run_again")}
      </Button>
      {again.error ? <ProblemCallout problem={problemFrom(again.error)} onDismiss={again.reset} /> : null}
    </Stack>
  );
};

/** The sign-in button for the task's own user, and the next step once it is green. */
const SignInHere = ({ account, task, taskInstance }: { account: AccountView; task: TaskAccount; taskInstance: TaskInstanceKey }) => {
  const signIn = useSignIn(account);
  const { flow } = signIn;
  return (
    <Stack gap={3}>
      {account.status === "signed_in" ? (
        <>
          <StatusBadge account={account} />
          <RunAgain task={task} taskInstance={taskInstance} />
        </>
      ) : (
        <Flex gap={2} align="center" flexWrap="wrap">
          <SignInActions account={account} signIn={signIn} />
        </Flex>
      )}
      {flow.phase === "failed" || flow.phase === "conflict" ? (
        <ProblemCallout
          problem={flow.problem}
          onDismiss={signIn.dismiss}
          actions={
            flow.phase === "conflict" ? (
              <Button tone="main" onClick={signIn.startAsOther}>
                {t("sign_in.switch")}
              </Button>
            ) : null
          }
        />
      ) : null}
    </Stack>
  );
};

interface NextProps {
  use: TaskAccountUse;
  task: TaskAccount;
  taskInstance: TaskInstanceKey;
}

/** Whose move it is after a refusal, and the button that makes it where it is the caller's. */
const NextStep = ({ use, task, taskInstance }: NextProps) => {
  const step = nextStep(use, task);
  if (step === null) {
    return null;
  }
  if (step.kind === "sign_in") {
    return use.account ? <SignInHere account={use.account} task={task} taskInstance={taskInstance} /> : null;
  }
  if (step.kind === "run_again") {
    return <RunAgain task={task} taskInstance={taskInstance} />;
  }
  return (
    <Stack gap={3}>
      <Text fontSize="sm" color="fg.muted" overflowWrap="anywhere" data-testid="whose-move">
        {step.text}
      </Text>
      {step.kind === "own_run" ? (
        <Button asChild tone="main" w="fit-content">
          <Link href={dagUrl(taskInstance.dagId)} textDecoration="none">
            {t("task.own_run")}
          </Link>
        </Button>
      ) : null}
      {step.kind === "delegate" ? (
        <Button asChild tone="main" w="fit-content">
          <Link href={dagTabUrl(taskInstance.dagId)} textDecoration="none">
            {t("task.let")}
          </Link>
        </Button>
      ) : null}
    </Stack>
  );
};

const unexplained = (): Problem => ({
  code: "refused",
  message: t("task.refused.unexplained"),
  remedy: t("task.refused.unexplained.remedy"),
});

/** Why it was refused; what has been put right since is said as over. */
const Reason = ({ use, task }: { use: TaskAccountUse; task: TaskAccount }) => {
  const problem = use.error ?? unexplained();
  const over = overMessage(use, task);
  return (
    <Box fontSize="sm" overflowWrap="anywhere">
      {over === null ? (
        <>
          <Text>{told(problem).message}</Text>
          <Text color="fg.muted">{remedySentence(told(problem).remedy)}</Text>
        </>
      ) : (
        <Text>{over}</Text>
      )}
    </Box>
  );
};

const AskedAccount = ({ use, task, taskInstance }: { use: TaskAccountUse; task: TaskAccount; taskInstance: TaskInstanceKey }) => (
  <Box as="li" listStyleType="none" px={5} py={5}>
    <Stack gap={3}>
      <Flex gap={2} align="center" colorPalette={use.outcome === "used" ? "green" : "red"} flexWrap="wrap">
        <chakra.span
          display="inline-flex"
          color="colorPalette.600"
          _dark={{ color: "colorPalette.400" }}
          css={{ "--icon-ink": "var(--chakra-colors-bg)" }}
        >
          <Icon>{use.outcome === "used" ? STATUS_SHAPES.signed_in : STATUS_SHAPES.lapsed}</Icon>
        </chakra.span>
        <Heading as="h3" fontSize="md" fontWeight="semibold">
          {use.account ? nameOf(use.account) : use.conn_id}{" "}
          <chakra.span color="fg.muted" fontFamily="mono" fontSize="xs" fontWeight="normal">
            {use.account ? epithetOf(use.account) : null}
          </chakra.span>
        </Heading>
        <Text fontSize="sm" color="colorPalette.700" _dark={{ color: "colorPalette.300" }} fontWeight="medium">
          {outcomeLabel(use)}
        </Text>
        <Text fontSize="sm" color="fg.muted">
          <When at={use.at} />
        </Text>
      </Flex>
      {use.outcome === "refused" ? <Reason use={use} task={task} /> : null}
      <NextStep use={use} task={task} taskInstance={taskInstance} />
    </Stack>
  </Box>
);

const None = () => (
  <Empty title={t("task.none.title")}>
    <Text>
      {t("task.none.hint")}
    </Text>
  </Empty>
);

const Content = (taskInstance: TaskInstanceKey) => {
  const { dagId, runId, taskId, mapIndex } = taskInstance;
  const { data, error, refetch } = useQuery(taskQuery(dagId, runId, taskId, mapIndex));
  useEffect(() => listen(() => void refetchAll()), []);
  if (data === undefined) {
    if (error instanceof Failure && error.problem.code === NOT_OFFERED) {
      return <NotOffered />;
    }
    return error ? <Failed error={error} onRetry={() => void refetch()} /> : <Loading rows={1} />;
  }
  return (
    <>
      <ActingUser acting={data.acting_user} />
      {data.human_answer ? <Answered answer={data.human_answer} /> : null}
      {data.uses.length === 0 ? (
        <None />
      ) : (
        <Cards label={t("task.list")}>
          {data.uses.map((use) => (
            <AskedAccount key={use.conn_id} use={use} task={data} taskInstance={taskInstance} />
          ))}
        </Cards>
      )}
    </>
  );
};

/** The tab "Account" of a task instance: whom it acted for, and why it was refused. */
export const TaskAccountTab = ({ dagId = "", runId = "", taskId = "", mapIndex = "-1" }: Partial<TaskInstanceKey>) => (
  <Frame key={useLanguage()} embedded title={t("task.tab")} subtitle={t("task.subtitle")}>
    <Content dagId={dagId} runId={runId} taskId={taskId} mapIndex={mapIndex} />
  </Frame>
);
