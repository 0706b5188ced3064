import { Box, Checkbox, chakra, Field, Flex, Input, Stack, Text } from "@chakra-ui/react";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";

import { delegate, endDelegation, refetchAll } from "../api/queries";
import type { AccountView, Delegation, DelegationList } from "../api/types";
import {
  type DelegationForm,
  delegationMessage,
  formOf,
  offered,
  pinHint,
  relevant,
  requestOf,
  type Starters,
} from "../messages/delegation";
import { dayOf } from "../messages/time";
import { problemFrom } from "../signin/useSignIn";
import { Button } from "./Button";
import { ProblemCallout } from "./Callout";
import { announce } from "./LiveRegion";
import { LINE } from "./Surface";
import { useNow } from "./useNow";
import { type Key, t } from "../words/words";

interface ChoiceProps {
  label: string;
  hint: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

const Choice = ({ label, hint, checked, onChange }: ChoiceProps) => (
  <Checkbox.Root
    size="sm"
    colorPalette="brand"
    alignItems="flex-start"
    checked={checked}
    onCheckedChange={(change) => {
      onChange(change.checked === true);
    }}
  >
    <Checkbox.HiddenInput />
    <Checkbox.Control mt="2px" />
    <Checkbox.Label fontWeight="normal">
      {label}
      <Text color="fg.muted" fontSize="xs" mt={0.5}>
        {hint}
      </Text>
    </Checkbox.Label>
  </Checkbox.Root>
);

interface FormProps {
  id: string;
  dagId: string;
  account: AccountView;
  mine: Delegation | null;
  list: DelegationList;
  starters: Starters;
  onDone: () => void;
}

const Form = ({ id, dagId, account, mine, list, starters, onDone }: FormProps) => {
  const [form, setForm] = useState<DelegationForm>(() => formOf(mine, starters));
  const done = async (message: string) => {
    await refetchAll();
    announce(message);
    onDone();
  };
  const agree = useMutation({
    mutationFn: () => delegate(dagId, requestOf(account.conn_id, form)),
    onSuccess: () => done(t("delegation.saved")),
  });
  const takeBack = useMutation({
    mutationFn: () => endDelegation(dagId, account.conn_id),
    onSuccess: () => done(t("delegation.taken_back")),
  });
  const change = (part: Partial<DelegationForm>) => {
    setForm({ ...form, ...part });
  };
  const error = agree.error ?? takeBack.error;
  const possible = list.allowed && account.status === "signed_in" && (form.scheduled || form.asset_events);
  return (
    <chakra.form
      id={id}
      mt={4}
      onSubmit={(event: React.FormEvent) => {
        event.preventDefault();
        agree.mutate();
      }}
    >
      <Stack gap={4}>
        {starters.scheduled || form.scheduled ? (
          <Choice
            label={t("delegation.scheduled")}
            hint={t("delegation.scheduled.hint")}
            checked={form.scheduled}
            onChange={(scheduled) => {
              change({ scheduled });
            }}
          />
        ) : null}
        {starters.asset_events || form.asset_events ? (
          <Choice
            label={t("delegation.asset_events")}
            hint={t("delegation.asset_events.hint")}
            checked={form.asset_events}
            onChange={(asset_events) => {
              change({ asset_events });
            }}
          />
        ) : null}
        <Choice
          label={t("delegation.pinned")}
          hint={pinHint(list)}
          checked={form.pinned}
          onChange={(pinned) => {
            change({ pinned });
          }}
        />
        <Field.Root maxW="15rem">
          <Field.Label>{t("delegation.until")}</Field.Label>
          <Input
            type="date"
            size="sm"
            min={dayOf(new Date().toISOString())}
            value={form.until}
            onChange={(event) => {
              change({ until: event.target.value });
            }}
            _dark={{ borderColor: "gray.600" }}
            css={{ colorScheme: "light", ".dark &": { colorScheme: "dark" } }}
          />
          <Field.HelperText>{t("delegation.until.hint")}</Field.HelperText>
        </Field.Root>
        {error ? <ProblemCallout problem={problemFrom(error)} /> : null}
        <Flex gap={2} flexWrap="wrap">
          <Button tone="main" type="submit" disabled={!possible} loading={agree.isPending}>
            {t(mine === null ? "delegation.agree" : "button.save")}
          </Button>
          {mine === null ? null : (
            <Button
              loading={takeBack.isPending}
              onClick={() => {
                takeBack.mutate();
              }}
            >
              {t("delegation.take_back")}
            </Button>
          )}
        </Flex>
        {account.status === "signed_in" ? null : (
          <Text fontSize="xs" color="fg.muted">
            {t("delegation.sign_in_first")}
          </Text>
        )}
      </Stack>
    </chakra.form>
  );
};

interface Props {
  dagId: string;
  account: AccountView;
  list: DelegationList;
  starters: Starters;
}

const OPENERS: Record<Delegation["state"] | "none", Key> = {
  none: "delegation.open",
  active: "delegation.change",
  expired: "delegation.again",
  code_changed: "delegation.again",
  delegate_gone: "delegation.open",
  sign_in_needed: "delegation.change",
  bundle_unknown: "delegation.again",
  dag_moved: "delegation.again",
  dag_unseen: "delegation.change",
  not_entitled: "delegation.change",
  rights_unknown: "delegation.change",
};

/** Whether runs that nobody triggered may act with the caller's account, and how to change that. */
export const DelegationControls = ({ dagId, account, list, starters }: Props) => {
  const [open, setOpen] = useState(false);
  const id = useId();
  const now = useNow();
  const consent = relevant(list.delegations, account.conn_id);
  const others = consent !== null && !consent.is_me;
  const mine = others ? null : consent;
  const halted = consent !== null && consent.state !== "active";
  const usable = !others && (mine !== null || (list.allowed && offered(starters, account.status === "signed_in")));
  if (consent === null && !starters.scheduled && !starters.asset_events) {
    return null; // every run of this DAG is triggered by somebody
  }
  return (
    <Box borderTopWidth="1px" borderStyle="dashed" pt={4} {...LINE}>
      <Flex gap={3} align="center" justify="space-between" flexWrap="wrap">
        <Box fontSize="sm" minW={0}>
          <Text fontWeight="medium" {...(halted ? { color: "amber.700", _dark: { color: "amber.300" } } : {})}>
            {delegationMessage(consent, starters, now)}
          </Text>
          {others ? (
            <Text color="fg.muted">
              {t("delegation.one_at_a_time", { user: consent.user_name })}
            </Text>
          ) : null}
        </Box>
        {usable ? (
          <Button
            aria-expanded={open}
            aria-controls={id}
            onClick={() => {
              setOpen(!open);
            }}
          >
            {t(open ? "button.close" : OPENERS[mine?.state ?? "none"])}
          </Button>
        ) : null}
      </Flex>
      {open && usable ? (
        <Form
          id={id}
          dagId={dagId}
          account={account}
          mine={mine}
          list={list}
          starters={starters}
          onDone={() => {
            setOpen(false);
          }}
        />
      ) : null}
    </Box>
  );
};
